"""Addresses that registrations are known by: one that registers again, and one that was corrected."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.registration.application.enrolment import Register
from services.registration.application.ports import Writing
from services.registration.domain.known_addresses import AddressHolder, already_registered
from services.registration.domain.letters import Letter, LetterKind
from services.registration.domain.registrations import Registration

PAUSE: Final = timedelta(minutes=10)
"""How long a person is left in peace: somebody else may be typing their address."""


async def registered_already(transaction: Writing, event_id: str, command: Register) -> Sequence[AddressHolder]:
    """The registrations, not cancelled, of whoever wants to register; mostly none."""
    holders = await transaction.registered_as(event_id, command.person.email)
    return already_registered(
        holders, command.person, is_venue=command.headcount is not None, shares_address=command.shares_address
    )


async def write_again(transaction: Writing, event_id: str, known: Sequence[AddressHolder], *, now: datetime) -> None:
    """Owe their personal link to those who are registered: whoever typed their address learns nothing."""
    kind = LetterKind.LINK_AGAIN
    for holder in known:
        if not await transaction.was_written(holder.participant_id, kind, since=now - PAUSE):
            await transaction.send([Letter(kind=kind, event_id=event_id, participant_id=holder.participant_id)])


async def write_of_seat(transaction: Writing, registration: Registration) -> None:
    """Owe somebody their ticket, or their place on the waitlist: the letter before may have reached nobody."""
    kind = LetterKind.REGISTERED if registration.holds else LetterKind.WAITLISTED
    event_id, participant_id = registration.event_id, registration.participant_id
    await transaction.send([Letter(kind=kind, event_id=event_id, participant_id=participant_id)])
