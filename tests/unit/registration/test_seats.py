"""Who gets a seat, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from services.registration.domain.errors import RegistrationCancelledError
from services.registration.domain.registrations import Registration, change_mode, confirm, withdraw
from services.registration.domain.seats import Capacity, Mode, SeatStatus, free_seats, has_free_seat

NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def a_registration(status: SeatStatus = SeatStatus.CONFIRMED, rank: int | None = None) -> Registration:
    return Registration(
        participant_id="par_1",
        event_id="evt_1",
        mode=Mode.IN_PERSON,
        status=status,
        ticket="0123456789AB",
        created_at=NOW,
        changed_at=NOW,
        rank=rank,
    )


@pytest.mark.parametrize(
    "limit,taken,free",
    [(None, 1000, None), (0, 0, 0), (10, 9, 1), (10, 10, 0), (10, 12, 0)],
)
def test_free_seats_are_what_the_capacity_leaves_and_never_less_than_none(
    limit: int | None, taken: int, free: int | None
) -> None:
    capacity = Capacity(in_person=limit)
    assert free_seats(capacity, {Mode.IN_PERSON: taken}, Mode.IN_PERSON) == free
    assert has_free_seat(capacity, {Mode.IN_PERSON: taken}, Mode.IN_PERSON) == (free != 0)


def test_the_modes_have_seats_of_their_own() -> None:
    capacity = Capacity(in_person=1, remote=1)
    assert not has_free_seat(capacity, {Mode.IN_PERSON: 1}, Mode.IN_PERSON)
    assert has_free_seat(capacity, {Mode.IN_PERSON: 1}, Mode.REMOTE)


def test_a_confirmed_person_waits_no_more() -> None:
    confirmed = confirm(a_registration(SeatStatus.WAITLISTED, rank=3), now=NOW + timedelta(minutes=1))
    assert (confirmed.status, confirmed.rank, confirmed.changed_at) == (
        SeatStatus.CONFIRMED,
        None,
        NOW + timedelta(minutes=1),
    )


def test_a_change_to_a_full_mode_leads_to_the_end_of_its_waitlist() -> None:
    moved = change_mode(a_registration(), Mode.REMOTE, seat_is_free=False, next_rank=7, now=NOW)
    assert (moved.mode, moved.status, moved.rank) == (Mode.REMOTE, SeatStatus.WAITLISTED, 7)
    assert moved.changed_at == NOW + timedelta(milliseconds=1)


def test_what_was_withdrawn_changes_no_more() -> None:
    withdrawn = withdraw(a_registration(SeatStatus.WAITLISTED, rank=3), now=NOW)
    assert (withdrawn.status, withdrawn.rank) == (SeatStatus.CANCELLED, None)
    with pytest.raises(RegistrationCancelledError):
        confirm(withdrawn, now=NOW)
    with pytest.raises(RegistrationCancelledError):
        change_mode(withdrawn, Mode.REMOTE, seat_is_free=True, next_rank=1, now=NOW)
    with pytest.raises(RegistrationCancelledError):
        withdraw(withdrawn, now=NOW)
