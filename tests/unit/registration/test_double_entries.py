"""One ticket at two desks: what is a double entry, and what is not."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from services.registration.domain.checkins import Action, Outcome, Scan
from services.registration.domain.double_entries import double_entries

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def scan(
    minute: int,
    action: Action = Action.IN,
    device: str = "a",
    place_id: str | None = None,
    voided_by: str | None = None,
) -> Scan:
    at = NINE + timedelta(minutes=minute)
    return Scan(
        fact_id=f"fact-{minute}",
        event_id="evt_1",
        participant_id="par_1",
        action=action,
        outcome=Outcome.CHECKED_IN,
        at=at,
        recorded_at=at,
        device=device,
        place_id=place_id,
        voided_by=voided_by,
    )


def named(*scans: Scan) -> list[list[str]]:
    return [[entry.fact_id for entry in double.scans] for double in double_entries(scans)]


def test_two_desks_that_let_one_ticket_in_are_one_double_entry_in_whatever_order_their_scans_come() -> None:
    scans = scan(0), scan(2, device="b"), scan(4, device="c")
    for order in permutations(scans):
        assert named(*order) == [["fact-0", "fact-2", "fact-4"]]


def test_who_went_out_in_between_came_back() -> None:
    assert named(scan(0), scan(1, Action.OUT, "b"), scan(2, device="b")) == []


def test_the_same_desk_twice_a_voided_scan_and_a_room_are_no_double_entry() -> None:
    assert named(scan(0), scan(1)) == []
    assert named(scan(0), scan(1, device="b", voided_by="void")) == []
    assert named(scan(0), scan(1, device="b", place_id="room_1")) == []


def test_each_stay_may_have_a_double_entry_of_its_own() -> None:
    again = scan(5), scan(6, device="b")
    assert named(scan(0), scan(1, device="b"), scan(3, Action.OUT), *again) == [
        ["fact-0", "fact-1"],
        ["fact-5", "fact-6"],
    ]
