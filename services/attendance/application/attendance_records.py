"""How much the people of an event attended, as documents and other services need it, with the evidence it rests on."""

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.identifiers import is_guest_id
from schemas.registration import EventData
from services.attendance.adapters.fact_reading import Known
from services.attendance.adapters.tables import to_column
from services.attendance.application.event_rooms import room_finder
from services.attendance.application.evidence import Evidence, Proof
from services.attendance.application.known_people import KnownPerson, facts_behind, known_people
from services.attendance.application.log_fold import read_short
from services.attendance.application.reading import Reading
from services.attendance.domain.agenda import Agenda, Slot, agenda_of
from services.attendance.domain.attended import Counting, Record
from services.attendance.domain.context import fold_context
from services.attendance.domain.facts import EventFact
from services.chassis.process import collecting_later

FEW: Final = 200
"""Of so many people at most, only their own facts are read and folded; of more, those of all."""
_MOST_EVENTS: Final = 2
_SLICE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """One person, and how much they attended."""

    person: KnownPerson
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecords:
    """An event as it was known at `as_of`, and some of its people by id; `next` is after whom more come.

    The facts that the records rest on are those of the evidence, whatever came in meanwhile.
    """

    event: EventData
    as_of: int
    horizon: int | None
    agenda: Agenda
    evidence: Evidence
    people: Sequence[PersonRecord]
    next: str | None = None


@dataclass(slots=True)
class _Whole:
    """Everybody of an event; `key` tells which facts they were folded from."""

    key: tuple[str, int, int] | None = None
    people: Mapping[str, KnownPerson] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class AttendanceRecords:
    """Counts what is asked for; who is asked about page by page is folded once."""

    def __init__(self, reading: Reading) -> None:
        """Ask the read model."""
        self._reading = reading
        self._facts = reading.facts
        self._wholes: OrderedDict[str, _Whole] = OrderedDict()

    async def of(
        self,
        event_id: str,
        *,
        as_of: datetime,
        subjects: Collection[str] | None = None,
        after: str = "",
        limit: int | None = None,
        guests: bool = False,
    ) -> EventRecords:
        """The records of all participants, or of some, by id: those after one, at most `limit`.

        Guests who are nobody's are among them if asked for. Of whom nothing is known, there is no record.

        Raises:
            UnknownEventError: if no fact tells of the event.
        """
        event = await self._reading.event(event_id, as_of=as_of)
        horizon = await self._reading.timeline.horizon(event_id, as_of=as_of)
        moment = to_column(as_of)
        evidence, people = await self._people(event_id, moment, subjects)
        ids = [one for one in people if guests or not is_guest_id(one)]
        first = bisect_right(ids, after)
        page = ids[first:] if limit is None else ids[first : first + limit]
        agenda = event_agenda(event)
        counting = event_counting(event, agenda, horizon=horizon)
        counted: list[PersonRecord] = []
        for start in range(0, len(page), _SLICE):
            chosen = [people[one] for one in page[start : start + _SLICE]]
            counted += await asyncio.to_thread(_counted, counting, chosen)
        return EventRecords(
            event=event,
            as_of=moment,
            horizon=horizon,
            agenda=agenda,
            evidence=evidence,
            people=counted,
            next=page[-1] if page and first + len(page) < len(ids) else None,
        )

    async def everybody(self, event_id: str, *, as_of: datetime) -> tuple[Evidence, Mapping[str, KnownPerson]]:
        """All people of an event as they were known at an instant, by id, guests among them; and the evidence."""
        return await self._people(event_id, to_column(as_of), None)

    async def proofs(
        self, event_id: str, *, as_of: datetime, subjects: Collection[str]
    ) -> tuple[Evidence, Mapping[str, Sequence[Proof]]]:
        """The evidence of an event, and what proves of each that the facts behind their record are in it, by id.

        They are the facts about them, but for those that tell nothing of their presence; what their intervals rest on;
        and the event as it stood. Of whom nothing is known, the last alone.

        Raises:
            UnknownEventError: if no fact tells of the event.
        """
        await self._reading.event(event_id, as_of=as_of)
        known, evidence = await self._facts.evidence(event_id, as_of=to_column(as_of))
        of_event, own, members = await self._told(event_id, subjects, known)
        behind = await asyncio.to_thread(facts_behind, event_id, of_event, own, members)
        return evidence, {
            subject: [proof for fact_id in sorted(facts) if (proof := evidence.proof(fact_id)) is not None]
            for subject, facts in behind.items()
        }

    async def _people(
        self, event_id: str, as_of: int, subjects: Collection[str] | None
    ) -> tuple[Evidence, Mapping[str, KnownPerson]]:
        if subjects is not None and len(subjects) <= FEW:
            return await self._few(event_id, as_of, subjects)
        evidence, people = await self._all(event_id, as_of)
        return evidence, people if subjects is None else {one: people[one] for one in sorted(subjects) if one in people}

    async def _few(
        self, event_id: str, as_of: int, subjects: Collection[str]
    ) -> tuple[Evidence, Mapping[str, KnownPerson]]:
        known, evidence = await self._facts.evidence(event_id, as_of=as_of)
        of_event, own, _ = await self._told(event_id, subjects, known)
        return evidence, await asyncio.to_thread(known_people, event_id, {*of_event, *own}, subjects=subjects)

    async def _told(
        self, event_id: str, subjects: Collection[str], known: Known
    ) -> tuple[Sequence[bytes], Sequence[bytes], Mapping[str, Collection[str]]]:
        """The facts about the event, those about some people, and who each of these is, guests linked to them too."""
        of_event = await self._facts.about_event(event_id, known)
        told = [read_short(event_id.encode(), value) for value in of_event]
        context = fold_context(fact for fact in told if isinstance(fact, EventFact))
        members = {subject: context.members(subject) for subject in subjects}
        everybody = {member for theirs in members.values() for member in theirs}
        return of_event, await self._facts.about(event_id, everybody, known), members

    async def _all(self, event_id: str, as_of: int) -> tuple[Evidence, Mapping[str, KnownPerson]]:
        whole = self._wholes.setdefault(event_id, _Whole())
        self._wholes.move_to_end(event_id)
        while len(self._wholes) > _MOST_EVENTS:
            self._wholes.popitem(last=False)
        async with whole.lock:  # so that it is folded once for those who ask at the same time
            known, evidence = await self._facts.evidence(event_id, as_of=as_of)
            # Facts are known in the order of their recording: as many of those stored are the same ones.
            key = known.epoch, known.position, evidence.facts
            if whole.key != key:
                with collecting_later():
                    values = await self._facts.all(event_id, known)
                    whole.people = await asyncio.to_thread(known_people, event_id, values)
                whole.key = key
            return evidence, whole.people


def event_agenda(event: EventData) -> Agenda:
    """When an event takes place, in its own time zone; in UTC if that is not known here."""
    slots = (
        Slot(
            id=session.session_id,
            title=session.title,
            start=to_column(session.starts_at),
            end=to_column(session.ends_at),
            room=session.room,
        )
        for session in event.sessions
        if not session.cancelled
    )
    try:
        zone: ZoneInfo | None = ZoneInfo(event.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = None
    return agenda_of(slots, start=to_column(event.starts_at), end=to_column(event.ends_at), zone=zone or UTC)


def event_counting(event: EventData, agenda: Agenda, *, horizon: int | None) -> Counting:
    """What counts for the people of an event, by its reconnect grace and its rooms; what goes on, to the horizon."""
    return Counting(
        agenda,
        grace=1000 * event.reconnect_grace_seconds,
        horizon=horizon,
        room_of=room_finder(event),
        rooms={room.room_id: room.name for room in event.rooms},
    )


def _counted(counting: Counting, people: Sequence[KnownPerson]) -> list[PersonRecord]:
    return [PersonRecord(person=one, record=counting.record(one.presence.intervals, one.whereabouts)) for one in people]
