"""The decision at the door, case by case."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from services.registration.domain.checkins import (
    Action,
    CheckIn,
    Decision,
    Outcome,
    Refusal,
    Scan,
    TicketHolder,
    decide,
)
from services.registration.domain.event import EventStatus
from services.registration.domain.seats import Mode, SeatStatus

NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EARLIER: Final = NOW - timedelta(minutes=10)
EVENT: Final = "evt_1"


def a_holder(**changed: Any) -> TicketHolder:  # noqa: ANN401  (any field)
    given: dict[str, Any] = {
        "event_id": EVENT,
        "participant_id": "par_1",
        "mode": Mode.IN_PERSON,
        "status": SeatStatus.CONFIRMED,
    }
    return TicketHolder(**(given | changed))


def a_scan(action: Action, *, at: datetime = EARLIER) -> Scan:
    return Scan(
        fact_id="fact-1",
        event_id=EVENT,
        participant_id="par_1",
        action=action,
        outcome=Outcome.CHECKED_IN,
        at=at,
        recorded_at=at,
        gate="North",
    )


def decided(
    check_in: CheckIn,
    *,
    holder: TicketHolder | None = None,
    last: Scan | None = None,
    status: EventStatus = EventStatus.PUBLISHED,
) -> Decision:
    return decide(check_in, event_id=EVENT, event_status=status, holder=holder, last=last, now=NOW)


IN: Final = CheckIn(action=Action.IN)
OUT: Final = CheckIn(action=Action.OUT)


def test_a_confirmed_ticket_is_let_in_now() -> None:
    assert decided(IN, holder=a_holder()) == Decision(outcome=Outcome.CHECKED_IN, at=NOW)


def test_a_second_entry_is_recognised_with_where_and_when_and_nothing_is_recorded() -> None:
    before = a_scan(Action.IN)
    assert decided(IN, holder=a_holder(), last=before) == Decision(outcome=Outcome.ALREADY_IN, earlier=before)


def test_whoever_left_may_come_back() -> None:
    assert decided(IN, holder=a_holder(), last=a_scan(Action.OUT)).outcome is Outcome.CHECKED_IN


def test_whoever_is_in_may_leave() -> None:
    assert decided(OUT, holder=a_holder(), last=a_scan(Action.IN)) == Decision(outcome=Outcome.CHECKED_OUT, at=NOW)


def test_an_exit_without_an_entry_is_told_and_not_recorded() -> None:
    assert decided(OUT, holder=a_holder()) == Decision(outcome=Outcome.NOT_IN)


@pytest.mark.parametrize(
    "holder,reason",
    [
        (None, Refusal.UNKNOWN_TICKET),
        (a_holder(event_id="evt_2"), Refusal.OTHER_EVENT),
        (a_holder(status=SeatStatus.CANCELLED), Refusal.REGISTRATION_CANCELLED),
        (a_holder(status=SeatStatus.WAITLISTED), Refusal.WAITLISTED),
        (a_holder(mode=Mode.REMOTE), Refusal.REMOTE_TICKET),
    ],
)
def test_a_ticket_that_opens_no_seat_is_refused_with_its_reason(holder: TicketHolder | None, reason: Refusal) -> None:
    assert decided(IN, holder=holder) == Decision(outcome=Outcome.REFUSED, reason=reason)


@pytest.mark.parametrize(
    "status,reason",
    [
        (EventStatus.DRAFT, Refusal.EVENT_NOT_PUBLISHED),
        (EventStatus.CLOSED, Refusal.EVENT_CLOSED),
        (EventStatus.CANCELLED, Refusal.EVENT_CANCELLED),
    ],
)
def test_an_event_that_is_not_open_lets_nobody_in(status: EventStatus, reason: Refusal) -> None:
    assert decided(IN, holder=a_holder(), status=status).reason is reason


def test_an_offline_desk_may_send_its_scans_after_the_close() -> None:
    late = CheckIn(action=Action.IN, scanned_at=EARLIER)
    assert decided(late, holder=a_holder(), status=EventStatus.CLOSED) == Decision(
        outcome=Outcome.CHECKED_IN, at=EARLIER
    )


def test_whoever_is_still_inside_when_the_event_closes_can_leave() -> None:
    closed = decided(OUT, holder=a_holder(), last=a_scan(Action.IN), status=EventStatus.CLOSED)
    assert closed.outcome is Outcome.CHECKED_OUT
    assert decided(OUT, holder=a_holder(), status=EventStatus.CANCELLED).reason is Refusal.EVENT_CANCELLED


def test_an_offline_exit_is_recorded_even_before_its_entry_arrives() -> None:
    late = CheckIn(action=Action.OUT, scanned_at=EARLIER)
    assert decided(late, holder=a_holder()) == Decision(outcome=Outcome.NOT_IN, at=EARLIER)


def test_an_offline_entry_made_before_the_seat_moved_still_counts() -> None:
    late = CheckIn(action=Action.IN, scanned_at=EARLIER)
    assert decided(late, holder=a_holder(mode=Mode.REMOTE, moved_at=NOW)).outcome is Outcome.CHECKED_IN
    assert decided(late, holder=a_holder(mode=Mode.REMOTE, moved_at=EARLIER)).outcome is Outcome.REFUSED


def test_whoever_is_in_can_leave_though_the_registration_was_cancelled() -> None:
    holder = a_holder(status=SeatStatus.CANCELLED)
    assert decided(OUT, holder=holder, last=a_scan(Action.IN)).outcome is Outcome.CHECKED_OUT


def test_two_scans_of_one_person_never_share_an_instant() -> None:
    decision = decided(OUT, holder=a_holder(), last=a_scan(Action.IN, at=NOW))
    assert decision.at == NOW + timedelta(milliseconds=1)
