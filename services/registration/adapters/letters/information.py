"""What letters tell of the data of whom they are for: who answers for it, and, the first time, all the rest."""

from datetime import datetime
from email.headerregistry import Address
from typing import Final

from services.registration.adapters.letters.languages import Tongue
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.letters import LetterKind

_FIRST: Final = frozenset({LetterKind.REGISTERED, LetterKind.WAITLISTED})
"""The letters that somebody gets first, also whoever was registered by others: on a list, in a shop, at the door."""


def information(kind: LetterKind, event: Event, tongue: Tongue, *, kept_until: datetime, public_url: str) -> list[str]:
    """The paragraphs at the foot of a letter."""
    gettext, contact = tongue.texts.gettext, event.data_contact
    over = event.status is EventStatus.CANCELLED or kind is LetterKind.CANCELLED
    lines = [
        gettext(
            "You get this message because this address was given to register for this event. On your personal page"
            " you can see what is known of you, and have it erased."
        )
        if over
        else gettext(
            "You get this message because this address was given to register for this event. On your personal page"
            " you can change or cancel your registration, see what is known of you, and have it erased."
        )
    ]
    if contact is not None:
        whose = gettext("%(controller)s answers for your data: %(email)s.")
        lines.append(whose % {"controller": contact.controller, "email": contact.email})
        if contact.postal_address:
            lines[-1] += f" {contact.postal_address}."
        if contact.officer:
            officer = gettext("Data protection officer: %(officer)s.")
            lines[-1] += " " + officer % {"officer": contact.officer}
    if kind in _FIRST:
        told = gettext(
            "Your data serves to prepare the event, to write to you, to welcome you and to establish who attended"
            " (needed for you to take part: contract), and to what you consented to, as long as you do. It is "
            "kept until %(day)s at the latest. You can see, correct, take along and erase it, object to its use "
            "or limit it; the CNIL (www.cnil.fr) receives complaints. All about it: %(url)s"
        )
        url = f"{public_url}/e/{event.event_id}/privacy"
        lines.append(told % {"day": tongue.formats["format_date"](kept_until, event.timezone, "long"), "url": url})
    return lines


def reply_to(contact: DataContact) -> Address:
    """Where answers to a letter go: to who answers for the event, and not to the machine that sends it."""
    return Address(display_name=contact.controller, addr_spec=contact.email)
