"""What is told of single facts. That it always agrees with the fold is a property (`tests/properties`)."""

import json
from dataclasses import replace
from typing import Any

from schemas.decode import decode
from schemas.presence import PresenceChanged
from services.attendance.application.partition_fold import (
    PartitionFold,
    RoundOutput,
)
from services.attendance.domain.facts import Act, Fact, Mode, Notice
from tests.fakes.attendance_state import MemoryStored
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
KEY = EVENT.encode()


def new_fold() -> PartitionFold:
    return PartitionFold(MemoryStored())


def taken(fold: PartitionFold, *facts: Fact) -> RoundOutput:
    """Take facts in; gives what the last led to."""
    for fact in facts[:-1]:
        fold.take(KEY, wire(fact).to_bytes())
    fold.flush()
    fold.take(KEY, wire(facts[-1]).to_bytes())
    return fold.flush()


def entries(output: RoundOutput) -> list[dict[str, Any]]:
    return [json.loads(value) for _, value in output.entries]


def entry(output: RoundOutput) -> dict[str, Any]:
    return entries(output)[0]


def subjects(output: RoundOutput) -> set[str]:
    return {key.decode().removeprefix(f"{EVENT}/") for key in output.presences}


def record(output: RoundOutput, subject: str) -> bytes | None:
    return output.presences[f"{EVENT}/{subject}".encode()]


def presence(output: RoundOutput, subject: str) -> PresenceChanged:
    value = record(output, subject)
    assert value is not None
    read = decode(value)
    assert isinstance(read, PresenceChanged)
    return read


def act(minute: float, subject: str) -> Act:
    return Act(id=f"act-{minute}", time=at(minute), recorded=at(minute), subject=subject)


def test_an_entry_has_the_id_and_times_of_its_fact_and_the_presence_it_led_to() -> None:
    outcome = taken(new_fold(), came(1, subject="ada"), went(5, subject="ada", fact_id="the-fact"))

    told = entry(outcome)
    assert (told["id"], told["time"], told["subject"]) == ("the-fact", "1970-01-01T00:05:00.000Z", "ada")
    assert told["data"]["fact"]["type"] == "passerelle.checkin.checked_out.v1"
    assert told["data"]["presence"] == {
        "status": "away",
        "seconds": {"in_person": 240.0, "remote": 0.0, "both": 0.0, "total": 240.0},
    }


def test_a_presence_says_which_facts_it_rests_on() -> None:
    record = presence(taken(new_fold(), seat(0, mode=Mode.IN_PERSON), came(1, fact_id="in")), "ada")

    assert [interval.facts for interval in record.data.intervals] == [("in",)]
    assert record.data.registered_mode is not None
    assert record.data.status.value == "on_site"


def test_a_fact_that_is_ignored_by_the_walk_is_told_all_the_same() -> None:
    outcome = taken(new_fold(), left(5))

    assert entry(outcome)["data"]["presence"]["status"] == "absent"


def test_a_guest_is_told_as_a_guest_and_after_a_link_as_the_participant_too() -> None:
    fold = new_fold()

    before = entry(taken(fold, joined(1, subject=GUEST)))
    link = taken(fold, linked(2, GUEST, "ada"))
    after = entry(taken(fold, left(5, subject=GUEST)))

    assert (before["subject"], before["data"]["guest_id"]) == (GUEST, GUEST)
    assert "participant_id" not in before["data"]
    assert (after["subject"], after["data"]["participant_id"], after["data"]["guest_id"]) == ("ada", "ada", GUEST)
    assert presence(link, "ada").data.status.value == "remote"
    assert presence(link, GUEST).data.linked_to == "ada"
    assert presence(link, GUEST).data.intervals == ()


def test_a_link_is_told_with_both_and_with_where_it_led() -> None:
    told = entry(taken(new_fold(), joined(1, subject=GUEST), linked(2, GUEST, "ada")))["data"]

    assert (told["participant_id"], told["guest_id"]) == ("ada", GUEST)
    assert told["presence"]["status"] == "remote"


def test_who_was_only_known_by_a_link_is_removed_when_it_is_undone() -> None:
    outcome = taken(new_fold(), joined(1, subject=GUEST), linked(2, GUEST, "ada"), unlinked(3, GUEST, "ada"))

    assert record(outcome, "ada") is None
    assert presence(outcome, GUEST).data.status.value == "remote"


def test_a_link_known_before_any_fact_of_the_guest_counts() -> None:
    outcome = taken(new_fold(), linked(2, GUEST, "ada"), joined(1, subject=GUEST))

    assert presence(outcome, "ada").data.status.value == "remote"


def test_a_closed_room_changes_those_in_it_and_nobody_else() -> None:
    outcome = taken(new_fold(), joined(1, subject="ada"), came(1, subject="bob"), room_closed(9))

    assert subjects(outcome) == {"ada"}
    assert presence(outcome, "ada").data.intervals[0].end_inferred == "room_closed"
    assert "presence" not in entry(outcome)["data"]


def test_a_room_that_opened_or_closed_before_is_known_to_who_comes_later() -> None:
    outcome = taken(new_fold(), room_closed(9), room_opened(0), joined(1))

    assert presence(outcome, "ada").data.intervals[0].end_inferred == "room_closed"


def test_a_closed_event_changes_all_who_are_still_there() -> None:
    fold = new_fold()
    taken(fold, joined(1), came(1, subject="bob"), came(1, subject="cy"), went(2, subject="cy"))

    outcome = taken(fold, event_as_of(9, closes_at=30))

    assert subjects(outcome) == {"ada", "bob"}


def test_an_edited_event_that_closes_nothing_changes_nobody() -> None:
    outcome = taken(new_fold(), came(1), event_as_of(9, closes_at=None))

    assert not outcome.presences


def test_an_act_is_told_and_touches_no_presence() -> None:
    fold = new_fold()
    taken(fold, came(1))

    outcome = taken(fold, act(2, "ada"))

    assert not outcome.presences
    assert entry(outcome)["data"]["presence"]["status"] == "on_site"


def test_an_act_that_comes_again_is_told_in_the_same_words() -> None:
    fold = new_fold()
    first = taken(fold, came(1), act(2, "ada"))

    again = taken(fold, went(3), act(2, "ada"))

    assert again.entries == first.entries


def test_a_notice_concerns_nobody() -> None:
    outcome = taken(new_fold(), Notice(id="n", time=at(1), recorded=at(1)))

    assert not outcome.presences
    assert "subject" not in entry(outcome)


def test_a_void_before_the_fact_it_takes_back_counts() -> None:
    mistake = came(1)

    outcome = taken(new_fold(), voided(mistake, minute=2), mistake)

    assert presence(outcome, "ada").data.status.value == "absent"


def test_a_copy_recorded_earlier_takes_the_place_of_the_first() -> None:
    fold = new_fold()
    first = joined(1, fact_id="same", recorded=9)
    taken(fold, first)

    outcome = taken(fold, replace(first, time=at(2), recorded=at(3)))

    assert entry(outcome)["data"]["fact"]["time"] == "1970-01-01T00:02:00.000Z"
    assert [interval.start.minute for interval in presence(outcome, "ada").data.intervals] == [2]


def test_a_copy_recorded_later_tells_nothing() -> None:
    fold = new_fold()
    first = joined(1, fact_id="same", recorded=3)
    taken(fold, first)

    outcome = taken(fold, replace(first, time=at(2), recorded=at(9)))

    assert (outcome.entries, outcome.presences) == ([], {})


def test_an_inferred_end_is_told_and_withdrawn_by_the_leave_that_came_late() -> None:
    fold = new_fold()
    told = entries(taken(fold, joined(1), room_closed(9)))[1]
    fact, data = told["data"]["fact"], told["data"]

    withdrawn = entries(taken(fold, left(8)))[1]

    assert (fact["type"], fact["time"]) == ("passerelle.attendance.end_inferred.v1", "1970-01-01T00:09:00.000Z")
    assert (data["participant_id"], data["fact"]["data"]["reason"]) == ("ada", "room_closed")
    assert data["presence"]["seconds"]["remote"] == 480.0
    assert withdrawn == told | {"data": data | {"withdrawn_at": "1970-01-01T00:08:00.000Z"}}


def test_an_inferred_end_that_a_crash_left_untold_is_told_when_its_cause_comes_again() -> None:
    stored, closed = MemoryStored(), room_closed(9)
    fold = PartitionFold(stored)
    stored.keep(taken(fold, joined(1)))
    output = taken(fold, closed)
    stored.keep(output, contexts=0)

    again = taken(PartitionFold(stored), closed)

    assert again.entries == output.entries
    assert (again.presences, again.contexts) == ({}, output.contexts)


def test_inferred_ends_are_told_again_once_after_a_restart_however_often_their_cause_comes_again() -> None:
    stored, closed = MemoryStored(), room_closed(9)
    fold = PartitionFold(stored)
    for number in range(9):
        stored.keep(taken(fold, joined(1, subject=f"p{number}")))
    output = taken(fold, closed)
    stored.keep(output)
    restarted = PartitionFold(stored)

    again = taken(restarted, closed)

    assert len(output.entries) == 10
    assert sorted(again.entries) == sorted(output.entries)
    for one in (fold, restarted):
        assert [len(taken(one, closed).entries) for _ in range(3)] == [1, 1, 1]


def test_a_time_in_the_future_is_told_as_suspect_and_left_out() -> None:
    outcome = taken(new_fold(), replace(came(30, fact_id="odd"), recorded=at(1)))

    assert entry(outcome)["data"]["suspect_time"] == "future"
    assert presence(outcome, "ada").data.suspect == ("odd",)
    assert presence(outcome, "ada").data.intervals == ()


def test_the_record_of_a_person_with_four_stays_is_small() -> None:
    fold, day = new_fold(), range(10, 90, 10)
    facts = [came(minute) if minute % 20 else went(minute) for minute in day]

    outcome = taken(fold, seat(0), *facts)

    assert len(presence(outcome, "ada").data.intervals) == 4
    assert len(record(outcome, "ada") or b"") < 2048


def test_an_event_whose_end_is_beyond_all_calendars_still_closes() -> None:
    document = json.loads(wire(event_as_of(9, closes_at=30)).to_bytes())
    document["data"] |= {"ends_at": "9999-12-31T23:59:59.999Z", "grace_seconds": 900}
    document["data"].pop("closed_at", None)
    fold = new_fold()
    taken(fold, came(1))

    fold.take(KEY, json.dumps(document).encode())

    assert presence(fold.flush(), "ada").data.intervals[0].end is not None
