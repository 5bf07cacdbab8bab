"""What somebody learns at once who registers: a stranger, nothing that tells whether an address is known."""

from aiohttp import web

from services.chassis.access import Role, grant_of
from services.registration.web.rate_limits import is_on_this_machine
from services.registration.web.use_cases import use_cases


def may_know_who_is_registered(request: web.Request, event_id: str) -> bool:
    """Whether it is an organizer of the event: they read the list of registrations anyway."""
    grant = grant_of(request)
    return grant is not None and grant.allows(event_id=event_id)


def sees_ticket_at_once(request: web.Request, event_id: str) -> bool:
    """Whether the answer may bring the ticket; everybody else has it in the letter, as who is registered already has.

    That is who welcomes people to the event, and, where no mail leaves, whoever sits at this machine and can read the
    letters on its disk.
    """
    grant = grant_of(request)
    if grant is not None and grant.allows(Role.DESK, event_id=event_id):
        return True
    return use_cases(request).settings.smtp_server is None and is_on_this_machine(request)
