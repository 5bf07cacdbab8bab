"""What a shop's ticket asks for."""

import pytest

from services.registration.domain.seats import Wish
from services.registration.domain.ticket_shops import (
    Fate,
    Leave,
    ShopTicket,
    Take,
    Terms,
    TicketState,
    Withdraw,
    decide,
)

TERMS = Terms(modes={"room": Wish.IN_PERSON, "lunch": None})


def ticket(state: TicketState = TicketState.VALID, kind: str = "room") -> ShopTicket:
    return ShopTicket(order_id="A1", position_id="1", kind_id=kind, state=state)


@pytest.mark.parametrize(
    "state, unpaid, before, decision",
    [
        (TicketState.VALID, False, None, Take(mode=Wish.IN_PERSON)),
        (TicketState.PENDING, False, None, Leave(fate=Fate.PENDING)),
        (TicketState.PENDING, True, None, Take(mode=Wish.IN_PERSON)),
        (TicketState.UNAPPROVED, True, None, Leave(fate=Fate.PENDING)),
        (TicketState.PENDING, False, Fate.REGISTERED, Take(mode=Wish.IN_PERSON)),
        (TicketState.CANCELLED, False, None, Leave(fate=Fate.WITHDRAWN)),
        (TicketState.CANCELLED, False, Fate.WAITLISTED, Withdraw(fate=Fate.WITHDRAWN)),
        (TicketState.CANCELLED, False, Fate.RECOGNISED, Leave(fate=Fate.KEPT)),
        (TicketState.CANCELLED, False, Fate.ERASED, Leave(fate=Fate.ERASED)),
    ],
)
def test_a_ticket_registers_waits_or_is_withdrawn(
    state: TicketState, unpaid: bool, before: Fate | None, decision: Take | Withdraw | Leave
) -> None:
    assert decide(ticket(state), Terms(modes=TERMS.modes, unpaid=unpaid), before) == decision


def test_who_was_registered_by_a_ticket_for_no_one_is_withdrawn_and_a_new_kind_changes_nothing() -> None:
    assert decide(ticket(kind="lunch"), TERMS, None) == Leave(fate=Fate.LEFT_OUT)
    assert decide(ticket(kind="lunch"), TERMS, Fate.REGISTERED) == Withdraw(fate=Fate.LEFT_OUT)
    assert decide(ticket(kind="new"), TERMS, Fate.REGISTERED) == Leave(fate=Fate.KIND_UNKNOWN)
