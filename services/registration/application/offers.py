"""Use cases about seats that come free: accept or decline an offer, and what the clock does to offers and no-shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.clock import Clock
from services.registration.application.ports import Mint, Participant, Store
from services.registration.application.seating import end_offer, record, settle_seats
from services.registration.domain.event import EventStatus
from services.registration.domain.facts import SeatStep
from services.registration.domain.registrations import accept_offer
from services.registration.domain.seating import SeatChange
from services.registration.domain.seats import Mode, OfferEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The seats on offer of all events. Every change and its facts are committed together."""

    store: Store
    clock: Clock
    mint: Mint

    async def accept(self, event_id: str, participant_id: str) -> Participant:
        """Take the seat that is kept for a participant; one held in the other mode goes to the next who waits for it.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
            EventStateError: if the event is not published.
            RegistrationCancelledError: if the registration was withdrawn.
            NoOfferError: if no seat is kept.
            OfferExpiredError: if it was kept until a time that has passed.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            before = await transaction.registration(event_id, participant_id)
            event.require_open("accept a seat")
            step = SeatStep.CONFIRMED if before.holds is None else SeatStep.MODE_CHANGED
            change = SeatChange(step=step, registration=accept_offer(before, now=now))
            await record(transaction, change, mint=self.mint, now=now)
            await settle_seats(transaction, event, mint=self.mint, now=now)
            return await transaction.participant(event_id, participant_id)

    async def decline(self, event_id: str, participant_id: str) -> Participant:
        """Leave the seat that is kept to the next who waits, and the waitlist of its mode with it.

        A seat held in the other mode stays. Raises as `accept` does, but for an expired offer: that is declined.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            before = await transaction.registration(event_id, participant_id)
            event.require_open("decline a seat")
            before.require_active()
            await end_offer(transaction, before, OfferEnd.DECLINED, mint=self.mint, now=now)
            await settle_seats(transaction, event, mint=self.mint, now=now)
            return await transaction.participant(event_id, participant_id)

    async def settle_due(self) -> Sequence[str]:
        """Do what is due by the clock; gives the events where something was.

        Offers whose time is up go to the next who waits. From the instant that an event sets, the seats in the room of
        who has not come go to who waits for one. Several processes may do this at once: each seat moves once.
        """
        now = self.clock()
        async with self.store.reading() as view:
            due = await view.events_to_settle(now=now)
        for event_id in due:
            async with self.store.writing() as transaction:
                event = await transaction.event(event_id)
                if event.status is not EventStatus.PUBLISHED:
                    continue
                for registration in await transaction.expired_offers(event_id, now=now):
                    await end_offer(transaction, registration, OfferEnd.EXPIRED, mint=self.mint, now=now)
                await settle_seats(transaction, event, mint=self.mint, now=now)
        return due

    async def waitlist(self, event_id: str, mode: Mode, *, after: int, limit: int) -> Sequence[Participant]:
        """Who waits for a mode or has an offer of it, in order; `after` is the rank of the last one already seen.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            await view.event(event_id)
            return await view.waitlist(event_id, mode, after=after, limit=limit)
