"""Addresses that registrations are known by: one that registers again, and one that was corrected."""

from datetime import datetime, timedelta
from typing import Final

from services.registration.application.ports import Writing
from services.registration.domain.letters import Letter, LetterKind
from services.registration.domain.registrations import Registration

PAUSE: Final = timedelta(minutes=10)
"""How long a person is left in peace: somebody else may be typing their address."""


async def write_again(transaction: Writing, event_id: str, email: str, *, now: datetime) -> bool:
    """Owe their personal link to those who are registered with this address; gives whether there are any.

    Whoever typed the address learns nothing.
    """
    known = await transaction.registered_as(event_id, email)
    kind = LetterKind.LINK_AGAIN
    for participant_id in known:
        if not await transaction.was_written(participant_id, kind, since=now - PAUSE):
            await transaction.send([Letter(kind=kind, event_id=event_id, participant_id=participant_id)])
    return bool(known)


async def write_of_seat(transaction: Writing, registration: Registration) -> None:
    """Owe somebody their ticket, or their place on the waitlist: the letter before may have reached nobody."""
    kind = LetterKind.REGISTERED if registration.holds else LetterKind.WAITLISTED
    event_id, participant_id = registration.event_id, registration.participant_id
    await transaction.send([Letter(kind=kind, event_id=event_id, participant_id=participant_id)])
