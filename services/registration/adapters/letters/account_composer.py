"""Writes the letters of accounts: sign-in links and invitations, as text and HTML."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.chassis.access import Role
from services.chassis.clock import Clock
from services.chassis.pages.languages import mark
from services.registration.adapters.letters.information import reply_to
from services.registration.adapters.letters.languages import HERE, Tongue, Tongues
from services.registration.application.account_letters import StoredAccountLetter
from services.registration.application.account_ports import Account
from services.registration.application.address_change import CONFIRMATION, UNDO
from services.registration.application.email_sign_in import INVITATION, SIGN_IN, EmailedLinks
from services.registration.domain.event import Event

_AT_EVENT: Final = {
    Role.ORGANIZER: mark("You are invited to organize this event with Passerelle: registrations, the doors, the day."),
    Role.DESK: mark("You are invited to the check-in desk of this event."),
    Role.ANALYST: mark("You are invited to see the attendance of this event."),
}
_EVERYWHERE: Final = {
    Role.ORGANIZER: mark("You are invited to organize all events of this Passerelle."),
    Role.DESK: mark("You are invited to the check-in desks of all events of this Passerelle."),
    Role.ANALYST: mark("You are invited to see the attendance of all events of this Passerelle."),
}

_SUBJECTS: Final = {
    SIGN_IN: mark("Your sign-in link"),
    INVITATION: mark("Invitation: %(event)s"),
    CONFIRMATION: mark("Confirm your new address"),
    UNDO: mark("The address of your account has changed"),
}
_DOES: Final = {
    SIGN_IN: mark("Sign in"),
    INVITATION: mark("Sign in"),
    CONFIRMATION: mark("Confirm this address"),
    UNDO: mark("Take the change back"),
}


class AccountMailComposer:
    """Writes them; implements the port `AccountComposer`."""

    def __init__(self, *, links: EmailedLinks, sender: str, clock: Clock) -> None:
        """`sender` is whom letters come from: an address, with or without a name."""
        self._links = links
        self._clock = clock
        name, address = parseaddr(sender)
        self._sender = Address(display_name=name, addr_spec=address)
        self._tongues = Tongues.load()
        loader = FileSystemLoader(HERE / "templates")
        self._html = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
        self._text = Environment(loader=loader, autoescape=False, undefined=StrictUndefined)  # noqa: S701  (no markup)
        for environment in (self._html, self._text):
            environment.trim_blocks = environment.lstrip_blocks = True

    def compose(self, stored: StoredAccountLetter, account: Account, event: Event | None) -> EmailMessage:
        """See the port."""
        tongue = self._tongues.of(account.language)
        gettext = tongue.texts.gettext
        subject = gettext(_SUBJECTS[stored.link.kind]) % {"event": event.title if event else "Passerelle"}
        shown = {
            "language": tongue.language,
            "subject": subject,
            "greeting": gettext("Hello %(name)s,") % {"name": account.name},
            "paragraphs": self._paragraphs(stored, account, event, tongue),
            "event": event.title if event else "Passerelle",
            "facts": [],
            "lines": [],
            "led_to_by": gettext("%(label)s:"),
            "links": [(gettext(_DOES[stored.link.kind]), self._links.url(stored.link))],
            "picture": None,
            "picture_text": "",
            "footer": [
                gettext("You get this message because somebody gave this address at %(site)s.")
                % {"site": self._links.public_url}
            ],
        }
        message = EmailMessage(policy=SMTP)
        message["Subject"] = subject
        message["From"] = self._sender
        message["To"] = Address(display_name=account.name, addr_spec=stored.link.address or account.email)
        if event is not None and event.data_contact is not None:
            message["Reply-To"] = reply_to(event.data_contact)
        message["Date"] = format_datetime(self._clock())
        # The same each time it is tried, so that a repetition is known for one.
        message["Message-ID"] = f"<account-letter.{stored.number}.{account.account_id}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self._text.get_template("letter.txt").render(shown))
        message.add_alternative(self._html.get_template("letter.html").render(shown), subtype="html")
        # Last: each part that is set takes such headers of the whole for its own.
        message["Content-Language"] = tongue.language
        return message

    def _paragraphs(
        self, stored: StoredAccountLetter, account: Account, event: Event | None, tongue: Tongue
    ) -> list[str]:
        gettext = tongue.texts.gettext
        if stored.link.kind == CONFIRMATION:
            becomes = gettext("This address is to become that of your account at %(site)s, instead of %(address)s.")
            return [
                becomes % {"site": self._links.public_url, "address": account.email},
                gettext("Confirm it within a day. If you did not ask for it, you need not do anything."),
            ]
        if stored.link.kind == UNDO:
            now = gettext("The address of your account at %(site)s is no longer this one.")
            return [
                now % {"site": self._links.public_url},
                gettext(
                    "If that was not you, take it back within 14 days: this address is that of your account again, and"
                    " all who are signed in with it are signed out."
                ),
            ]
        if stored.link.kind == SIGN_IN:
            once = gettext("This link signs you in. It is good once, for a quarter of an hour.")
            return [
                once,
                gettext("If you did not ask for it, you need not do anything: nobody is signed in without it."),
            ]
        words = (_EVERYWHERE if event is None else _AT_EVENT)[stored.link.role or Role.ORGANIZER]
        return [
            gettext(words),
            gettext(
                "The link below signs you in. It is good once, for a week; after that, ask for a new one on the sign-in"
                " page with this address. Do not pass it on."
            ),
        ]
