"""Instants: which can be meant, and how they keep the order of facts."""

from datetime import UTC, datetime, timedelta
from typing import Final

TICK: Final = timedelta(milliseconds=1)
"""The finest difference that the wire can carry."""
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BEYOND: Final = datetime(2200, 1, 1, tzinfo=UTC)


def of_our_times(instant: datetime) -> bool:
    """Whether somebody can have meant it. Near the years 1 and 9999 no page could show it in a local time."""
    return _EARLIEST <= instant < _BEYOND


def after(previous: datetime | None, *, now: datetime) -> datetime:
    """The instant of a new fact: now, or just after the previous fact of the same subject.

    Two facts of one subject must never share an instant, because readers tell the later one by its time; and the
    clock of a machine can be set back.
    """
    whole = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return whole if previous is None or whole > previous else previous + TICK
