"""What an interval rests on, what speaks against it, and which ends nobody reported."""

import pytest

from services.attendance.domain.evidence import Contradiction, ContradictionKind, Grade
from services.attendance.domain.facts import Fact, Mode
from services.attendance.domain.fold import Presence, fold_event
from services.attendance.domain.inferred_ends import InferredEnd, inferred_ends
from services.attendance.domain.intervals import EndInferred, Interval, bridged
from tests.unit.attendance.facts import (
    DESK,
    SOURCE,
    VIA,
    at,
    came,
    event_as_of,
    joined,
    left,
    linked,
    room_closed,
    voided,
    went,
)


def fold(*facts: Fact) -> Presence:
    return fold_event(facts).people["ada"]


def only(*facts: Fact) -> Interval:
    (interval,) = fold(*facts).intervals
    return interval


@pytest.mark.parametrize(
    "facts, rests_on, grade",
    [
        pytest.param([joined(1, fact_id="j"), left(5, fact_id="l")], ("j", "l"), Grade.OBSERVED, id="both ends told"),
        pytest.param([joined(1, fact_id="j")], ("j",), Grade.OBSERVED, id="going on"),
        pytest.param(
            [joined(1, fact_id="b"), joined(1, fact_id="a"), left(5, fact_id="l")],
            ("a", "l"),
            Grade.OBSERVED,
            id="of two that open in one instant the first by id",
        ),
        pytest.param(
            [joined(1, fact_id="j"), left(1, fact_id="l")], ("j", "l"), Grade.OBSERVED, id="no length, both ends told"
        ),
        pytest.param(
            [joined(1, fact_id="j"), room_closed(9, fact_id="r")], ("j", "r"), Grade.INFERRED, id="ended by the room"
        ),
        pytest.param(
            [joined(1, fact_id="j"), room_closed(9, fact_id="s"), room_closed(9, fact_id="r")],
            ("j", "r"),
            Grade.INFERRED,
            id="of two that end it in one instant the first by id",
        ),
        pytest.param(
            [came(1, fact_id="c"), event_as_of(40, closes_at=30, fact_id="e")],
            ("c", "e"),
            Grade.INFERRED,
            id="ended by the event",
        ),
        pytest.param([left(5, joined_at=1, fact_id="l")], ("l",), Grade.INFERRED, id="the join was lost"),
        pytest.param(
            [joined(1, fact_id="j"), left(5), left(9, joined_at=1, fact_id="l")],
            ("j", "l"),
            Grade.OBSERVED,
            id="a leave told twice with two times",
        ),
        pytest.param(
            [left(5, joined_at=1, fact_id="k"), left(9, joined_at=3, fact_id="l")],
            ("k", "l"),
            Grade.INFERRED,
            id="two leaves whose join was lost: the one tells the start, the other the end",
        ),
    ],
)
def test_an_interval_names_what_it_rests_on(facts: list[Fact], rests_on: tuple[str, ...], grade: Grade) -> None:
    interval = only(*facts)

    assert (interval.facts, interval.grade) == (rests_on, grade)


def test_an_interval_names_who_told_what_it_rests_on() -> None:
    assert only(came(1), went(5)).sources == (DESK,)
    assert only(joined(1), room_closed(5)).sources == (SOURCE,)
    assert only(joined(1), event_as_of(40, closes_at=30)).sources == (SOURCE, DESK)


def test_an_edit_after_the_close_leaves_what_closed_the_event() -> None:
    closed, edited = event_as_of(40, closes_at=30, fact_id="z"), event_as_of(50, closes_at=30, fact_id="a")
    moved = event_as_of(60, closes_at=35, fact_id="m")

    assert only(came(1), edited, closed).facts[1] == "z"
    assert only(came(1), moved, edited, closed).facts[1] == "m"
    assert only(came(1), event_as_of(45, closes_at=None), edited, closed).facts[1] == "a"


def test_an_exit_without_an_entry_speaks_against_the_visit_before_it() -> None:
    presence = fold(came(1), went(5), went(9, fact_id="again"), came(12), went(15))

    first, second = presence.intervals
    assert (first.contradicted_by, first.grade) == (("again",), Grade.CONTRADICTED)
    assert (second.contradicted_by, second.grade) == ((), Grade.OBSERVED)
    assert presence.contradictions == (
        Contradiction(fact_id="again", time=at(9), kind=ContradictionKind.EXIT_WITHOUT_ENTRY),
    )


def test_a_leave_without_a_join_speaks_against_nothing_where_nothing_was() -> None:
    presence = fold(left(3, fact_id="l"), joined(5), left(6))

    assert presence.contradictions == (
        Contradiction(fact_id="l", time=at(3), kind=ContradictionKind.LEAVE_WITHOUT_JOIN),
    )
    assert [interval.contradicted_by for interval in presence.intervals] == [()]


def test_each_channel_is_contradicted_for_itself() -> None:
    presence = fold(came(1), went(5), joined(2), left(6), left(9, fact_id="l"))

    assert [interval.contradicted_by for interval in presence.intervals] == [(), ("l",)]


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param([came(1), joined(2), joined(2, connection="phone"), left(5), went(6)], id="several devices"),
        pytest.param([joined(1), left(5), left(5)], id="two leaves of one instant"),
        pytest.param([joined(1), left(5), joined(5)], id="out and in in one instant"),
        pytest.param([left(5, joined_at=1), left(5)], id="one of two leaves knows its join"),
        pytest.param([left(3), left(5, joined_at=1)], id="a leave while the channel was open, as a later one tells"),
        pytest.param(
            [joined(1), left(5), left(7), left(9, joined_at=1)], id="a leave told thrice, the last with its join"
        ),
    ],
)
def test_what_fits_contradicts_nothing(facts: list[Fact]) -> None:
    assert fold(*facts).contradictions == ()


def test_a_voided_exit_contradicts_nothing() -> None:
    mistake = went(9)

    assert fold(came(1), went(5), mistake, voided(mistake)).contradictions == ()


def test_a_linked_guest_s_contradictions_are_the_participant_s() -> None:
    folded = fold_event([came(1), left(9, subject="guest", fact_id="l"), linked(2, "guest", "ada")]).people

    assert [one.fact_id for one in folded["ada"].contradictions] == ["l"]
    assert folded["guest"].contradictions == ()


def test_a_bridged_interval_rests_on_all_that_it_was_made_of() -> None:
    presence = fold(
        joined(1, fact_id="a"),
        left(5, fact_id="b"),
        joined(6, fact_id="c", connection="c2"),
        left(9, fact_id="d", connection="c2"),
        left(10, fact_id="e", connection="c2"),
    )
    (interval,) = bridged(presence.intervals, grace=at(1))

    assert (interval.facts, interval.contradicted_by) == (("a", "b", "c", "d"), ("e",))


def test_inferred_ends_are_values() -> None:
    facts: list[Fact] = [
        came(1, fact_id="c", recorded=50),
        joined(2, fact_id="j"),
        left(3),
        joined(4, connection="c2", fact_id="k"),
        room_closed(9, fact_id="r", recorded=12),
        event_as_of(40, closes_at=30, fact_id="e"),
    ]
    recorded = {fact.id: fact.recorded for fact in facts}

    assert inferred_ends(fold(*facts).intervals, recorded=recorded.__getitem__) == (
        InferredEnd(
            mode=Mode.IN_PERSON,
            via="gate",
            start=at(1),
            end=at(30),
            reason=EndInferred.EVENT_CLOSED,
            opening="c",
            cause="e",
            recorded=at(50),
        ),
        InferredEnd(
            mode=Mode.REMOTE,
            via=VIA,
            start=at(4),
            end=at(9),
            reason=EndInferred.ROOM_CLOSED,
            opening="k",
            cause="r",
            recorded=at(12),
        ),
    )
