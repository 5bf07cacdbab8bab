"""A person's presence: what several channels, voids, links and registrations make of it."""

import pytest

from services.attendance.domain.context import EventContext
from services.attendance.domain.facts import Fact, Mode, Place, Registration, SubjectFact
from services.attendance.domain.fold import Presence, Status, fold_event, fold_presence
from services.attendance.domain.intervals import Durations, bridged, durations
from tests.unit.attendance.facts import (
    SOURCE,
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
    seat,
    unlinked,
    voided,
    went,
)


def fold(*facts: SubjectFact) -> Presence:
    return fold_presence(facts, EventContext())


def people(*facts: Fact) -> dict[str, Presence]:
    return dict(fold_event(facts).people)


@pytest.mark.parametrize(
    "facts, status",
    [
        ([seat(0, mode=Mode.REMOTE)], Status.ABSENT),
        ([came(1)], Status.ON_SITE),
        ([joined(1)], Status.REMOTE),
        ([came(1), joined(2)], Status.BOTH),
        ([came(1), joined(2), left(3)], Status.ON_SITE),
        ([came(1), joined(2), went(3)], Status.REMOTE),
        ([came(1), went(3)], Status.AWAY),
        ([joined(1), left(1)], Status.AWAY),
        ([left(1)], Status.ABSENT),
    ],
)
def test_the_status_is_what_goes_on(facts: list[SubjectFact], status: Status) -> None:
    assert fold(*facts).status is status


def test_a_laptop_in_the_room_counts_once() -> None:
    presence = fold(came(0), joined(10), left(30), went(40))

    assert presence.durations == Durations(in_person=at(40), remote=at(20), both=at(20))
    assert presence.durations.total == at(40)


def test_two_devices_count_once() -> None:
    presence = fold(joined(0, connection="phone"), joined(5, connection="laptop"), left(10, connection="phone"))

    assert ends_of(presence.intervals) == (remote(0, 10), remote(5, None))
    assert presence.durations == Durations(remote=at(10))
    assert durations(presence.intervals, horizon=at(12)) == Durations(remote=at(12))


def test_one_connection_in_two_breakout_rooms_is_two_channels() -> None:
    breakout = Place(SOURCE, "hall/breakout-1")

    presence = fold(joined(0), left(10), joined(10, place=breakout), left(20, place=breakout), joined(20))

    assert [(interval.start, interval.end) for interval in presence.intervals] == [
        (at(0), at(10)),
        (at(10), at(20)),
        (at(20), None),
    ]


def test_a_duplicate_changes_nothing() -> None:
    join, leave = joined(1), left(5)

    assert fold(join, leave, join, leave, leave) == fold(join, leave)


def test_of_two_copies_of_a_fact_the_one_recorded_first_counts() -> None:
    early = joined(2, fact_id="same", recorded=3)
    late = joined(1, fact_id="same", recorded=4)
    leave = left(5)

    assert fold(late, early, leave) == fold(early, leave) == fold(early, late, leave)


def test_of_two_copies_recorded_at_one_instant_the_smallest_counts() -> None:
    small = joined(2, fact_id="same", recorded=3, canonical=b"a")
    large = joined(1, fact_id="same", recorded=3, canonical=b"b")

    assert fold(large, small) == fold(small, large) == fold(small)


def test_a_voided_check_in_never_was() -> None:
    mistake = came(1)

    assert ends_of(fold(mistake, voided(mistake, minute=2)).intervals) == ()
    assert ends_of(fold(voided(mistake, minute=2), came(3)).intervals) == (in_person(3, None),)


def test_a_voided_check_out_leaves_the_person_in() -> None:
    mistake = went(5)

    assert ends_of(fold(came(1), mistake, voided(mistake)).intervals) == (in_person(1, None),)


def test_a_void_of_somebody_else_s_fact_changes_nothing() -> None:
    here = came(1, subject="ada")
    other = voided(came(1, subject="bob", fact_id=here.id))

    assert people(here, other)["ada"].status is Status.ON_SITE


def test_the_latest_registration_counts() -> None:
    presence = fold(
        seat(3, registration=Registration.CANCELLED),
        seat(1, mode=Mode.IN_PERSON, registration=Registration.WAITLISTED),
        seat(2, mode=Mode.REMOTE),
    )

    assert presence.registration is Registration.CANCELLED
    assert presence.registered_mode is Mode.REMOTE


def test_who_cancelled_and_came_was_there() -> None:
    presence = fold(seat(1, mode=Mode.IN_PERSON), seat(2, registration=Registration.CANCELLED), came(3))

    assert presence.registration is Registration.CANCELLED
    assert presence.status is Status.ON_SITE


def test_a_linked_guest_s_presence_stands_with_the_participant() -> None:
    found = people(
        came(0), joined(5, subject="guest"), linked(1, "guest", "ada"), left(9, subject="guest"), room_closed(20)
    )

    assert found["guest"] == Presence(linked_to="ada")
    assert ends_of(found["ada"].intervals) == (in_person(0, None), remote(5, 9))


def test_a_participant_known_only_as_a_guest_has_a_presence() -> None:
    found = people(joined(5, subject="guest"), linked(1, "guest", "ada"))

    assert found["ada"].status is Status.REMOTE


def test_an_unlinked_guest_stands_alone_again() -> None:
    found = people(came(0), joined(5, subject="guest"), unlinked(2, "guest", "ada"), linked(1, "guest", "ada"))

    assert ends_of(found["guest"].intervals) == (remote(5, None),)
    assert ends_of(found["ada"].intervals) == (in_person(0, None),)


def test_the_latest_link_counts() -> None:
    found = people(joined(5, subject="guest"), linked(2, "guest", "bob"), linked(1, "guest", "ada"))

    assert found["guest"].linked_to == "bob"
    assert "ada" not in found


def test_undoing_a_link_that_was_replaced_changes_nothing() -> None:
    found = people(
        joined(5, subject="guest"), linked(1, "guest", "ada"), linked(2, "guest", "bob"), unlinked(3, "guest", "ada")
    )

    assert found["guest"].linked_to == "bob"


def test_links_in_a_chain_lead_to_its_end() -> None:
    found = people(joined(5, subject="g1"), linked(1, "g1", "g2"), linked(2, "g2", "ada"))

    assert found["g1"].linked_to == "ada"
    assert found["ada"].status is Status.REMOTE


def test_links_in_a_circle_are_not_followed() -> None:
    found = people(joined(5, subject="g1"), joined(6, subject="g2"), linked(1, "g1", "g2"), linked(2, "g2", "g1"))

    assert ends_of(found["g1"].intervals) == (remote(5, None),)
    assert ends_of(found["g2"].intervals) == (remote(6, None),)


def test_facts_of_an_event_never_heard_of_still_fold() -> None:
    assert ends_of(people(came(1))["ada"].intervals) == (in_person(1, None),)


def test_an_event_s_latest_snapshot_counts_whenever_it_comes() -> None:
    folded = fold_event([event_as_of(9, closes_at=30), event_as_of(8, closes_at=None), came(1)])

    assert folded.context.closes_at == at(30)


def test_short_gaps_are_bridged_in_the_report_view_alone() -> None:
    presence = fold(joined(0), left(5), joined(6), left(8), joined(9.5), left(10), came(0), went(1), came(1.5))

    assert ends_of(bridged(presence.intervals, grace=at(1))) == (
        in_person(0, 1),
        remote(0, 8),
        in_person(1.5, None),
        remote(9.5, 10),
    )
    assert len(presence.intervals) == 5


def test_bridging_keeps_what_goes_on() -> None:
    ends = (remote(0, 5), remote(1, 3), remote(6, None), remote(7, 8))

    assert bridged(ends, grace=at(1)) == (remote(0, None),)
