"""Until when the lengths of who is present go on by themselves in an open page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.registration import EventData, EventStatus
from services.attendance.web.known_at import KnownAt


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingOn:
    """Instants in milliseconds: to which the server counted, when it answered, and when the event closes by itself."""

    counted_to: int
    now: int
    until: int


def going_on(event: EventData, horizon: int | None, *, known: KnownAt, now: datetime) -> GoingOn | None:
    """None where nothing goes on: of an instant that was asked for, and of an event that is not held now."""
    until = event.ends_at + timedelta(seconds=event.grace_seconds)
    held = event.status is EventStatus.PUBLISHED and event.starts_at <= now < until
    if horizon is None or known.moment is not None or not held:
        return None
    return GoingOn(counted_to=horizon, now=_milliseconds(now), until=_milliseconds(until))


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
