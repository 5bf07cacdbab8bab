"""Who gets a seat, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from services.registration.domain.errors import NoOfferError, OfferExpiredError, RegistrationCancelledError
from services.registration.domain.registrations import (
    Place,
    Registration,
    accept_offer,
    change_mode,
    first_place,
    give_seat,
    let_offer_pass,
    offer_seat,
    release,
    withdraw,
)
from services.registration.domain.seats import Capacity, Mode, Ranks, SeatStatus, Wish, free_seats, has_free_seat

NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER: Final = NOW + timedelta(minutes=1)
NEXT: Final = Ranks(in_person=7, remote=4)


def a_registration(
    status: SeatStatus = SeatStatus.CONFIRMED, *, mode: Mode = Mode.IN_PERSON, ranks: Ranks | None = None
) -> Registration:
    return Registration(
        participant_id="par_1",
        event_id="evt_1",
        mode=mode,
        status=status,
        ticket="0123456789AB",
        created_at=NOW,
        changed_at=NOW,
        ranks=ranks or Ranks(),
    )


def in_the_remote_hall_waiting_for_the_room() -> Registration:
    return a_registration(mode=Mode.REMOTE, ranks=Ranks(in_person=3))


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


@pytest.mark.parametrize(
    "wish,room,remote,place",
    [
        (Wish.IN_PERSON, True, True, Place(mode=Mode.IN_PERSON, status=SeatStatus.CONFIRMED)),
        (
            Wish.IN_PERSON,
            False,
            True,
            Place(mode=Mode.IN_PERSON, status=SeatStatus.WAITLISTED, ranks=Ranks(in_person=7)),
        ),
        (Wish.EITHER, True, True, Place(mode=Mode.IN_PERSON, status=SeatStatus.CONFIRMED)),
        (Wish.EITHER, False, True, Place(mode=Mode.REMOTE, status=SeatStatus.CONFIRMED, ranks=Ranks(in_person=7))),
        (Wish.EITHER, False, False, Place(mode=Mode.IN_PERSON, status=SeatStatus.WAITLISTED, ranks=NEXT)),
    ],
)
def test_either_is_the_room_else_a_remote_seat_with_a_rank_for_the_room(
    wish: Wish, *, room: bool, remote: bool, place: Place
) -> None:
    assert first_place(wish, free={Mode.IN_PERSON: room, Mode.REMOTE: remote}, next_ranks=NEXT) == place


def test_who_gets_the_room_gives_the_remote_seat_back_and_waits_no_more() -> None:
    seated = give_seat(in_the_remote_hall_waiting_for_the_room(), Mode.IN_PERSON, now=LATER)
    assert (seated.holds, seated.ranks, seated.moved_at) == (Mode.IN_PERSON, Ranks(), LATER)


def test_who_waits_for_either_and_gets_a_remote_seat_goes_on_waiting_for_the_room() -> None:
    seated = give_seat(a_registration(SeatStatus.WAITLISTED, ranks=NEXT), Mode.REMOTE, now=LATER)
    assert (seated.holds, seated.ranks) == (Mode.REMOTE, Ranks(in_person=7))


def test_an_offer_is_taken_in_time_or_not_at_all() -> None:
    offered = offer_seat(in_the_remote_hall_waiting_for_the_room(), Mode.IN_PERSON, until=LATER, now=NOW)
    assert accept_offer(offered, now=LATER - timedelta(milliseconds=1)).holds is Mode.IN_PERSON
    with pytest.raises(OfferExpiredError):
        accept_offer(offered, now=LATER)
    passed = let_offer_pass(offered, now=LATER)
    assert (passed.holds, passed.ranks, passed.offer) == (Mode.REMOTE, Ranks(), None)
    with pytest.raises(NoOfferError):
        accept_offer(passed, now=NOW)


def test_a_change_to_a_full_mode_leads_to_the_end_of_its_waitlist() -> None:
    moved = change_mode(a_registration(), Mode.REMOTE, seat_is_free=False, next_rank=7, now=NOW)
    assert (moved.mode, moved.status, moved.ranks) == (Mode.REMOTE, SeatStatus.WAITLISTED, Ranks(remote=7))
    assert moved.changed_at == NOW + timedelta(milliseconds=1)


def test_a_seat_can_be_kept_while_its_holder_waits_for_the_other() -> None:
    kept = change_mode(a_registration(), Mode.REMOTE, seat_is_free=False, next_rank=7, keep_seat=True, now=LATER)
    assert (kept.holds, kept.ranks, kept.moved_at) == (Mode.IN_PERSON, Ranks(remote=7), None)


def test_a_remote_seat_taken_meanwhile_keeps_the_rank_for_the_room() -> None:
    waiting = a_registration(SeatStatus.WAITLISTED, ranks=Ranks(in_person=3))
    moved = change_mode(waiting, Mode.REMOTE, seat_is_free=True, next_rank=1, keep_waiting=True, now=LATER)
    assert (moved.holds, moved.ranks) == (Mode.REMOTE, Ranks(in_person=3))


@pytest.mark.parametrize("free,holds,ranks", [(True, Mode.REMOTE, Ranks(in_person=7)), (False, None, NEXT)])
def test_who_never_came_has_a_remote_seat_if_there_is_one_and_waits_last(
    free: bool, holds: Mode | None, ranks: Ranks
) -> None:
    released = release(a_registration(), remote_seat_is_free=free, next_ranks=NEXT, now=LATER)
    assert (released.holds, released.ranks, released.released_at) == (holds, ranks, LATER)


def test_what_was_withdrawn_changes_no_more() -> None:
    withdrawn = withdraw(a_registration(SeatStatus.WAITLISTED, ranks=NEXT), now=NOW)
    assert (withdrawn.status, withdrawn.ranks) == (SeatStatus.CANCELLED, Ranks())
    with pytest.raises(RegistrationCancelledError):
        give_seat(withdrawn, Mode.IN_PERSON, now=NOW)
    with pytest.raises(RegistrationCancelledError):
        change_mode(withdrawn, Mode.REMOTE, seat_is_free=True, next_rank=1, now=NOW)
    with pytest.raises(RegistrationCancelledError):
        withdraw(withdrawn, now=NOW)
