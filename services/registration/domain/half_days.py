"""The half-days of an event, by which attendance of a training is proved: mornings and afternoons where it is held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from services.registration.domain.agenda import Session
from services.registration.domain.desk_days import days_of
from services.registration.domain.event import Event

_NOON: Final = time(13)
"""When a morning ends: lunch is before or after it, and never the middle of a session that runs until one."""


class DayPart(StrEnum):
    """Which half of a day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


def day_and_part(half_day_id: str) -> tuple[date, DayPart]:
    """What the name of a half-day says."""
    day, _, part = half_day_id.partition("/")
    return date.fromisoformat(day), DayPart(part)


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfDay:
    """Half a day of an event, with its own hours in it; `window_…` is the whole half, since people come before."""

    day: date
    part: DayPart
    starts_at: datetime
    ends_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime

    @property
    def half_day_id(self) -> str:
        """Its name: `2026-11-24/morning`."""
        return f"{self.day.isoformat()}/{self.part.value}"


def half_days(event: Event) -> Sequence[HalfDay]:
    """All of an event, in order. With an agenda, a day without a session in it has none."""
    zone = ZoneInfo(event.timezone)
    sessions = [session for session in event.sessions if not session.cancelled]
    found = []
    for day in days_of(event.starts_at, event.ends_at, event.timezone):
        for part, opens, closes in _halves(day, zone):
            hours = _hours(event, sessions, opens, closes)
            if hours is not None:
                found.append(
                    HalfDay(
                        day=day,
                        part=part,
                        starts_at=hours[0],
                        ends_at=hours[1],
                        window_starts_at=opens,
                        window_ends_at=closes,
                    )
                )
    return found


def days_left_out(event: Event) -> Sequence[date]:
    """The days of an event with an agenda on which it has no session: what people attend then counts for nothing."""
    held = {half.day for half in half_days(event)}
    last_instant = event.ends_at - timedelta(microseconds=1)  # An event that ends at midnight ends on the day before.
    return [day for day in days_of(event.starts_at, last_instant, event.timezone) if day not in held]


def half_day_of(event: Event, half_day_id: str) -> HalfDay | None:
    """The one of this name."""
    return next((half for half in half_days(event) if half.half_day_id == half_day_id), None)


def signed_for(halves: Sequence[HalfDay], *, now: datetime, timezone: str) -> HalfDay | None:
    """The one that people sign for at an instant: of that day, the first that is not over, else the last of it."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    of_today = [half for half in halves if half.day == today]
    return next((half for half in of_today if half.ends_at > now), of_today[-1] if of_today else None)


def sessions_in(event: Event, half: HalfDay) -> Sequence[Session]:
    """The sessions that take place in a half-day, or in a part of it, as they follow one another."""
    there = (each for each in event.sessions if not each.cancelled and _meets(each, half))
    return sorted(there, key=lambda session: (session.starts_at, session.ends_at, session.session_id))


def _meets(session: Session, half: HalfDay) -> bool:
    return session.starts_at < half.window_ends_at and session.ends_at > half.window_starts_at


def _halves(day: date, zone: ZoneInfo) -> Iterable[tuple[DayPart, datetime, datetime]]:
    midnight, noon, night = (
        _at(day, time.min, zone),
        _at(day, _NOON, zone),
        _at(day + timedelta(days=1), time.min, zone),
    )
    return (DayPart.MORNING, midnight, noon), (DayPart.AFTERNOON, noon, night)


def _days_without_agenda(event: Event) -> Sequence[tuple[datetime, datetime]]:
    """A training from Monday at nine to Friday at five goes on each day from nine to five."""
    zone = ZoneInfo(event.timezone)
    opens, closes = (instant.astimezone(zone).time() for instant in (event.starts_at, event.ends_at))
    if opens >= closes:
        return [(event.starts_at, event.ends_at)]
    days = days_of(event.starts_at, event.ends_at, event.timezone)
    return [(_at(day, opens, zone), _at(day, closes, zone)) for day in days]


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """In UTC: between two instants of one zone, hours that clocks are put forward or back would not be counted."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _hours(
    event: Event, sessions: Sequence[Session], opens: datetime, closes: datetime
) -> tuple[datetime, datetime] | None:
    """From when to when something of the event is in that half; None if nothing is."""
    parts = [(one.starts_at, one.ends_at) for one in sessions] or _days_without_agenda(event)
    inside = [(max(start, opens), min(end, closes)) for start, end in parts]
    held = [(start, end) for start, end in inside if start < end]
    if not held:
        return None
    return min(start for start, _ in held), max(end for _, end in held)
