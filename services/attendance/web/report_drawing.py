"""The drawings of a report: geometry, no words. Each kind is a path, in a frame that stretches with the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.attendance.web import report_answers as answers

TALL: Final = 100
"""The height of every frame, and the width of that of the retention: percent."""
_BAR: Final = 0.8
"""The part of its place that a bar takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars side by side on a base line: those of the first kind, of the second on top of them; others hang below.

    The frame is `wide` by `TALL`.
    """

    wide: int
    base: float
    first: str
    second: str
    first_below: str = ""
    second_below: str = ""


def retention_lines(found: answers.Retention) -> tuple[str, str]:
    """The share still there along the session, on site and remote; empty where nothing is known."""
    here = [(one.percent, one.in_person_share) for one in found.steps]
    there = [(one.percent, one.remote_share) for one in found.steps]
    return _line(here), _line(there)


def stacked(found: Sequence[tuple[int | None, int | None]]) -> Bars | None:
    """Two kinds on top of each other, at each place; None where there is nothing to draw."""
    return _bars([(one or 0, other or 0, 0, 0) for one, other in found])


def arrivals(quarters: Sequence[answers.QuarterHour]) -> Bars | None:
    """Those who came above the line, those who went below it."""
    return _bars(
        [
            (one.arrived_in_person or 0, one.arrived_remote or 0, one.left_in_person or 0, one.left_remote or 0)
            for one in quarters
        ]
    )


def _bars(places: Sequence[tuple[int, int, int, int]]) -> Bars | None:
    above = max((one + other for one, other, _, _ in places), default=0)
    below = max((one + other for _, _, one, other in places), default=0)
    if not above + below:
        return None
    scale = TALL / (above + below)
    base = round(above * scale, 2)
    rising, hanging = [], []
    for place, (one, other, gone, also) in enumerate(places):
        x = place + (1 - _BAR) / 2
        rising.append((_bar(x, base - one * scale, one * scale), _bar(x, base - (one + other) * scale, other * scale)))
        hanging.append((_bar(x, base, gone * scale), _bar(x, base + gone * scale, also * scale)))
    return Bars(
        wide=len(places),
        base=base,
        first="".join(one for one, _ in rising),
        second="".join(other for _, other in rising),
        first_below="".join(one for one, _ in hanging),
        second_below="".join(other for _, other in hanging),
    )


def _bar(x: float, y: float, height: float) -> str:
    return f"M{x:.2f} {y:.2f}h{_BAR}v{height:.2f}h-{_BAR}z" if height else ""


def _line(points: Sequence[tuple[int, float | None]]) -> str:
    known = [f"{x} {TALL - share:g}" for x, share in points if share is not None]
    return f"M{'L'.join(known)}" if known else ""
