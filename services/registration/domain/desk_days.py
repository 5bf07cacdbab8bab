"""The day of a desk link: from midnight to midnight where the event takes place."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class LinkState(StrEnum):
    """Whether a desk link opens the desk."""

    TO_COME = "to_come"
    OPEN = "open"
    OVER = "over"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLink:
    """Opens the desk of one event, on one day in the event's zone.

    `label` says for whom it is, and is told nobody else; `gate` is the door that its scans are told of.
    """

    link_id: str
    event_id: str
    day: date
    timezone: str
    label: str
    gate: str | None = None
    created_at: datetime
    revoked_at: datetime | None = None

    @property
    def opens_at(self) -> datetime:
        """The first instant of its day."""
        return midnight(self.day, self.timezone)

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return midnight(self.day + timedelta(days=1), self.timezone)

    def state(self, now: datetime) -> LinkState:
        """What it is worth now."""
        if self.revoked_at is not None:
            return LinkState.REVOKED
        if now < self.opens_at:
            return LinkState.TO_COME
        return LinkState.OPEN if now < self.ends_at else LinkState.OVER


def days_of(starts_at: datetime, ends_at: datetime, timezone: str) -> list[date]:
    """The days on which an event takes place, where it does."""
    zone = ZoneInfo(timezone)
    first, last = starts_at.astimezone(zone).date(), ends_at.astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def end_of_day(now: datetime, timezone: str) -> datetime:
    """The first instant after the day that it is in a zone: when a desk link that is open ends."""
    return midnight(now.astimezone(ZoneInfo(timezone)).date() + timedelta(days=1), timezone)


def midnight(day: date, timezone: str) -> datetime:
    """The first instant of a day there."""
    return datetime.combine(day, time.min, ZoneInfo(timezone))
