"""The day of one person as a drawing: a bar for each interval, on a line for each mode. Geometry, no words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schemas.registration import EventData
from services.attendance.adapters.tables import to_column
from services.attendance.domain.facts import Mode
from services.attendance.domain.fold import Presence
from services.attendance.domain.heads import MINUTE

_FINEST: Final = 400
"""Into so many parts the day is cut; what is no further apart than one of them becomes one bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Intervals as a bar: its place across the day, in percent."""

    mode: Mode
    x: str
    width: str
    ongoing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The drawing, from `first` to `last` in milliseconds."""

    bars: Sequence[Bar]
    first: int
    last: int


def day_of(event: EventData, presence: Presence, horizon: int | None) -> Day | None:
    """The day of a person over the event and what stands around it; None if they never came."""
    spans = [
        (one.mode, one.start, one.end if one.end is not None else max(horizon or 0, one.start), one.end is None)
        for one in presence.intervals
    ]
    if not spans:
        return None
    first = min(to_column(event.starts_at), *(start for _, start, _, _ in spans))
    last = max(to_column(event.ends_at), *(end for _, _, end, _ in spans))
    whole = max(last - first, MINUTE)
    drawn = []
    for mode in Mode:
        for start, end, ongoing in _joined([span[1:] for span in spans if span[0] is mode], gap=whole // _FINEST):
            width = max(end - start, whole // _FINEST)
            x, across = (f"{100 * length / whole:.2f}%" for length in (start - first, width))
            drawn.append(Bar(mode=mode, x=x, width=across, ongoing=ongoing))
    return Day(bars=drawn, first=first, last=last)


def _joined(spans: Sequence[tuple[int, int, bool]], *, gap: int) -> Sequence[tuple[int, int, bool]]:
    """Spans in order, those too close to be told apart on a screen as one; what goes on stays apart."""
    joined: list[tuple[int, int, bool]] = []
    for start, end, ongoing in sorted(spans):
        if joined and start - joined[-1][1] <= gap and not ongoing and not joined[-1][2]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end), False)
        else:
            joined.append((start, end, ongoing))
    return joined
