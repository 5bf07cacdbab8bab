"""What a shop's tickets do here: register people, change what is known of them, or withdraw them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.audit import acting
from services.registration.application.imports import LineKeys
from services.registration.application.line_enrolment import carry_out, held_to_event, take_ticket
from services.registration.application.ports import Mint, Reading, Store, Writing
from services.registration.application.seat_changes import withdraw_seat
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.imports import ImportLine, Judged, Judgement, KnownParticipant, Refusal, judge
from services.registration.domain.instants import after
from services.registration.domain.registrations import Person
from services.registration.domain.seats import SeatStatus, Wish
from services.registration.domain.ticket_shops import (
    Fate,
    Leave,
    ShopTicket,
    Take,
    TicketShop,
    ToldTicket,
    Withdraw,
    decide,
    registered_again,
)
from services.registration.domain.tickets import ticket_of_another

_AT_A_TIME: Final = 25
"""Tickets in a transaction: others register meanwhile, and must not wait for long."""

TicketReader = Callable[[ShopTicket, Wish, str, str, LineKeys], ImportLine | Refusal]
"""Holds a ticket to the rules that everybody's registration is held to: with its mode, the language, and its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A ticket, by which key it is known, and what became of it before."""

    ticket: ShopTicket
    key: str
    before: Fate | None
    decision: Take | Withdraw | Leave
    line: ImportLine | Refusal | None

    def told(self, fate: Fate) -> ToldTicket:
        """What to keep of it."""
        if fate is Fate.ERASED:
            # The shop's numbers lead to whom it was for.
            return ToldTicket(key=self.key, order_id="", position_id="", fate=fate)
        ticket = self.ticket
        return ToldTicket(key=self.key, order_id=ticket.order_id, position_id=ticket.position_id, fate=fate)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTaking:
    """How tickets are taken, each as often as one likes: only what is new does something."""

    store: Store
    clock: Clock
    mint: Mint
    keys: LineKeys
    read: TicketReader

    async def foresee(self, shop: TicketShop, tickets: Sequence[ShopTicket]) -> Sequence[Fate]:
        """What would become of tickets; nothing happens.

        Raises:
            EventNotFoundError: if the shop's event is gone.
        """
        fates: list[Fate] = []
        async with self.store.reading() as view:
            event = await view.event(shop.event_id)
            for some in _parts(tickets):
                cases, known = await self._look_up(view, shop, some)
                fates += [_foreseen(case, known, event) for case in cases]
        return fates

    async def take(self, shop: TicketShop, tickets: Sequence[ShopTicket]) -> bool:
        """Do what tickets ask for, some at a time, each committed; False if the shop's terms changed meanwhile.

        Raises:
            ShopNotFoundError: if the shop is not connected any more.
        """
        for some in _parts(tickets):
            at: datetime | None = None
            async with self.store.writing() as transaction:
                event = await transaction.event(shop.event_id)
                stands = await transaction.shop(shop.event_id, shop.shop_id)
                if not stands.active or stands.terms != shop.terms or stands.identity != shop.identity:
                    return False
                with acting(shop.actor):
                    cases, known = await self._look_up(transaction, shop, some)
                    told = []
                    for case in cases:
                        at = after(at, now=self.clock())
                        fate = await self._take(transaction, event, shop, case, known, at=at)
                        told.append(case.told(fate))
                    await transaction.tell_tickets(event.event_id, shop.shop_id, told)
        return True

    async def _look_up(
        self, view: Reading, shop: TicketShop, tickets: Sequence[ShopTicket]
    ) -> tuple[Sequence[_Case], Sequence[KnownParticipant]]:
        keyed = {self.keys.of("ticket", shop.identity, ticket.position_id): ticket for ticket in tickets}
        told = await view.told_tickets(shop.event_id, list(keyed))
        cases = [self._case(shop, ticket, key, told) for key, ticket in keyed.items()]
        lines = [case.line for case in cases if isinstance(case.line, ImportLine)]
        return cases, await view.known_lines(shop.event_id, lines)

    def _case(self, shop: TicketShop, ticket: ShopTicket, key: str, told: Mapping[str, ToldTicket]) -> _Case:
        before = told[key].fate if key in told else None
        line: ImportLine | Refusal | None
        match decide(ticket, shop.terms, before):
            case Take(mode=mode) as decision:
                line = self.read(ticket, mode, shop.terms.language, key, self.keys)
                if isinstance(line, ImportLine) and ticket.secret is not None:
                    line = replace(line, ticket=ticket_of_another(shop.event_id, ticket.secret))
            case Withdraw() as decision:
                # Found by its key alone: of a void ticket shops forget whom it was for.
                nobody = Person(name="", email="", language=shop.terms.language)
                line = ImportLine(number=0, key=key, by_id=True, person=nobody, mode=Wish.EITHER, said={})
            case decision:
                line = None
        return _Case(ticket=ticket, key=key, before=before, decision=decision, line=line)

    async def _take(
        self,
        transaction: Writing,
        event: Event,
        shop: TicketShop,
        case: _Case,
        known: Sequence[KnownParticipant],
        *,
        at: datetime,
    ) -> Fate:
        if isinstance(case.decision, Leave):
            return case.decision.fate
        if not isinstance(case.line, ImportLine):
            return Fate(str(case.line))
        letters = shop.terms.letters
        if isinstance(case.decision, Withdraw):
            holder = next((each for each in known if each.key == case.key), None)
            return await self._withdraw(transaction, event, case.decision, holder, silent=not letters)
        judged = held_to_event(_judged(case, case.line, known), event)
        if judged.refusal is not None:
            return Fate(judged.refusal)
        now = self.clock()
        participant_id = await carry_out(transaction, event, judged, letters=letters, mint=self.mint, at=at, now=now)
        seat = await transaction.registration(event.event_id, participant_id)
        fate = _fate_of(case, judged, seat.status)
        if judged.known is not None and fate is not Fate.RECOGNISED:
            await take_ticket(transaction, seat, case.line.ticket, mint=self.mint, now=now)
        return fate

    async def _withdraw(
        self, transaction: Writing, event: Event, decision: Withdraw, holder: KnownParticipant | None, *, silent: bool
    ) -> Fate:
        if holder is not None and holder.status is SeatStatus.CANCELLED:
            return Fate.ERASED if holder.person is None else Fate.CANCELLED
        if holder is not None and event.status is not EventStatus.PUBLISHED:
            return Fate.EVENT_NOT_OPEN
        if holder is not None:
            seat = await transaction.registration(event.event_id, holder.participant_id)
            await withdraw_seat(transaction, event, seat, mint=self.mint, now=self.clock(), silent=silent)
        return decision.fate


def _judged(case: _Case, line: ImportLine, known: Sequence[KnownParticipant]) -> Judged:
    judged = judge(line, known)
    if judged.refusal is Refusal.CANCELLED and judged.known is not None and registered_again(case.before):
        return replace(judged, judgement=Judgement.NEW, refusal=None, known=None)
    return judged


def _fate_of(case: _Case, judged: Judged, status: SeatStatus) -> Fate:
    by_themselves = judged.known is not None and judged.known.key != case.key
    if by_themselves or case.before in {Fate.RECOGNISED, Fate.KEPT}:
        return Fate.RECOGNISED
    return Fate.WAITLISTED if status is SeatStatus.WAITLISTED else Fate.REGISTERED


def _foreseen(case: _Case, known: Sequence[KnownParticipant], event: Event) -> Fate:
    if isinstance(case.decision, Leave | Withdraw):
        return case.decision.fate
    if not isinstance(case.line, ImportLine):
        return Fate(str(case.line))
    judged = held_to_event(_judged(case, case.line, known), event)
    if judged.refusal is not None:
        return Fate(judged.refusal)
    return _fate_of(case, judged, SeatStatus.CONFIRMED if judged.known is None else judged.known.status)


def _parts(tickets: Sequence[ShopTicket]) -> Sequence[Sequence[ShopTicket]]:
    return [tickets[start : start + _AT_A_TIME] for start in range(0, len(tickets), _AT_A_TIME)]
