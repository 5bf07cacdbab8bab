"""Times that cannot be right: left out until an organizer accepts them, and never lost."""

import pytest

from services.attendance.domain.facts import Fact, Movement, RoomChange
from services.attendance.domain.fold import Presence, fold_event
from services.attendance.domain.suspicion import SuspectTime, suspect_time
from tests.unit.attendance.facts import (
    accepted,
    accepted_for_all,
    at,
    came,
    ends_of,
    event_as_of,
    in_person,
    joined,
    left,
    linked,
    remote,
    room_closed,
    voided,
    went,
)

THE_DAY = event_as_of(-100, closes_at=None, day_starts_at=0)
AHEAD = came(60, fact_id="ahead", recorded=1)
BEFORE = came(-1, fact_id="before")


def fold(*facts: Fact) -> Presence:
    return fold_event(facts).people["ada"]


@pytest.mark.parametrize(
    "fact, suspect",
    [
        pytest.param(came(11, recorded=1), None, id="ten minutes are a clock that runs a little ahead"),
        pytest.param(came(11.001, recorded=1), SuspectTime.FUTURE, id="more is the future"),
        pytest.param(came(1, recorded=5000), None, id="late news is no suspect news"),
        pytest.param(came(0), None, id="the first instant of the day"),
        pytest.param(came(-0.001), SuspectTime.BEFORE_EVENT, id="the day before"),
        pytest.param(came(-1, recorded=-100), SuspectTime.FUTURE, id="both: the future is named"),
        pytest.param(left(5, joined_at=-1), SuspectTime.BEFORE_EVENT, id="a leave that was joined the day before"),
        pytest.param(left(5, joined_at=1), None, id="a leave that was joined on the day"),
        pytest.param(room_closed(-1), SuspectTime.BEFORE_EVENT, id="a room that closed the day before"),
        pytest.param(room_closed(30, recorded=1), SuspectTime.FUTURE, id="a room that will close"),
    ],
)
def test_which_times_are_suspect(fact: Movement | RoomChange, suspect: SuspectTime | None) -> None:
    assert suspect_time(fact, day_starts_at=0) is suspect


def test_without_an_event_no_day_is_known() -> None:
    assert suspect_time(BEFORE, day_starts_at=None) is None


@pytest.mark.parametrize("suspect", [AHEAD, BEFORE])
def test_a_suspect_fact_is_left_out_and_named(suspect: Movement) -> None:
    presence = fold(THE_DAY, suspect, went(5))

    assert presence.intervals == ()
    assert presence.suspect == (suspect.id,)


@pytest.mark.parametrize("suspect", [AHEAD, BEFORE])
@pytest.mark.parametrize("acceptance", [accepted, accepted_for_all])
def test_an_accepted_one_counts(suspect: Movement, acceptance: type) -> None:
    presence = fold(acceptance(suspect.id), suspect, THE_DAY)

    assert ends_of(presence.intervals) == (in_person(suspect.time / at(1), None),)
    assert presence.suspect == ()


def test_the_last_word_on_it_counts() -> None:
    assert fold(accepted("ahead", minute=2, yes=False), AHEAD, accepted("ahead", minute=1)).suspect == ("ahead",)
    assert fold(accepted_for_all("ahead", minute=2), AHEAD, accepted("ahead", minute=1, yes=False)).suspect == ()
    assert fold(accepted_for_all("ahead", minute=1), AHEAD, accepted("ahead", minute=2, yes=False)).suspect != ()


def test_an_acceptance_for_somebody_else_changes_nothing() -> None:
    assert fold(accepted("ahead", subject="bob"), AHEAD).suspect == ("ahead",)


def test_accepting_a_time_that_is_not_suspect_changes_nothing() -> None:
    here = came(1)

    assert fold(here, accepted(here.id)) == fold(here) == fold(here, accepted(here.id, yes=False))


def test_a_linked_guest_s_suspect_facts_stand_with_the_participant() -> None:
    ahead = joined(60, subject="guest", recorded=1, fact_id="ahead")
    link = linked(2, "guest", "ada")

    assert fold(ahead, link).suspect == ("ahead",)
    assert fold(ahead, link, accepted("ahead", subject="guest")).suspect == ()


def test_a_voided_one_is_not_named() -> None:
    assert fold(AHEAD, voided(AHEAD)).suspect == ()


def test_a_suspect_closing_of_a_room_ends_nobody() -> None:
    closing = room_closed(60, fact_id="r", recorded=1)
    folded = fold_event([joined(1), closing])

    assert ends_of(folded.people["ada"].intervals) == (remote(1, None),)
    assert folded.context.suspect == ("r",)
    (interval,) = fold(joined(1), closing, accepted_for_all("r")).intervals
    assert interval.end == at(60)


def test_an_event_moved_to_an_earlier_day_makes_right_what_was_suspect() -> None:
    moved = event_as_of(-50, closes_at=None, day_starts_at=-1440)

    assert fold(BEFORE, moved, THE_DAY).suspect == ()
