"""Use cases about events: create, edit, publish, close, open again, cancel, find."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from services.chassis.clock import Clock
from services.registration.application.ports import EventQuery, Mint, Store
from services.registration.application.seating import settle_seats
from services.registration.domain import event as events
from services.registration.domain.event import OFFER_MINUTES, ClosedBy, Conference, Event, Room, Session
from services.registration.domain.event_versions import require_seen
from services.registration.domain.facts import EventMoved, EventStep
from services.registration.domain.instants import after
from services.registration.domain.letters import LetterKind, concerns_participants
from services.registration.domain.seats import Capacity, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomDraft:
    """A room as somebody describes it; `room_id` is set to keep the identity of one the event has."""

    name: str
    conference: Conference | None = None
    room_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDraft:
    """A session as somebody describes it; `session_id` is set to keep the identity of one the event has."""

    title: str
    starts_at: datetime
    ends_at: datetime
    room: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event as somebody describes it."""

    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    capacity: Capacity
    grace_minutes: int = 15
    reconnect_grace_seconds: int = 60
    offer_minutes: int = OFFER_MINUTES
    no_show_minutes: int | None = None
    rooms: tuple[RoomDraft, ...] = ()
    sessions: tuple[SessionDraft, ...] = ()


class EventChanges(TypedDict, total=False):
    """What to change of an event: what is left out stays, `rooms` and `sessions` are replaced as a whole."""

    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    seats: Mapping[Mode, int | None]
    grace_minutes: int
    reconnect_grace_seconds: int
    offer_minutes: int
    no_show_minutes: int | None
    rooms: tuple[RoomDraft, ...]
    sessions: tuple[SessionDraft, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """The events of this deployment. Every change and its facts are committed together."""

    store: Store
    clock: Clock
    mint: Mint

    async def create(self, draft: EventDraft, *, retry_key: str | None = None) -> Event:
        """Create a draft event; `retry_key` is what a repetition of the same request would repeat.

        Raises:
            InvalidValueError: naming the field.
        """
        now = self.clock()
        event = Event(
            event_id=self.mint.event_id(),
            title=draft.title,
            starts_at=draft.starts_at,
            ends_at=draft.ends_at,
            timezone=draft.timezone,
            changed_at=after(None, now=now),
            capacity=draft.capacity,
            grace_minutes=draft.grace_minutes,
            reconnect_grace_seconds=draft.reconnect_grace_seconds,
            offer_minutes=draft.offer_minutes,
            no_show_minutes=draft.no_show_minutes,
            rooms=self._rooms(draft.rooms, known=()),
            sessions=self._sessions(draft.sessions, known=()),
        )
        async with self.store.writing() as transaction:
            known = await transaction.created_by(retry_key) if retry_key is not None else None
            if known is not None:
                return await transaction.event(known)
            await transaction.add_event(event, retry_key=retry_key)
            await transaction.publish([self._moved(EventStep.CREATED, event, now)])
        return event

    async def edit(self, event_id: str, changes: EventChanges, *, seen: Collection[str] | None = None) -> Event:
        """Change a draft or published event; seats added go to the waitlist at once.

        With `seen`, the versions that the editor saw, nothing that another one changed since is overwritten.

        Raises:
            EventChangedMeanwhileError: if the event stands at none of the versions seen.
            EventNotFoundError: if there is no such event.
            EventStateError: if it is closed or cancelled.
            InvalidValueError: naming the field.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            events.require_editable(event)
            if seen is not None:
                require_seen(event, seen)
            changed = self._changed(event, changes)
            if changed == event:
                return event
            changed = replace(changed, changed_at=after(event.changed_at, now=now))
            await transaction.save_event(changed)
            await transaction.publish([self._moved(EventStep.CHANGED, changed, now)])
            if concerns_participants(event, changed):
                await transaction.send_to_all(LetterKind.EVENT_CHANGED, event_id)
            await settle_seats(transaction, changed, mint=self.mint, now=now)
        return changed

    async def publish(self, event_id: str) -> Event:
        """Open a draft to the public. Raises as `edit`."""
        return await self._step(event_id, events.publish, EventStep.PUBLISHED)

    async def close(self, event_id: str) -> Event:
        """Declare a published event over. Raises as `edit`."""
        return await self._step(event_id, events.close, EventStep.CLOSED)

    async def reopen(self, event_id: str) -> Event:
        """Take the closing of an event back. Raises as `edit`."""
        return await self._step(event_id, events.reopen, EventStep.PUBLISHED)

    async def close_due(self) -> Sequence[Event]:
        """Close every event whose end and grace have passed; gives those that this closed.

        Several processes may do it at once, and somebody by hand: each event is closed once.
        """
        now = self.clock()
        async with self.store.reading() as view:
            ended = await view.ended(now)
        closed = []
        for event in ended:
            due = event.closes_itself_at
            if due is None or due > now:
                continue
            # The id of the fact follows from what makes it the same closing, whoever tells it.
            fact_id = self.mint.fact_id("closed-by-clock", event.event_id, due.isoformat())
            stands = await self._step(event.event_id, events.close_by_clock, EventStep.CLOSED, fact_id=fact_id)
            if stands.closing is not None and stands.closing.by is ClosedBy.CLOCK:
                closed.append(stands)
        return closed

    async def cancel(self, event_id: str) -> Event:
        """Declare that an event does not take place. Raises as `edit`."""
        return await self._step(event_id, events.cancel, EventStep.CANCELLED)

    async def find(self, event_id: str) -> Event:
        """One event.

        Raises:
            EventNotFoundError: if there is none.
        """
        async with self.store.reading() as view:
            return await view.event(event_id)

    async def page(self, query: EventQuery) -> Sequence[Event]:
        """Some events, the latest first."""
        async with self.store.reading() as view:
            return await view.events(query)

    async def _step(
        self, event_id: str, step: Callable[..., Event], name: EventStep, *, fact_id: str | None = None
    ) -> Event:
        now = self.clock()
        async with self.store.writing() as transaction:
            before = await transaction.event(event_id)
            event = step(before, now=now)
            if event == before:
                return event
            await transaction.save_event(event)
            await transaction.publish([self._moved(name, event, now, fact_id=fact_id)])
            if name is EventStep.CANCELLED:
                await transaction.send_to_all(LetterKind.EVENT_CANCELLED, event_id)
        return event

    def _changed(self, event: Event, changes: EventChanges) -> Event:
        seats = changes.get("seats", {})
        capacity = Capacity(
            in_person=seats.get(Mode.IN_PERSON, event.capacity.in_person),
            remote=seats.get(Mode.REMOTE, event.capacity.remote),
        )
        rooms, sessions = changes.get("rooms"), changes.get("sessions")
        return replace(
            event,
            title=changes.get("title", event.title),
            starts_at=changes.get("starts_at", event.starts_at),
            ends_at=changes.get("ends_at", event.ends_at),
            timezone=changes.get("timezone", event.timezone),
            grace_minutes=changes.get("grace_minutes", event.grace_minutes),
            reconnect_grace_seconds=changes.get("reconnect_grace_seconds", event.reconnect_grace_seconds),
            offer_minutes=changes.get("offer_minutes", event.offer_minutes),
            no_show_minutes=changes.get("no_show_minutes", event.no_show_minutes),
            capacity=capacity,
            rooms=event.rooms if rooms is None else self._rooms(rooms, known=event.rooms),
            sessions=event.sessions if sessions is None else self._sessions(sessions, known=event.sessions),
        )

    def _rooms(self, drafts: Sequence[RoomDraft], *, known: Sequence[Room]) -> tuple[Room, ...]:
        """Rooms with ids: the one asked for if the event has it, else that of the room of this name, else a new one."""
        ids = {room.room_id for room in known}
        by_name = {room.name: room.room_id for room in known}
        taken: set[str] = set()
        rooms = []
        for draft in drafts:
            wanted = draft.room_id if draft.room_id in ids else by_name.get(draft.name)
            room_id = wanted if wanted is not None and wanted not in taken else self.mint.part_id("room")
            taken.add(room_id)
            rooms.append(Room(room_id=room_id, name=draft.name, conference=draft.conference))
        return tuple(rooms)

    def _sessions(self, drafts: Sequence[SessionDraft], *, known: Sequence[Session]) -> tuple[Session, ...]:
        """Sessions with ids, found as those of rooms, in the order they were given."""
        ids = {session.session_id for session in known}
        by_title = {session.title: session.session_id for session in known}
        taken: set[str] = set()
        sessions = []
        for draft in drafts:
            wanted = draft.session_id if draft.session_id in ids else by_title.get(draft.title)
            session_id = wanted if wanted is not None and wanted not in taken else self.mint.part_id("ses")
            taken.add(session_id)
            sessions.append(
                Session(
                    session_id=session_id,
                    title=draft.title,
                    starts_at=draft.starts_at,
                    ends_at=draft.ends_at,
                    room=draft.room,
                )
            )
        return tuple(sessions)

    def _moved(self, step: EventStep, event: Event, now: datetime, *, fact_id: str | None = None) -> EventMoved:
        return EventMoved(fact_id=fact_id or self.mint.fact_id(), step=step, event=event, recorded_at=now)
