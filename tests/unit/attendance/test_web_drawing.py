"""The drawing of the curve: pure geometry."""

import re

import pytest

from services.attendance.domain.heads import MINUTE, Heads, Minute
from services.attendance.web.drawing import HEIGHT, PLOT_HEIGHT, PLOT_TOP, Curve, draw

HOUR = 60 * MINUTE
START = 1_795_507_200_000  # 2026-11-24T08:00:00Z
PARIS = HOUR


def minutes(*heads: tuple[int, int, int], start: int = START, every: int = 1) -> list[Minute]:
    return [
        Minute(at=start + number * every * MINUTE, heads=Heads(in_person=here, remote=there, both=both))
        for number, (here, there, both) in enumerate(heads)
    ]


def drawn(curve: list[Minute], *, hours: int = 8, sessions: tuple[tuple[int, int], ...] = ()) -> Curve:
    made = draw(curve, starts_at=START, ends_at=START + hours * HOUR, sessions=sessions, offset=PARIS)
    assert made is not None
    return made


def heights(path: str) -> list[int]:
    return [int(height) for height in re.findall(r"[ML]-?\d+ (-?\d+)", path)]


def test_there_is_nothing_to_draw_before_anybody_came() -> None:
    assert draw([], starts_at=START, ends_at=START + HOUR, sessions=[], offset=0) is None
    assert draw(minutes((0, 0, 0)), starts_at=START, ends_at=START + HOUR, sessions=[], offset=0) is None


def test_on_site_is_above_the_line_and_remote_below_on_one_scale() -> None:
    curve = drawn(minutes((0, 0, 0), (100, 50, 0), (100, 50, 0)))
    above = curve.zero - min(heights(curve.on_site_line))
    below = max(heights(curve.remote_line)) - curve.zero
    assert above == pytest.approx(2 * below, abs=2)


@pytest.mark.parametrize("heads", [(300, 1, 0), (1, 300, 0), (0, 40, 0), (40, 0, 0), (5000, 5000, 4999)])
def test_everything_stays_within_the_plot(heads: tuple[int, int, int]) -> None:
    curve = drawn(minutes((0, 0, 0), heads, heads))
    for path in (curve.on_site_line, curve.remote_line, curve.both_area):
        assert all(PLOT_TOP <= height <= PLOT_TOP + PLOT_HEIGHT for height in heights(path))
    assert PLOT_TOP < curve.zero < PLOT_TOP + PLOT_HEIGHT < HEIGHT


def test_labels_never_cover_one_another() -> None:
    curve = drawn(minutes((1, 1, 1), (1, 1, 1)))
    assert curve.on_site_label + 15 < curve.both_label < curve.remote_label - 15


def test_ticks_stand_on_local_hours_and_inside() -> None:
    curve = drawn(minutes((1, 0, 0), (1, 0, 0)))
    assert [(tick.value + PARIS) % HOUR for tick in curve.times] == [0] * len(curve.times)
    assert 4 <= len(curve.times) <= 11
    assert all(0 <= float(tick.at.rstrip("%")) <= 100 for tick in curve.times)


def test_steps_of_people_are_few_and_round() -> None:
    curve = drawn(minutes((173, 96, 4), (173, 96, 4)))
    assert [tick.value for tick in curve.people] == [150, 100, 50, 0, 50]


def test_a_session_is_where_it_takes_place_and_one_on_another_day_is_left_out() -> None:
    sessions = ((START + HOUR, START + 3 * HOUR), (START + 48 * HOUR, START + 49 * HOUR))
    curve = drawn(minutes((1, 0, 0), (1, 0, 0)), sessions=sessions)
    assert [(session.index, session.x, session.width) for session in curve.sessions] == [(0, "12.50%", "25.00%")]


def test_empty_hours_around_the_event_are_not_drawn() -> None:
    quiet = [(0, 0, 0)] * 300
    curve = drawn(minutes(*quiet, (5, 5, 0), (5, 5, 0), *quiet, start=START - 5 * HOUR), hours=2)
    assert curve.minutes == 2 * 60 + 1


def test_a_week_is_drawn_with_few_points_and_keeps_its_peak() -> None:
    week = [(10, 5, 0)] * 10_000
    week[5_003] = (90, 5, 0)
    curve = drawn(minutes(*week), hours=24 * 7)
    assert len(curve.on_site_line) < 6_000
    assert min(heights(curve.on_site_line)) < curve.zero - 10 * (curve.zero - heights(curve.on_site_line)[0]) / 2


def test_titles_of_parallel_sessions_stand_below_one_another_as_far_as_there_is_room() -> None:
    morning = (START, START + 3 * HOUR)
    sessions = (morning, morning, morning, (START + 3 * HOUR, START + 4 * HOUR))
    curve = drawn(minutes((1, 0, 0), (1, 0, 0)), sessions=sessions)
    assert [(session.label_at, session.parallel) for session in curve.sessions] == [
        (0, True),
        (15, True),
        (None, True),
        (0, False),
    ]


def test_the_axis_reaches_the_most_people_though_they_were_there_for_less_than_a_minute() -> None:
    made = draw(
        minutes((3, 0, 0), (3, 0, 0)), starts_at=START, ends_at=START + HOUR, sessions=[], offset=0, most=(4, 0)
    )
    assert made is not None
    assert max(tick.value for tick in made.people) == 4
