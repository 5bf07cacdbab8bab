"""Writes letters: one message with text, HTML, the ticket and the calendar entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.chassis.clock import Clock
from services.registration.adapters.letters.enclosures import Enclosures, session_lines, when, where
from services.registration.adapters.letters.information import information, reply_to
from services.registration.adapters.letters.languages import HERE, Tongue, Tongues
from services.registration.adapters.letters.wording import Occasion, words_of
from services.registration.application.chosen_sessions import ChosenSession, clashes
from services.registration.application.letters import StoredLetter
from services.registration.application.personal_links import PersonalLinks
from services.registration.application.ports import Participant
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.letters import Letter
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.tickets import spell

TICKET_PICTURE: Final = "ticket@passerelle"
"""The Content-ID of the QR code, which the HTML shows as `cid:`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stand:
    """What a registration allows now."""

    holds_ticket: bool
    may_join: bool

    @classmethod
    def of(cls, event: Event, participant: Participant) -> "_Stand":
        seat = participant.registration
        seated = event.status is EventStatus.PUBLISHED and seat.status is SeatStatus.CONFIRMED
        remote = seat.mode is Mode.REMOTE
        return cls(holds_ticket=seated and not remote, may_join=seated and remote and bool(event.rooms_from_afar))


class MailComposer:
    """Writes letters; implements the port `Composer`."""

    def __init__(self, *, links: PersonalLinks, enclosures: Enclosures, sender: str, clock: Clock) -> None:
        """`sender` is whom letters come from: an address, with or without a name."""
        self._links = links
        self._enclosures = enclosures
        self._clock = clock
        name, address = parseaddr(sender)
        self._sender = Address(display_name=name, addr_spec=address)
        self._tongues = Tongues.load()
        loader = FileSystemLoader(HERE / "templates")
        self._html = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
        self._text = Environment(loader=loader, autoescape=False, undefined=StrictUndefined)  # noqa: S701  (no markup)
        for environment in (self._html, self._text):
            environment.trim_blocks = environment.lstrip_blocks = True

    def compose(
        self,
        stored: StoredLetter,
        event: Event,
        participant: Participant,
        sessions: Sequence[ChosenSession],
        *,
        kept_until: datetime,
    ) -> EmailMessage:
        """See the port."""
        person = participant.person
        if person is None:
            raise ValueError("an erased person gets no letter")
        tongue = self._tongues.of(person.language)
        words = words_of(Occasion(letter=stored.letter, event=event, participant=participant, tongue=tongue))
        stand = _Stand.of(event, participant)
        facts = _facts(event, participant, stand, tongue)
        # What does not take place any more needs no agenda.
        chosen = () if event.status is EventStatus.CANCELLED else sessions
        if lines := session_lines(chosen, event, tongue):
            facts.append((tongue.texts.gettext("Your sessions"), " · ".join(lines)))
        if pairs := [f"{one.title} / {other.title}" for one, other in clashes(chosen)]:
            facts.append((tongue.texts.gettext("At the same time, so keep one of them"), " · ".join(pairs)))
        shown = {
            "language": tongue.language,
            "subject": words.subject,
            "greeting": tongue.texts.gettext("Hello %(name)s,") % {"name": person.name},
            "paragraphs": words.paragraphs,
            "event": event.title,
            "facts": facts,
            "lines": [
                tongue.texts.gettext("%(label)s: %(value)s") % {"label": label, "value": value}
                for label, value in facts
            ],
            "links": self._links_of(event, participant, stand, tongue),
            "led_to_by": tongue.texts.gettext("%(label)s:"),
            "picture": TICKET_PICTURE if stand.holds_ticket else None,
            "picture_text": tongue.texts.gettext("QR code of ticket %(code)s")
            % {"code": spell(participant.registration.ticket)},
            "footer": information(
                stored.letter.kind, event, tongue, kept_until=kept_until, public_url=self._links.public_url
            ),
        }
        message = EmailMessage(policy=SMTP)
        message["Subject"] = words.subject
        message["From"] = self._sender
        message["To"] = Address(display_name=person.name, addr_spec=person.email)
        if event.data_contact is not None:
            message["Reply-To"] = reply_to(event.data_contact)
        message["Date"] = format_datetime(self._clock())
        # The same each time it is tried, so that a repetition is known for one.
        message["Message-ID"] = f"<letter.{stored.number}.{stored.letter.participant_id}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self._text.get_template("letter.txt").render(shown))
        message.add_alternative(self._html.get_template("letter.html").render(shown), subtype="html")
        self._enclose(message, event, participant, sessions, stand=stand, tongue=tongue)
        # Last: what is set before goes with the text into its part.
        message["Content-Language"] = tongue.language
        return message

    def subject(self, letter: Letter, event: Event, participant: Participant) -> str:
        """See the port."""
        person = participant.person
        if person is None:
            raise ValueError("an erased person gets no letter")
        tongue = self._tongues.of(person.language)
        return words_of(Occasion(letter=letter, event=event, participant=participant, tongue=tongue)).subject

    def _links_of(self, event: Event, participant: Participant, stand: _Stand, tongue: Tongue) -> list[tuple[str, str]]:
        whose = {"event_id": event.event_id, "participant_id": participant.registration.participant_id}
        gettext = tongue.texts.gettext
        links = [(gettext("Your personal page"), self._links.confirmation_url(**whose))]
        if stand.may_join:
            meeting = (gettext("Join the meeting"), self._links.join_url(**whose))
            streams = (gettext("Follow the event"), self._links.live_url(**whose))
            wanted = [(meeting, event.conference_room is not None), (streams, any(r.stream for r in event.rooms))]
            links = [*(link for link, there in wanted if there), *links]
        return links

    def _enclose(
        self,
        message: EmailMessage,
        event: Event,
        participant: Participant,
        sessions: Sequence[ChosenSession],
        *,
        stand: _Stand,
        tongue: Tongue,
    ) -> None:
        gettext, made = tongue.texts.gettext, self._enclosures
        if stand.holds_ticket:
            html = message.get_payload()[1]  # type: ignore[index]  # text and HTML, as just added
            picture = made.qr_png(participant.registration)
            html.add_related(picture, "image", "png", cid=f"<{TICKET_PICTURE}>", filename="qr.png")  # type: ignore[union-attr]
            ticket = made.ticket_pdf(event, participant, tongue.language, sessions)
            message.add_attachment(ticket, "application", "pdf", filename=gettext("ticket.pdf"))
        entry = made.calendar_entry(event, participant, tongue.language, sessions)
        method = "CANCEL" if b"\r\nMETHOD:CANCEL\r\n" in entry else "PUBLISH"
        message.add_attachment(entry, "text", "calendar", filename=gettext("event.ics"), params={"method": method})


def _facts(event: Event, participant: Participant, stand: _Stand, tongue: Tongue) -> list[tuple[str, str]]:
    gettext, seat = tongue.texts.gettext, participant.registration
    facts = [(gettext("When"), when(event, tongue))]
    if seat.mode is not Mode.REMOTE and event.rooms:
        facts.append((gettext("Where"), where(event)))
    if stand.holds_ticket:
        facts.append((gettext("Ticket code"), spell(seat.ticket)))
    return facts
