"""What is left of people is always of at least so many alike, and nothing that was not there."""

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from services.attendance.domain.crowds import Way, Ways, crowd, in_mode, told_seats, ways_of
from services.attendance.domain.facts import Mode
from services.attendance.domain.heads import MINUTE
from services.attendance.domain.intervals import Span, intersection, measure

SMALLEST = 3
SESSIONS = ((0, 6 * MINUTE), (4 * MINUTE, 9 * MINUTE))


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    edges = draw(st.lists(st.integers(0, 10 * MINUTE), max_size=6))
    return [(min(pair), max(pair)) for pair in zip(edges[::2], edges[1::2], strict=False)]


# Few different stays among many people, so that there are groups as well as loners.
stays = st.lists(st.tuples(spans(), spans()), min_size=1, max_size=4)
people = stays.flatmap(lambda kinds: st.lists(st.sampled_from(kinds), max_size=14)).map(
    lambda chosen: {f"person {number}": ways_of(here, there) for number, (here, there) in enumerate(chosen)}
)


def _here(told: dict[str, Ways], way: Way, minute: int) -> int:
    instant = (minute * MINUTE, minute * MINUTE + 1)
    return sum(bool(intersection(ways.get(way, ()), [instant])) for ways in told.values())


@given(people)
def test_each_minute_and_each_session_has_so_many_in_a_way_or_none(everybody: dict[str, Ways]) -> None:
    found = crowd(everybody, sessions=SESSIONS, smallest=SMALLEST)
    told = dict(found.people)
    for way in Way:
        assert all(_here(told, way, minute) not in range(1, SMALLEST) for minute in range(11))
    for session in SESSIONS:
        took_part = Counter(
            frozenset(way for way, when in ways.items() if intersection(when, [session])) for ways in told.values()
        )
        assert all(count >= SMALLEST for how, count in took_part.items() if how)
    assert all(count >= SMALLEST for count in Counter(frozenset(ways) for ways in told.values()).values())
    assert found.complete == (told == {person: ways for person, ways in everybody.items() if ways})


@given(people)
def test_nothing_is_told_that_was_not_so_and_a_second_look_takes_nothing_more(everybody: dict[str, Ways]) -> None:
    told = crowd(everybody, sessions=SESSIONS, smallest=SMALLEST).people
    for person, ways in told.items():
        for mode in Mode:
            when = in_mode(ways, mode)
            assert measure(intersection(when, in_mode(everybody[person], mode))) == measure(when)
    again = crowd(told, sessions=SESSIONS, smallest=SMALLEST)
    assert again.complete
    assert again.people == told


@given(spans(), spans())
def test_ways_share_no_instant_and_give_the_modes_back(here: list[Span], there: list[Span]) -> None:
    ways = ways_of(here, there)
    alone, beside, both = (ways.get(way, ()) for way in (Way.IN_PERSON, Way.REMOTE, Way.BOTH))
    assert not intersection(alone, both)
    assert not intersection(beside, both)
    assert not intersection(alone, beside)
    for mode, spans_of_mode in ((Mode.IN_PERSON, here), (Mode.REMOTE, there)):
        minutes = {minute for start, end in in_mode(ways, mode) for minute in range(start, end, MINUTE)}
        assert minutes == {
            minute for minute in range(0, 11 * MINUTE, MINUTE) if any(a <= minute < b for a, b in spans_of_mode)
        }


@given(people, st.sets(st.integers(0, 13)))
def test_how_many_had_a_seat_stands_beside_no_number_that_it_nearly_is(
    everybody: dict[str, Ways], seats: set[int]
) -> None:
    seated = {f"person {number}" for number in seats}
    told = crowd(everybody, sessions=SESSIONS, smallest=SMALLEST)
    numbers = [count for count in told_seats(told, seated, smallest=SMALLEST) if count is not None]
    modes = Counter(frozenset(mode for mode in Mode if in_mode(ways, mode)) for ways in told.people.values())
    unions = [sum(chosen) for size in range(4) for chosen in combinations(modes.values(), size)]
    for one in numbers:
        assert all(abs(one - other) not in range(1, SMALLEST) for other in (*unions, *numbers))
