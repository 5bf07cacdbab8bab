"""Letters to participants: sent to a real mail server, or kept for the organizer."""

import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import icalendar
import pytest
import pytest_asyncio
from pypdf import PdfReader

from services.chassis.clock import system_clock
from services.registration.application.letters import LEASE
from services.registration.bootstrap import MIGRATIONS
from services.registration.domain.letters import GIVE_UP_AFTER
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.mail_server import MailServer, mail_server
from tests.integration.running_registration import RunningRegistration, running_registration
from tests.integration.test_registration_public_pages import a_form
from tests.verapdf import assert_pdf_ua

SENDER = "Colloque <tickets@example.org>"


class MovableClock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> Any:  # noqa: ANN401
        return system_clock() + self.ahead


@pytest_asyncio.fixture
async def mails() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest_asyncio.fixture
async def mailing(
    tmp_path: Path, new_database: NewDatabase, mails: MailServer, clock: MovableClock
) -> AsyncIterator[RunningRegistration]:
    """The registration service with a mail server."""
    database = await new_database(MIGRATIONS)
    async with running_registration(
        tmp_path, database=database, clock=clock, smtp_url=mails.url, mail_sender=SENDER
    ) as running:
        yield running


async def deliver(service: RunningRegistration) -> None:
    while await service.parts.use_cases.letters.deliver_due():
        pass


def enclosed(message: EmailMessage, kind: str) -> bytes:
    (found,) = (part for part in message.walk() if part.get_content_type() == kind)
    content = found.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def entry_of(message: EmailMessage) -> tuple[str, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(enclosed(message, "text/calendar"))
    return str(calendar["METHOD"]), calendar.events[0]


async def test_a_ticket_is_mailed_in_the_language_of_its_holder_with_qr_code_pdf_and_calendar_entry(
    mailing: RunningRegistration, mails: MailServer
) -> None:
    event_id = await mailing.event(title="Colloque d’été")
    registered = await mailing.register(event_id)
    await deliver(mailing)
    (message,) = mails.taken
    assert message["Content-Language"] == "fr"
    assert (message["Subject"], message["To"]) == ("Votre billet : Colloque d’été", "Léa Martin <lea@example.org>")
    text = message.get_body(preferencelist=("plain",)).get_content()  # type: ignore[union-attr]
    html = message.get_body(preferencelist=("html",)).get_content()  # type: ignore[union-attr]
    for body in (text, html):
        assert registered["ticket"] in body
        personal = link_in(mailing, body, "confirmation")
        assert registered["ticket"] in await mailing.page("GET", personal)
    assert '<img src="cid:ticket@passerelle" alt="QR code du billet' in html
    assert enclosed(message, "image/png").startswith(b"\x89PNG")

    ticket = enclosed(message, "application/pdf")
    assert_pdf_ua(ticket)
    pdf = PdfReader(io.BytesIO(ticket))
    root: Any = pdf.root_object
    assert root["/Lang"] == "fr"
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Billet : Colloque d’été"
    assert f"QR code du billet {registered['ticket']}" in alternatives(root["/StructTreeRoot"])
    assert registered["ticket"] in pdf.pages[0].extract_text()

    method, entry = entry_of(message)
    assert (method, entry["STATUS"], entry["SUMMARY"]) == ("PUBLISH", "CONFIRMED", "Colloque d’été")
    assert entry["DTSTART"].params["TZID"] == "Europe/Paris"


def link_in(service: RunningRegistration, text: str, kind: str) -> str:
    """The path of a personal link."""
    found = re.search(rf"{service.settings.public_url}(/e/\w+/{kind}/[\w-]+)", text)
    assert found is not None
    return found.group(1)


def alternatives(node: Any) -> list[str]:  # noqa: ANN401  (a PDF object)
    node = node.get_object()
    children = node if isinstance(node, list) else node.get("/K", []) if isinstance(node, dict) else []
    own = [str(node["/Alt"])] if isinstance(node, dict) and "/Alt" in node else []
    return own + [
        text for child in (children if isinstance(children, list) else [children]) for text in alternatives(child)
    ]


async def test_a_change_and_a_cancellation_reach_the_same_calendar_entry(
    mailing: RunningRegistration, mails: MailServer, clock: MovableClock
) -> None:
    event_id = await mailing.event()
    registered = await mailing.register(event_id, mode="remote")
    await deliver(mailing)
    clock.ahead = timedelta(minutes=1)
    await mailing.api("PATCH", f"/events/{event_id}", {"title": "Colloque déplacé"})
    await deliver(mailing)
    clock.ahead = timedelta(minutes=2)
    await mailing.api("DELETE", f"/events/{event_id}/registrations/{registered['participant_id']}", expect=204)
    await deliver(mailing)
    entries = [entry_of(message) for message in mails.taken]
    assert [method for method, _ in entries] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert len({entry["UID"] for _, entry in entries}) == 1
    sequences = [entry.sequence for _, entry in entries]
    assert sequences == sorted(set(sequences))
    join = link_in(mailing, mails.taken[0].get_body(preferencelist=("plain",)).get_content(), "join")  # type: ignore[union-attr]
    assert join.startswith(f"/e/{event_id}/join/")


@ON_BOTH
async def test_a_refused_address_is_shown_to_the_organizer_who_corrects_it_and_sends_again(
    mailing: RunningRegistration, mails: MailServer
) -> None:
    event_id = await mailing.event()
    registered = await mailing.register(event_id)
    mails.refusals["lea@example.org"] = "550 5.1.1 <lea@example.org>: no such user"
    await deliver(mailing)
    await mailing.sign_in()
    assert "1 letter cannot be delivered" in await mailing.page("GET", f"/events/{event_id}")
    page = await mailing.page("GET", f"/events/{event_id}/letters")
    assert "1 letter cannot be delivered" in page
    assert "The mail server refuses the address: it may be misspelt." in page
    assert "(550 5.1.1)" in page
    await mailing.api(
        "PATCH", f"/events/{event_id}/registrations/{registered['participant_id']}", {"email": "l.martin@example.org"}
    )
    await deliver(mailing)
    await mailing.redirect("POST", f"/events/{event_id}/letters/1/again")
    await mailing.redirect("POST", f"/events/{event_id}/registrations/{registered['participant_id']}/letter")
    await deliver(mailing)
    assert [message["To"] for message in mails.taken] == ["Léa Martin <l.martin@example.org>"] * 3
    assert "cannot be delivered" not in await mailing.page("GET", f"/events/{event_id}/letters")


async def test_what_cannot_be_sent_now_is_tried_again_with_growing_pauses_and_at_last_given_up(
    mailing: RunningRegistration, mails: MailServer, clock: MovableClock
) -> None:
    event_id = await mailing.event()
    await mailing.register(event_id)
    mails.refusals["lea@example.org"] = "451 4.2.1 try again later"
    letters, pauses = mailing.parts.use_cases.letters, []
    for _ in range(3):
        assert await letters.deliver_due() == 1
        (stored,) = await letters.page(event_id, before=None, limit=9)
        assert stored.due_at is not None
        pauses.append(stored.due_at - clock())
        clock.ahead += pauses[-1] + timedelta(seconds=1)
    assert pauses == sorted(pauses)
    assert pauses[0] < timedelta(minutes=2) < pauses[-1] < LEASE * 2
    clock.ahead += GIVE_UP_AFTER
    await deliver(mailing)
    (stored,) = await letters.page(event_id, before=None, limit=9)
    assert (stored.state, stored.reason) == ("undeliverable", "address_refused 451 4.2.1")
    await deliver(mailing)
    metrics = await mailing.page("GET", "/metrics")
    assert 'passerelle_letters_settled_total{state="undeliverable"} 1.0' in metrics
    assert "passerelle_letters_failed_attempts_total 3.0" in metrics
    assert "passerelle_letters_waiting 0.0" in metrics


async def test_a_letter_that_was_overtaken_or_lost_its_person_is_not_sent(
    mailing: RunningRegistration, mails: MailServer
) -> None:
    event_id = await mailing.event()
    withdrawn, erased = await mailing.register(event_id), await mailing.register(event_id)
    path = f"/events/{event_id}/registrations"
    await mailing.api("DELETE", f"{path}/{withdrawn['participant_id']}", expect=204)
    await mailing.api("DELETE", f"{path}/{erased['participant_id']}?erase=true", expect=204)
    await deliver(mailing)
    assert [message["Subject"] for message in mails.taken] == ["Votre inscription est annulée : Colloque"]


async def test_without_a_mail_server_the_organizer_reads_letters_as_they_would_be_sent(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    registered = await service.register(event_id, name="Léa <b>Martin</b>")
    await deliver(service)
    await service.sign_in()
    page = await service.page("GET", f"/events/{event_id}/letters")
    assert "No mail server is set" in page
    assert "Not sent: no mail server" in page
    letter = await service.page("GET", f"/events/{event_id}/letters/1")
    assert registered["ticket"] in letter
    html = await service.page("GET", f"/events/{event_id}/letters/1/message.html")
    assert 'src="data:image/png;base64,' in html
    assert "Léa &lt;b&gt;Martin" in html
    whole = await service.page("GET", f"/events/{event_id}/letters/1/message.eml")
    assert "application/pdf" in whole
    await service.page("GET", f"/events/{event_id}/letters/99", expect=404)


async def test_with_a_mail_server_nobody_learns_from_the_form_who_is_registered(
    mailing: RunningRegistration, mails: MailServer
) -> None:
    event_id = await mailing.event()
    for number in range(2):
        form = a_form(form_id=f"{number}" * 32)
        assert await mailing.redirect("POST", f"/e/{event_id}", form) == f"/e/{event_id}/sent"
    assert "A message is on its way" in await mailing.page("GET", f"/e/{event_id}/sent")
    await deliver(mailing)
    subjects = [message["Subject"] for message in mails.taken]
    assert subjects == ["Votre billet : Colloque", "Votre lien personnel : Colloque"]
    assert len((await mailing.api("GET", f"/events/{event_id}/registrations"))["items"]) == 1


@ON_BOTH
async def test_who_registered_before_is_reminded_once_a_day_ahead(
    mailing: RunningRegistration, clock: MovableClock
) -> None:
    people, start = mailing.parts.use_cases.people, clock() + timedelta(days=3)
    agenda = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=8)).isoformat(), "sessions": []}
    event_id = await mailing.event(**agenda)
    registered = await mailing.register(event_id)
    assert await people.remind() == 0
    clock.ahead = timedelta(days=2, minutes=1)
    await mailing.register(event_id)
    assert [await people.remind() for _ in range(2)] == [1, 0]
    (latest, *_) = await mailing.parts.use_cases.letters.page(event_id, before=None, limit=9)
    assert (latest.letter.kind, latest.letter.participant_id) == ("reminder", registered["participant_id"])
