"""Use cases about volunteers' hours: written down, taken back, valued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.chassis.clock import Clock
from services.registration.application.ports import EventQuery, Mint, Store
from services.registration.domain.audit import Act, Deed
from services.registration.domain.desk_days import days_of
from services.registration.domain.errors import InvalidValueError, Rule
from services.registration.domain.event import Event
from services.registration.domain.volunteering import AtDesk, Given, Shift, ShiftNotFoundError, Skill, Valuation, given

_MARGIN: Final = timedelta(days=366)
"""How long before an event and after it people may have worked for it."""
_MOST_EVENTS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftDraft:
    """A shift as somebody writes it down."""

    day: date
    task: str
    minutes: int
    people: int = 1
    skill: Skill = Skill.SIMPLE
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHours:
    """What was given to an event, and the method it is valued by."""

    event: Event
    shifts: Sequence[Shift]
    valuation: Valuation

    @property
    def given(self) -> Given:
        """All of it."""
        return given(self.shifts, self.valuation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volunteers:
    """The hours of volunteers at all events."""

    store: Store
    clock: Clock
    mint: Mint

    async def hours(self, event_id: str, *, others: bool) -> EventHours:
        """What was given to an event.

        Where nobody said a method for it, the one said last for another is proposed, if `others` may be looked at.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            event = await view.event(event_id)
            known = await view.valuation(event_id) or (await view.last_valuation() if others else None)
            return EventHours(event=event, shifts=await view.shifts(event_id), valuation=known or Valuation())

    async def year(self, year: int) -> list[EventHours]:
        """The same of all events that begin in a year where they take place, if anything was given; earliest first."""
        async with self.store.reading() as view:
            # Drafts and what did not take place took work, too.
            shown = await view.events(EventQuery(limit=_MOST_EVENTS))
            put_away = await view.events(EventQuery(limit=_MOST_EVENTS, archived=True))
            last = await view.last_valuation() or Valuation()
            return [
                EventHours(
                    event=event,
                    shifts=shifts,
                    valuation=await view.valuation(event.event_id) or last,
                )
                for event in sorted((*shown, *put_away), key=lambda event: (event.starts_at, event.event_id))
                if event.starts_at.astimezone(ZoneInfo(event.timezone)).year == year
                and (shifts := await view.shifts(event.event_id))
            ]

    async def at_desks(self, event: Event) -> list[AtDesk]:
        """When each door was scanned at, day by day: who stood there is not known, and can be written down."""
        days = days_of(event.starts_at, event.ends_at, event.timezone)
        async with self.store.reading() as view:
            return [one for day in days for one in await view.at_desks(event.event_id, day, event.timezone)]

    async def note(self, event_id: str, draft: ShiftDraft) -> Shift:
        """Write a shift down.

        Raises:
            EventNotFoundError: if there is no such event.
            InvalidValueError: naming the field.
        """
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            days = days_of(event.starts_at, event.ends_at, event.timezone)
            if not days[0] - _MARGIN <= draft.day <= days[-1] + _MARGIN:
                raise InvalidValueError(pointer="/day", rule=Rule.NOT_TOO_LONG)
            shift = Shift(
                shift_id=self.mint.part_id("vol"),
                event_id=event_id,
                day=draft.day,
                task=draft.task,
                minutes=draft.minutes,
                people=draft.people,
                skill=draft.skill,
                name=draft.name,
                noted_at=self.clock(),
            )
            await transaction.add_shift(shift)
            await transaction.note(Deed(act=Act.VOLUNTEERS_CHANGED, event_id=event_id, subject=shift.shift_id))
        return shift

    async def take_back(self, event_id: str, shift_id: str) -> None:
        """Forget a shift.

        Raises:
            ShiftNotFoundError: if the event has no such shift.
        """
        async with self.store.writing() as transaction:
            if not await transaction.remove_shift(event_id, shift_id):
                raise ShiftNotFoundError(shift_id)
            await transaction.note(Deed(act=Act.VOLUNTEERS_CHANGED, event_id=event_id, subject=shift_id))

    async def value(self, event_id: str, valuation: Valuation) -> None:
        """Say by which method the hours of an event are valued.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            await transaction.save_valuation(event_id, valuation, at=self.clock())
            await transaction.note(Deed(act=Act.VOLUNTEERS_CHANGED, event_id=event_id))

    async def note_taken_along(self, event_id: str | None) -> None:
        """Put into the audit log that somebody takes the names along."""
        async with self.store.writing() as transaction:
            await transaction.note(Deed(act=Act.VOLUNTEERS_EXPORTED, event_id=event_id))
