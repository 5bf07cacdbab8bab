"""What the engine tells of single facts. That it always agrees with the fold is a property (`tests/properties`)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from schemas.decode import decode
from schemas.presence import PresenceChanged
from services.attendance.application.engine import Outcome, process
from services.attendance.application.translation import NotAnInputError
from services.attendance.domain.facts import Act, Fact, Mode, Notice
from tests.fakes.attendance_state import MemoryState
from tests.properties.wire_facts import EVENT, wire
from tests.unit.attendance.facts import (
    at,
    came,
    event_as_of,
    joined,
    left,
    linked,
    room_closed,
    room_opened,
    seat,
    unlinked,
    voided,
    went,
)

GUEST = f"gst_{7:032x}"


def taken(state: MemoryState, *facts: Fact) -> Outcome:
    """Take facts in; gives the outcome of the last."""
    outcome = None
    for fact in facts:
        outcome = process(state, wire(fact))
        state.apply(EVENT, outcome)
    assert outcome is not None
    return outcome


def entry(outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(outcome.entry.value)
    return told


def presence(outcome: Outcome, subject: str) -> PresenceChanged:
    record = outcome.presences[subject]
    assert record is not None
    read = decode(record)
    assert isinstance(read, PresenceChanged)
    return read


def act(minute: float, subject: str) -> Act:
    return Act(id=f"act-{minute}", time=at(minute), recorded=at(minute), subject=subject)


def test_an_entry_has_the_id_and_times_of_its_fact_and_the_presence_it_led_to() -> None:
    outcome = taken(MemoryState(), came(1, subject="ada"), went(5, subject="ada", fact_id="the-fact"))

    told = entry(outcome)
    assert (told["id"], told["time"], told["subject"]) == ("the-fact", "1970-01-01T00:05:00.000Z", "ada")
    assert told["data"]["fact"]["type"] == "passerelle.checkin.checked_out.v1"
    assert told["data"]["presence"] == {
        "status": "away",
        "seconds": {"in_person": 240.0, "remote": 0.0, "both": 0.0, "total": 240.0},
    }


def test_a_presence_record_holds_the_facts_it_was_folded_from() -> None:
    record = presence(taken(MemoryState(), seat(0, mode=Mode.IN_PERSON), came(1)), "ada")

    assert [fact["type"] for fact in record.data.facts] == [
        "passerelle.registration.participant.registered.v1",
        "passerelle.checkin.checked_in.v1",
    ]
    assert record.data.registered_mode is not None
    assert record.data.status.value == "on_site"


def test_a_fact_that_is_ignored_by_the_walk_is_told_all_the_same() -> None:
    outcome = taken(MemoryState(), left(5))

    assert entry(outcome)["data"]["presence"]["status"] == "absent"


def test_a_guest_is_told_as_a_guest_and_after_a_link_as_the_participant_too() -> None:
    state = MemoryState()

    before = entry(taken(state, joined(1, subject=GUEST)))
    link = taken(state, linked(2, GUEST, "ada"))
    after = entry(taken(state, left(5, subject=GUEST)))

    assert (before["subject"], before["data"]["guest_id"]) == (GUEST, GUEST)
    assert "participant_id" not in before["data"]
    assert (after["subject"], after["data"]["participant_id"], after["data"]["guest_id"]) == ("ada", "ada", GUEST)
    assert presence(link, "ada").data.status.value == "remote"
    assert presence(link, GUEST).data.linked_to == "ada"
    assert presence(link, GUEST).data.intervals == ()


def test_a_link_is_told_with_both_and_with_where_it_led() -> None:
    told = entry(taken(MemoryState(), joined(1, subject=GUEST), linked(2, GUEST, "ada")))["data"]

    assert (told["participant_id"], told["guest_id"]) == ("ada", GUEST)
    assert told["presence"]["status"] == "remote"


def test_who_was_only_known_by_a_link_is_removed_when_it_is_undone() -> None:
    outcome = taken(MemoryState(), joined(1, subject=GUEST), linked(2, GUEST, "ada"), unlinked(3, GUEST, "ada"))

    assert outcome.presences["ada"] is None
    assert presence(outcome, GUEST).data.status.value == "remote"


def test_a_link_known_before_any_fact_of_the_guest_counts() -> None:
    outcome = taken(MemoryState(), linked(2, GUEST, "ada"), joined(1, subject=GUEST))

    assert presence(outcome, "ada").data.status.value == "remote"


def test_a_closed_room_changes_those_in_it_and_nobody_else() -> None:
    outcome = taken(MemoryState(), joined(1, subject="ada"), came(1, subject="bob"), room_closed(9))

    assert set(outcome.presences) == {"ada"}
    assert presence(outcome, "ada").data.intervals[0].end_inferred == "room_closed"
    assert "presence" not in entry(outcome)["data"]


def test_a_room_that_opened_or_closed_before_is_known_to_who_comes_later() -> None:
    outcome = taken(MemoryState(), room_closed(9), room_opened(0), joined(1))

    assert presence(outcome, "ada").data.intervals[0].end_inferred == "room_closed"


def test_a_closed_event_changes_all_who_are_still_there() -> None:
    state = MemoryState()
    taken(state, joined(1), came(1, subject="bob"), came(1, subject="cy"), went(2, subject="cy"))

    outcome = taken(state, event_as_of(9, closes_at=30))

    assert set(outcome.presences) == {"ada", "bob"}


def test_an_edited_event_that_closes_nothing_changes_nobody() -> None:
    outcome = taken(MemoryState(), came(1), event_as_of(9, closes_at=None))

    assert outcome.presences == {}


def test_an_act_is_told_and_touches_no_presence() -> None:
    state = MemoryState()
    taken(state, came(1))

    outcome = taken(state, act(2, "ada"))

    assert outcome.presences == {}
    assert entry(outcome)["data"]["presence"]["status"] == "on_site"


def test_an_act_that_comes_again_is_told_in_the_same_words() -> None:
    state = MemoryState()
    first = taken(state, came(1), act(2, "ada"))

    again = taken(state, went(3), act(2, "ada"))

    assert again.entry == first.entry


def test_a_notice_concerns_nobody() -> None:
    outcome = taken(MemoryState(), Notice(id="n", time=at(1), recorded=at(1)))

    assert outcome.presences == {}
    assert "subject" not in entry(outcome)


def test_a_void_before_the_fact_it_takes_back_counts() -> None:
    mistake = came(1)

    outcome = taken(MemoryState(), voided(mistake, minute=2), mistake)

    assert presence(outcome, "ada").data.status.value == "absent"


def test_a_copy_recorded_earlier_takes_the_place_of_the_first() -> None:
    state = MemoryState()
    first = joined(1, fact_id="same", recorded=9)
    taken(state, first)

    outcome = taken(state, replace(first, time=at(2), recorded=at(3)))

    assert entry(outcome)["data"]["fact"]["time"] == "1970-01-01T00:02:00.000Z"
    assert [fact["id"] for fact in presence(outcome, "ada").data.facts] == ["same"]


def test_a_copy_recorded_later_is_told_as_the_first_was() -> None:
    state = MemoryState()
    first = joined(1, fact_id="same", recorded=3)
    told = taken(state, first).entry

    outcome = taken(state, replace(first, time=at(2), recorded=at(9)))

    assert (outcome.entry, outcome.presences) == (told, {})


def test_the_worker_s_own_records_are_no_facts() -> None:
    state = MemoryState()
    record = taken(state, came(1)).presences["ada"]
    assert record is not None

    with pytest.raises(NotAnInputError, match="what attendance tells"):
        process(state, decode(record))


def test_an_event_whose_end_is_beyond_all_calendars_still_closes() -> None:
    document = json.loads(wire(event_as_of(9, closes_at=30)).to_bytes())
    document["data"] |= {"ends_at": "9999-12-31T23:59:59.999Z", "grace_seconds": 900}
    state = MemoryState()
    taken(state, came(1))

    outcome = process(state, decode(json.dumps(document).encode()))

    assert presence(outcome, "ada").data.intervals[0].end is not None
