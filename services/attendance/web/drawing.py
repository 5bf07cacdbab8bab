"""The curve of presence as a drawing: those on site above the water line, those remote below, those in both across it.

Only geometry, no words. Across, the drawing stretches with the page: x runs in minutes within a stretched frame, and in
percent outside it. Down, everything is in pixels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from services.attendance.domain.heads import MINUTE, Heads, Minute

PLOT_TOP: Final = 30
PLOT_HEIGHT: Final = 330
HEIGHT: Final = PLOT_TOP + PLOT_HEIGHT + 26
_LEAST_SIDE: Final = 54
_LABEL_GAP: Final = 19
_LABEL_LINES: Final = 2
_LABEL_HEIGHT: Final = 15
_MOST_POINTS: Final = 480
_TICK_MINUTES: Final = (5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440)
_MOST_TICKS: Final = 10
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000)
_MOST_STEPS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A session: its place across in percent, and where it stands in the list it came from.

    `label_at` is where its title stands, in pixels down, None if other titles leave no room; `parallel` to another.
    """

    index: int
    x: str
    width: str
    label_at: int | None = 0
    parallel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis: at a percentage across, or at a pixel down; `value` is an instant or a number of people."""

    at: str
    value: int
    minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The drawing. Paths are in the stretched frame of `minutes` by `HEIGHT`; the rest is in percent and pixels."""

    minutes: int
    zero: int
    grid: str
    on_site_area: str
    on_site_line: str
    remote_area: str
    remote_line: str
    both_area: str
    people: Sequence[Tick]
    times: Sequence[Tick]
    sessions: Sequence[Span]
    now: str
    now_at_end: bool
    on_site_label: int
    both_label: int
    remote_label: int


def draw(
    minutes: Sequence[Minute],
    *,
    starts_at: int,
    ends_at: int,
    sessions: Sequence[tuple[int, int]],
    offset: int,
    most: tuple[int, int] = (0, 0),
) -> Curve | None:
    """The drawing of a curve over the event and what stands around it; None while there is nothing to draw.

    Args:
        minutes: the curve, a minute apart, in order.
        starts_at: the event's start in milliseconds, as all instants here.
        ends_at: its end.
        sessions: start and end of each.
        most: the most on site and the most remote at once, perhaps for less than a minute: the axis reaches them.
        offset: the local time's distance from UTC, in milliseconds, so that ticks stand on local hours.
    """
    shown = _trimmed(minutes, starts_at, ends_at)
    if not shown:
        return None
    first, last = min(shown[0].at, starts_at), max(shown[-1].at, ends_at)
    across = _Across(first=first, minutes=max(1, (last - first) // MINUTE))
    highest = max(most[0], *(minute.heads.in_person for minute in shown))
    lowest = max(most[1], *(minute.heads.remote for minute in shown))
    down = _down(highest, lowest)
    points = _thinned(shown)
    now = shown[-1]
    labels = _apart([down.above(now.heads.in_person), down.zero, down.below(now.heads.remote)])
    steps = _people_steps(down)
    return Curve(
        minutes=across.minutes,
        zero=down.zero,
        grid="".join(f"M0 {tick.at}H{across.minutes}" for tick in steps),
        on_site_area=_area(points, across, down.zero, lambda heads: down.above(heads.in_person)),
        on_site_line=_line(points, across, lambda heads: down.above(heads.in_person)),
        remote_area=_area(points, across, down.zero, lambda heads: down.below(heads.remote)),
        remote_line=_line(points, across, lambda heads: down.below(heads.remote)),
        both_area=_band(points, across, lambda heads: down.above(heads.both), lambda heads: down.below(heads.both)),
        people=steps,
        times=_time_ticks(across, offset),
        sessions=_sessions(sessions, across, first=first, last=last),
        now=across.percent(now.at),
        now_at_end=(now.at - first) / MINUTE > across.minutes * 0.8,
        on_site_label=labels[0],
        both_label=labels[1],
        remote_label=labels[2],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Across:
    first: int
    minutes: int

    def minute(self, at: int) -> int:
        return (at - self.first) // MINUTE

    def percent(self, at: int) -> str:
        share = min(max((at - self.first) / MINUTE / self.minutes, 0), 1)
        return f"{100 * share:.2f}%"

    def width(self, start: int, end: int) -> str:
        shares = [min(max((at - self.first) / MINUTE / self.minutes, 0), 1) for at in (start, end)]
        return f"{100 * (shares[1] - shares[0]):.2f}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Down:
    zero: int
    pixels: float
    highest: int
    lowest: int

    def above(self, people: int) -> int:
        return round(self.zero - people * self.pixels)

    def below(self, people: int) -> int:
        return round(self.zero + people * self.pixels)


def _down(highest: int, lowest: int) -> _Down:
    """One scale for both sides, each with room to be seen."""
    highest, lowest = max(highest, 1), max(lowest, 1)
    above = round(PLOT_HEIGHT * highest / (highest + lowest))
    above = min(max(above, _LEAST_SIDE), PLOT_HEIGHT - _LEAST_SIDE)
    pixels = 0.94 * min(above / highest, (PLOT_HEIGHT - above) / lowest)
    return _Down(zero=PLOT_TOP + above, pixels=pixels, highest=highest, lowest=lowest)


def _sessions(sessions: Sequence[tuple[int, int]], across: _Across, *, first: int, last: int) -> list[Span]:
    """Those within the drawing; the titles of parallel ones stand in lines of their own, as far as there is room."""
    shown = [(index, start, end) for index, (start, end) in enumerate(sessions) if start < last and end > first]
    free_at = [first] * _LABEL_LINES
    spans = []
    for index, start, end in sorted(shown, key=lambda session: session[1:]):
        line = next((number for number, until in enumerate(free_at) if until <= max(start, first)), None)
        if line is not None:
            free_at[line] = end
        spans.append(
            Span(
                index=index,
                x=across.percent(start),
                width=across.width(start, end),
                label_at=None if line is None else line * _LABEL_HEIGHT,
                parallel=any(start < to and end > since for other, since, to in shown if other != index),
            )
        )
    return spans


def _trimmed(minutes: Sequence[Minute], starts_at: int, ends_at: int) -> Sequence[Minute]:
    """Without the empty time before the event and after it; nothing if nobody has come yet."""
    busy = [number for number, minute in enumerate(minutes) if minute.heads.total]
    if not busy:
        return []
    first = next((number for number, minute in enumerate(minutes) if minute.at >= starts_at), len(minutes))
    last = next((number for number, minute in enumerate(minutes) if minute.at >= ends_at), len(minutes) - 1)
    return minutes[min(first, max(0, busy[0] - 1)) : max(last, busy[-1] + 1) + 1]


def _thinned(minutes: Sequence[Minute]) -> Sequence[Minute]:
    """A number of points that a screen can show; of what lies between, the fullest minute."""
    every = -(-len(minutes) // _MOST_POINTS)
    if every == 1:
        return minutes
    groups = [minutes[start : start + every] for start in range(0, len(minutes) - 1, every)]
    return [*(max(group, key=lambda minute: minute.heads.total) for group in groups), minutes[-1]]


def _line(points: Sequence[Minute], across: _Across, y: Callable[[Heads], int]) -> str:
    places = [(across.minute(point.at), y(point.heads)) for point in points]
    kept = [
        place
        for number, place in enumerate(places)
        if number in {0, len(places) - 1} or not places[number - 1][1] == place[1] == places[number + 1][1]
    ]
    return "M" + "L".join(f"{x} {height}" for x, height in kept)


def _area(points: Sequence[Minute], across: _Across, zero: int, y: Callable[[Heads], int]) -> str:
    ends = across.minute(points[0].at), across.minute(points[-1].at)
    return f"{_line(points, across, y)}L{ends[1]} {zero}L{ends[0]} {zero}Z"


def _band(
    points: Sequence[Minute], across: _Across, upper: Callable[[Heads], int], lower: Callable[[Heads], int]
) -> str:
    back = _line(points[::-1], across, lower)
    return f"{_line(points, across, upper)}L{back[1:]}Z"


def _people_steps(down: _Down) -> list[Tick]:
    """Round numbers of people, above and below."""
    step = next(step for step in _STEPS if max(down.highest, down.lowest) / step <= _MOST_STEPS)
    above = [Tick(at=str(down.above(count)), value=count) for count in range(step, down.highest + 1, step)]
    below = [Tick(at=str(down.below(count)), value=count) for count in range(step, down.lowest + 1, step)]
    return [*reversed(above), Tick(at=str(down.zero), value=0), *below]


def _time_ticks(across: _Across, offset: int) -> list[Tick]:
    """Round local times; every second one may be left out where there is little room."""
    step = next((step for step in _TICK_MINUTES if across.minutes / step <= _MOST_TICKS), _TICK_MINUTES[-1]) * MINUTE
    first = -(-(across.first + offset) // step) * step - offset
    last = across.first + across.minutes * MINUTE
    return [
        Tick(at=across.percent(at), value=at, minor=bool((at + offset) // step % 2))
        for at in range(first, last + 1, step)
    ]


def _apart(heights: Sequence[int]) -> list[int]:
    """Labels in order from the top, moved so that none covers another: the middle one stays."""
    top, middle, bottom = heights
    return [min(top, middle - _LABEL_GAP), middle, max(bottom, middle + _LABEL_GAP)]
