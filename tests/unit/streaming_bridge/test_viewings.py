"""What follows from the beats of one page, whatever way they come."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.streaming_bridge.domain.observations import Kind
from services.streaming_bridge.domain.viewings import SILENCE, Beat, Movement, Viewing, end_in_silence, follow
from tests.fakes.bridge import OPENING


def at(seconds: float) -> datetime:
    return OPENING + timedelta(seconds=seconds)


def beats(*seconds: float, first: int = 0) -> list[Beat]:
    return [Beat(number=first + place, at=at(second)) for place, second in enumerate(seconds)]


def told(movements: Sequence[Movement]) -> list[tuple[str, float, str | None]]:
    return [(move.kind.value, (move.at - OPENING).total_seconds(), move.inferred) for move in movements]


def heard(*told_at_once: Sequence[Beat]) -> tuple[Viewing | None, list[tuple[str, float, str | None]]]:
    viewing: Viewing | None = None
    movements: list[Movement] = []
    for some in told_at_once:
        viewing, more = follow(viewing, some)
        movements += more
    return viewing, told(movements)


def test_the_first_beat_is_a_join_and_the_next_ones_are_no_news() -> None:
    _, movements = heard(beats(0), beats(30, first=1), beats(60, first=2))
    assert movements == [("joined", 0, None)]


def test_silence_ends_it_once_45_seconds_after_the_last_beat() -> None:
    viewing, _ = heard(beats(0, 30))
    assert viewing is not None
    assert end_in_silence(viewing, now=at(74)) == (viewing, ())
    ended, movements = end_in_silence(viewing, now=at(400))
    assert told(movements) == [("left", 75, "silence")]
    assert ended is not None
    assert end_in_silence(ended, now=at(500)) == (ended, ())


def test_a_stop_is_a_leave_that_was_seen() -> None:
    _, movements = heard(beats(0, 30), [Beat(number=2, at=at(41), stops=True)])
    assert movements == [("joined", 0, None), ("left", 41, None)]


def test_a_stop_of_a_page_that_never_played_is_nothing() -> None:
    assert heard([Beat(number=0, at=at(3), stops=True)]) == (None, [])


def test_who_is_silent_for_longer_has_left_and_joined_again() -> None:
    _, movements = heard(beats(0, 30, 300))
    assert movements == [("joined", 0, None), ("left", 75, "silence"), ("joined", 300, None)]


def test_a_stop_after_a_long_silence_proves_no_presence() -> None:
    _, movements = heard(beats(0), [Beat(number=1, at=at(500), stops=True)])
    assert movements == [("joined", 0, None), ("left", 45, "silence")]


def test_what_was_kept_offline_takes_the_inferred_leave_back_at_its_instant() -> None:
    viewing, _ = heard(beats(0, 30))
    assert viewing is not None
    viewing, _ = end_in_silence(viewing, now=at(200))
    viewing, movements = follow(viewing, beats(60, 90, 120, 150, 180, 210, first=2))
    assert told(movements) == [("joined", 75, None)]
    assert viewing == Viewing(last_number=7, heard_at=at(210))


def test_a_late_stop_makes_an_inferred_leave_a_seen_one() -> None:
    viewing, _ = heard(beats(0, 30))
    assert viewing is not None
    viewing, _ = end_in_silence(viewing, now=at(200))
    _, movements = follow(viewing, [Beat(number=2, at=at(50), stops=True)])
    assert told(movements) == [("left", 50, None)]


def test_what_is_sent_twice_or_overtaken_is_no_news() -> None:
    goes = [*beats(30, first=1), Beat(number=2, at=at(40), stops=True)]
    viewing, movements = heard(beats(0), goes, goes, beats(31, first=1))
    assert movements == [("joined", 0, None), ("left", 40, None)]
    assert viewing is not None
    assert viewing.ended_at == at(40)


def test_a_page_that_goes_on_after_a_pause_joins_again() -> None:
    _, movements = heard(beats(0), [Beat(number=1, at=at(10), stops=True)], beats(20, first=2))
    assert movements == [("joined", 0, None), ("left", 10, None), ("joined", 20, None)]


def test_one_who_comes_back_at_once_is_believed_by_the_next_beat() -> None:
    made_up = [Beat(number=number, at=at(10), stops=bool(number % 2)) for number in range(120)]
    _, movements = heard(made_up, beats(10.9, 11, first=120))
    assert movements == [("joined", 10, None), ("left", 10, None), ("joined", 11, None)]


@given(
    st.lists(st.tuples(st.integers(0, 90), st.booleans()), min_size=1, max_size=20),
    st.lists(st.integers(1, 5), max_size=10),
)
def test_however_a_page_s_beats_are_grouped_the_movements_are_the_same(
    steps: list[tuple[int, bool]], cuts: list[int]
) -> None:
    now, page = 0, []
    for number, (pause, stops) in enumerate(steps):
        now += pause
        page.append(Beat(number=number, at=at(now), stops=stops))
    groups, rest = [], page
    for cut in cuts:
        groups.append(rest[:cut])
        rest = rest[cut:]
    assert heard(*groups, rest) == heard(page)
    _, movements = heard(page)
    assert [kind for kind, _, _ in movements] == ([Kind.JOINED, Kind.LEFT] * len(movements))[: len(movements)]
    assert [instant for _, instant, _ in movements] == sorted(instant for _, instant, _ in movements)


def test_a_beat_and_a_half_may_be_missing() -> None:
    assert timedelta(seconds=30) < SILENCE < timedelta(seconds=60)
