"""Heads: people counted by mode, by minute and at most."""

from hypothesis import given
from hypothesis import strategies as st

from services.attendance.domain.facts import Mode
from services.attendance.domain.heads import MINUTE, Heads, Peak, Spans, curve, peak, spans_of
from services.attendance.domain.intervals import Interval


def interval(mode: Mode, start: float, end: float | None) -> Interval:
    """An interval in minutes."""
    return Interval(
        mode=mode, start=int(start * MINUTE), end=None if end is None else int(end * MINUTE), via="somewhere"
    )


def here(start: float, end: float | None) -> Interval:
    return interval(Mode.IN_PERSON, start, end)


def there(start: float, end: float | None) -> Interval:
    return interval(Mode.REMOTE, start, end)


def person(*intervals: Interval, horizon: float = 100) -> Spans:
    return spans_of(intervals, horizon=int(horizon * MINUTE))


def heads(people: list[Spans], start: int, end: int) -> list[Heads]:
    return [minute.heads for minute in curve(people, start=start * MINUTE, end=end * MINUTE)]


def test_two_devices_are_one_person() -> None:
    assert heads([person(there(0, 3), there(1, 2))], 1, 1) == [Heads(remote=1)]


def test_whoever_is_here_in_both_modes_counts_once_in_all() -> None:
    (now,) = heads([person(here(0, 3), there(1, 2))], 1, 1)
    assert (now, now.total) == (Heads(in_person=1, remote=1, both=1), 1)


def test_an_interval_holds_its_start_and_not_its_end() -> None:
    assert [now.in_person for now in heads([person(here(1, 3))], 0, 4)] == [0, 1, 1, 0, 0]


def test_what_lies_between_two_samples_is_not_in_the_curve_but_in_the_peak() -> None:
    people = [person(here(1.2, 1.8))]
    assert [now.in_person for now in heads(people, 0, 3)] == [0, 0, 0, 0]
    assert peak(people, lambda one: one.in_person) == Peak(count=1, at=int(1.2 * MINUTE))


def test_what_goes_on_is_here_at_the_horizon() -> None:
    assert [now.in_person for now in heads([person(here(1, None), horizon=3)], 0, 3)] == [0, 1, 1, 1]
    assert peak([person(here(3, None), horizon=3)], lambda one: one.total) == Peak(count=1, at=3 * MINUTE)


def test_who_leaves_as_another_comes_were_never_two() -> None:
    people = [person(here(0, 2)), person(here(2, 4))]
    assert peak(people, lambda one: one.total) == Peak(count=1, at=0)


def test_nobody_has_no_peak_and_no_curve() -> None:
    assert peak([], lambda one: one.total) is None
    assert peak([person(here(2, 2))], lambda one: one.total) is None
    assert heads([], 5, 4) == []


spans = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted)
intervals = st.lists(st.builds(lambda mode, span: interval(mode, *span), st.sampled_from(Mode), spans), max_size=5)


@given(st.lists(intervals, max_size=6), st.integers(0, 60))
def test_the_curve_counts_whose_intervals_hold_the_instant(people: list[list[Interval]], at: int) -> None:
    (now,) = heads([person(*each) for each in people], at, at)

    def hold(each: list[Interval], mode: Mode) -> bool:
        return any(one.mode is mode and one.start <= at * MINUTE < (one.end or 0) for one in each)

    assert now.in_person == sum(hold(each, Mode.IN_PERSON) for each in people)
    assert now.remote == sum(hold(each, Mode.REMOTE) for each in people)
    assert now.both == sum(hold(each, Mode.IN_PERSON) and hold(each, Mode.REMOTE) for each in people)


@given(st.lists(intervals, max_size=6))
def test_the_peak_is_never_below_the_curve(people: list[list[Interval]]) -> None:
    known = [person(*each) for each in people]
    highest = peak(known, lambda one: one.total)
    assert (highest.count if highest else 0) >= max(now.total for now in heads(known, 0, 60))
