"""A shop's ticket read as somebody to register, by the rules of lists brought as files."""

from dataclasses import replace

from services.registration.application.imports import LineKeys
from services.registration.domain.imports import Choices, ImportLine, Refusal
from services.registration.domain.seats import Wish
from services.registration.domain.ticket_shops import ShopTicket
from services.registration.web.import_lines import read_line


def read_ticket(ticket: ShopTicket, mode: Wish, language: str, key: str, keys: LineKeys) -> ImportLine | Refusal:
    """Whom a ticket is for, or why they cannot be registered."""
    told = {"name": ticket.name, "email": ticket.email, "language": ticket.language or "", "mode": mode.value}
    told = {field: text for field, text in told.items() if text} | {"external_id": key}
    if not ticket.email:
        return Refusal.EMAIL_MISSING if ticket.name else Refusal.NAME_MISSING
    line = read_line(0, told, Choices(columns=(), mode=mode, language=language), keys)
    return line if isinstance(line, Refusal) else replace(line, key=key)
