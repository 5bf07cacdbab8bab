"""Seats of an event under any sequence of what people and the clock do: never one too many, never out of turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.event import Event, EventStatus
from services.registration.domain.facts import SeatStep
from services.registration.domain.registrations import (
    Registration,
    accept_offer,
    change_mode,
    first_place,
    let_offer_pass,
    wait_no_more,
    withdraw,
)
from services.registration.domain.seating import SeatChange, Seating, settle
from services.registration.domain.seats import Capacity, Mode, Ranks, SeatStatus, Wish, has_free_seat

START: Final = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NO_SHOWS_FROM: Final = START + timedelta(minutes=30)
AT_A_TIME: Final = 2
"""So few of those who wait are looked at in one go that several are needed."""

Numbers = st.integers(0, 9)
Acts = st.one_of(
    st.tuples(st.just("register"), st.sampled_from(Wish)),
    st.tuples(st.just("register"), st.sampled_from(Wish)),
    st.tuples(st.just("move"), Numbers, st.sampled_from(Mode), st.booleans(), st.booleans()),
    st.tuples(st.sampled_from(["cancel", "accept", "decline", "wait no more", "come in"]), Numbers),
    st.tuples(st.just("add seats"), st.sampled_from(Mode)),
    st.tuples(st.just("let time pass"), st.sampled_from([1, 60, 61, 600])),
)


@dataclass
class House:
    """All the registrations of one event, in memory: what the database is to the use cases."""

    event: Event
    now: datetime = START - timedelta(minutes=300)
    seats: dict[str, Registration] = field(default_factory=dict)
    inside: set[str] = field(default_factory=set)
    released: bool = False

    @property
    def taken(self) -> Mapping[Mode, int]:
        offered = [seat.offer.mode for seat in self.seats.values() if seat.offer is not None]
        return {mode: sum(seat.holds is mode for seat in self.seats.values()) + offered.count(mode) for mode in Mode}

    def waiting(self, mode: Mode) -> list[Registration]:
        waiting = [seat for seat in self.seats.values() if mode in seat.ranks.modes and seat.offer is None]
        return sorted(waiting, key=lambda seat: seat.ranks.of(mode) or 0)

    @property
    def next_ranks(self) -> Ranks:
        ends = {mode: max((seat.ranks.of(mode) or 0 for seat in self.seats.values()), default=0) for mode in Mode}
        return Ranks(in_person=ends[Mode.IN_PERSON] + 1, remote=ends[Mode.REMOTE] + 1)

    @property
    def no_shows(self) -> list[Registration]:
        if self.now < NO_SHOWS_FROM:
            return []
        forsaken = [
            seat
            for seat in self.seats.values()
            if seat.holds is Mode.IN_PERSON
            and seat.changed_at < NO_SHOWS_FROM
            and seat.participant_id not in self.inside
        ]
        return sorted(forsaken, key=lambda seat: seat.created_at, reverse=True)

    def act(self, act: tuple[object, ...]) -> None:
        """Do one thing, where it is possible, and settle the seats."""
        match act:
            case ("register", Wish() as wish):
                self._register(wish)
            case ("add seats", Mode() as mode):
                seats = {mode.value: self.event.capacity.of(mode) or 0 for mode in Mode}
                seats[mode.value] += 2
                self.event = replace(self.event, capacity=Capacity(**seats))
            case ("let time pass", int() as minutes):
                self.now += timedelta(minutes=minutes)
                for seat in [seat for seat in self.seats.values() if seat.offer and seat.offer.until <= self.now]:
                    self._pass_offer(seat)
            case (str() as name, int() as number, *rest) if self.seats:
                seat = list(self.seats.values())[number % len(self.seats)]
                if seat.status is not SeatStatus.CANCELLED:
                    self._act_on(seat, name, *rest)
            case _:
                pass
        self._settle()

    def _act_on(self, seat: Registration, name: str, *how: object) -> None:
        match name, how:
            case "move", (Mode() as mode, *_) if seat.offer is not None and seat.offer.mode is mode:
                self._keep(accept_offer(seat, now=self.now))
            case "move", (Mode() as mode, bool() as keep_waiting, bool() as keep_seat) if mode is not seat.mode:
                free = has_free_seat(self.event.capacity, self.taken, mode)
                if seat.offer is not None and not keep_waiting and not (keep_seat and not free and seat.holds):
                    seat = let_offer_pass(seat, now=self.now)
                self._keep(
                    change_mode(
                        seat,
                        mode,
                        seat_is_free=free,
                        next_rank=self.next_ranks.of(mode) or 1,
                        keep_waiting=keep_waiting,
                        keep_seat=keep_seat,
                        now=self.now,
                    )
                )
            case "cancel", _:
                self._keep(withdraw(seat, now=self.now))
            case "accept", _ if seat.offer is not None:
                self._keep(accept_offer(seat, now=self.now))
            case "decline", _ if seat.offer is not None:
                self._pass_offer(seat)
            case "wait no more", _ if seat.holds is not None and seat.offer is None:
                self._keep(wait_no_more(seat, now=self.now))
            case "come in", _ if seat.holds is Mode.IN_PERSON:
                self.inside.add(seat.participant_id)

    def _register(self, wish: Wish) -> None:
        free = {mode: has_free_seat(self.event.capacity, self.taken, mode) for mode in Mode}
        place = first_place(wish, free=free, next_ranks=self.next_ranks)
        at = self.now + timedelta(milliseconds=len(self.seats))
        name = f"par_{len(self.seats)}"
        self.seats[name] = Registration(
            participant_id=name,
            event_id="evt_1",
            mode=place.mode,
            status=place.status,
            ranks=place.ranks,
            ticket=name,
            created_at=at,
            changed_at=at,
        )

    def _pass_offer(self, seat: Registration) -> None:
        passed = let_offer_pass(seat, now=self.now)
        self._keep(withdraw(passed, now=self.now) if passed.awaits_nothing else passed)

    def _keep(self, seat: Registration) -> None:
        assert seat.changed_at > self.seats[seat.participant_id].changed_at
        self.seats[seat.participant_id] = seat

    def _settle(self) -> None:
        while changes := settle(
            self.event,
            Seating(
                taken=self.taken,
                waiting={mode: self.waiting(mode)[:AT_A_TIME] for mode in Mode},
                no_shows=self.no_shows[:AT_A_TIME],
                claimants=[seat for seat in self.waiting(Mode.IN_PERSON) if seat.released_at is None][:AT_A_TIME],
                next_ranks=self.next_ranks,
            ),
            now=self.now,
        ):
            for change in changes:
                self._require_in_turn(change)
                self._keep(change.registration)

    def _require_in_turn(self, change: SeatChange) -> None:
        after = change.registration
        if change.step is SeatStep.RELEASED:
            assert after.participant_id == self.no_shows[0].participant_id
            self.released = True
            return
        mode = after.offer.mode if after.offer else after.mode
        assert has_free_seat(self.event.capacity, self.taken, mode)
        waiting = [seat for seat in self.waiting(mode) if seat.released_at is None or not self.released]
        assert waiting[0].participant_id == after.participant_id
        self.released = False
        assert (change.step is SeatStep.OFFERED) == (self.now < START)


@given(st.integers(0, 3), st.integers(0, 2), st.lists(Acts, min_size=12, max_size=40))
def test_no_seat_is_taken_twice_and_each_that_comes_free_goes_to_the_next(
    in_person: int, remote: int, acts: list[tuple[object, ...]]
) -> None:
    event = Event(
        event_id="evt_1",
        title="Colloque",
        starts_at=START,
        ends_at=START + timedelta(hours=8),
        timezone="Europe/Paris",
        changed_at=START - timedelta(days=30),
        status=EventStatus.PUBLISHED,
        capacity=Capacity(in_person=in_person, remote=remote),
        offer_minutes=60,
        no_show_minutes=30,
    )
    house = House(event)
    for act in acts:
        house.act(act)
        for mode in Mode:
            limit = house.event.capacity.of(mode)
            assert limit is not None
            assert house.taken[mode] <= limit
            assert not house.waiting(mode) or house.taken[mode] == limit
            ranks = [seat.ranks.of(mode) for seat in house.seats.values() if seat.ranks.of(mode)]
            assert len(set(ranks)) == len(ranks)
        for seat in house.seats.values():
            assert (seat.status is SeatStatus.CANCELLED) <= (not seat.ranks.modes and seat.offer is None)
            assert (seat.status is SeatStatus.WAITLISTED) <= bool(seat.ranks.modes)
            assert seat.holds not in seat.ranks.modes
            assert seat.offer is None or (seat.offer.mode in seat.ranks.modes and seat.offer.until <= START)
            assert house.now < START or seat.offer is None
