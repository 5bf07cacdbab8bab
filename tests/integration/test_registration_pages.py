"""The pages of registration, as a browser without JavaScript uses them."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from deploy.local.gateway import create_gateway
from services.chassis.access import Role
from services.chassis.clock import system_clock
from services.chassis.secrets import SecretBox
from services.chassis.settings import CommonSettings
from services.registration.bootstrap import create_sign_in_code, create_token
from services.registration.domain.errors import EventNotFoundError
from tests.builders import SECRET_KEY, settings_for
from tests.integration.running_registration import RunningRegistration, running_registration

FORM_ID = "0123456789abcdef" * 2


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


def a_form(**changed: str) -> dict[str, str]:
    return {
        "mode": "in_person",
        "name": "Léa Martin",
        "email": "lea@example.org",
        "language": "fr",
        "form_id": FORM_ID,
    } | changed


def path_of(service: RunningRegistration, url: str) -> str:
    return url.removeprefix(service.settings.public_url)


def text_of(page: str) -> str:
    """What a person reads, without the markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def test_somebody_registers_and_gets_a_ticket_to_show(service: RunningRegistration) -> None:
    event_id = await service.event()
    assert "Plénière" in await service.page("GET", f"/e/{event_id}")
    personal = await service.redirect("POST", f"/e/{event_id}", a_form())
    page = await service.page("GET", personal)
    ticket = (await service.api("GET", f"/events/{event_id}/registrations"))["items"][0]["ticket"]
    assert f'<p class="ticket-code">{ticket}</p>' in page
    assert f'alt="QR code of ticket {ticket}"' in page
    async with service.client.get(f"{personal}/ticket.svg") as image:
        assert image.content_type == "image/svg+xml"
        assert (await image.text()).startswith("<svg")


async def test_a_form_sent_twice_leads_to_the_same_registration(service: RunningRegistration) -> None:
    event_id = await service.event()
    pages = [await service.page("GET", await service.redirect("POST", f"/e/{event_id}", a_form())) for _ in range(2)]
    codes = {re.search(r'ticket-code">([^<]+)<', page).group(1) for page in pages}  # type: ignore[union-attr]
    assert len(codes) == 1


async def test_a_wrong_address_shows_the_form_again_with_what_was_typed(service: RunningRegistration) -> None:
    event_id = await service.event()
    form = a_form(email="lea@nowhere", name="Léa <script>", newsletter="true")
    page = await service.page("POST", f"/e/{event_id}", form, expect=422)
    assert "Enter an e-mail address, such as name@example.org." in page
    assert 'aria-invalid="true"' in page
    assert 'value="lea@nowhere"' in page
    assert 'value="Léa &lt;script&gt;"' in page
    assert re.search(r'name="mode" type="radio" value="in_person" checked', page)
    assert re.search(r'name="newsletter" type="checkbox" value="true" checked', page)
    french = await service.page("POST", f"/e/{event_id}", form, expect=422, lang="fr")
    assert "Saisissez une adresse e-mail" in french
    assert (await service.api("GET", f"/events/{event_id}/registrations"))["items"] == []


async def test_an_event_that_is_not_open_takes_no_registration(service: RunningRegistration) -> None:
    draft = await service.event(publish=False)
    await service.page("GET", f"/e/{draft}", expect=404)
    await service.page("GET", f"/e/{'evt_' + '0' * 32}", expect=404)
    closed = await service.event()
    await service.api("POST", f"/events/{closed}/close")
    page = await service.page("GET", f"/e/{closed}")
    assert "This event is over" in page
    assert "<form class=" not in page
    await service.page("POST", f"/e/{closed}", a_form(), expect=409)


async def test_a_full_room_says_so_and_the_waitlisted_see_their_place(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": None})
    await service.register(event_id)
    assert "Full: you would be on the waiting list." in await service.page("GET", f"/e/{event_id}")
    personal = await service.redirect("POST", f"/e/{event_id}", a_form())
    page = await service.page("GET", personal)
    assert "You are number 1 on the waiting list." in page
    assert "ticket.svg" not in page
    assert await service.redirect("POST", f"{personal}/remote") == personal
    assert "Join the meeting" in await service.page("GET", personal)


async def test_the_personal_page_corrects_consents_cancels_and_erases(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    personal = path_of(service, registered["confirmation_url"])
    read = f"/events/{event_id}/registrations/{registered['participant_id']}"
    correction = {"name": "Léa Roux", "email": "roux@example.org", "language": "en"}
    await service.redirect("POST", f"{personal}/person", correction)
    await service.redirect("POST", f"{personal}/consents", {"photos": "true"})
    known = await service.api("GET", read)
    assert (known["name"], known["email"], known["consents"]["photos"]) == ("Léa Roux", "roux@example.org", True)
    page = await service.page("POST", f"{personal}/person", correction | {"email": "roux"}, expect=422)
    assert 'value="roux"' in page
    await service.redirect("POST", f"{personal}/cancel")
    assert "Your registration is cancelled." in await service.page("GET", personal)
    await service.redirect("POST", f"{personal}/erase")
    assert (await service.api("GET", read))["name"] is None
    assert "Roux" not in await service.page("GET", personal)


async def test_the_address_of_an_act_leads_back_to_its_page(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    personal = path_of(service, registered["confirmation_url"])
    participant = f"/events/{event_id}/registrations/{registered['participant_id']}"
    assert await service.redirect("GET", f"{personal}/person?lang=fr") == personal
    assert await service.redirect("GET", f"{participant}/cancel?lang=fr") == participant
    assert await service.redirect("GET", f"/events/{event_id}/close?lang=fr") == f"/events/{event_id}"
    assert await service.redirect("GET", f"/events/{event_id}/desk/undo?lang=fr") == f"/events/{event_id}/desk"


async def test_a_personal_link_opens_nothing_of_another_event_and_no_forgery_opens_anything(
    service: RunningRegistration,
) -> None:
    event_id, other = await service.event(), await service.event()
    registered = await service.register(event_id)
    token = registered["personal_token"]
    await service.page("GET", f"/e/{other}/confirmation/{token}", expect=404)
    await service.page("GET", f"/e/{event_id}/confirmation/{token[:-3]}AAA", expect=404)
    await service.page("GET", f"/e/{event_id}/confirmation/é", expect=404)
    join_token = registered["join_url"].rsplit("/", 1)[1]
    await service.page("GET", f"/e/{event_id}/confirmation/{join_token}", expect=404)
    await service.page("POST", f"/e/{event_id}/confirmation/{token}/explode", {}, expect=404)


@pytest.mark.parametrize("mode", ["remote", "in_person"])
async def test_a_join_link_hands_over_to_the_bridge_with_a_short_grant(service: RunningRegistration, mode: str) -> None:
    event_id = await service.event()
    registered = await service.register(event_id, mode=mode)
    to = await service.redirect("GET", path_of(service, registered["join_url"]))
    assert to.startswith("/join/")
    grant: dict[str, Any] = SecretBox.derive(SECRET_KEY, purpose="join").open_token(
        to.removeprefix("/join/"), now=system_clock()
    )
    assert grant == {
        "event_id": event_id,
        "participant_id": registered["participant_id"],
        "display_name": "Léa Martin",
        "moderator": False,
        "language": "fr",
    }


async def test_who_cannot_join_reads_why(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": None, "remote": 1}, rooms=[], sessions=[])
    seated = await service.register(event_id, mode="remote")
    waiting = await service.register(event_id, mode="remote")
    page = await service.page("GET", path_of(service, seated["join_url"]), expect=409)
    assert "There is no meeting to join yet" in page
    page = await service.page("GET", path_of(service, waiting["join_url"]), expect=409)
    assert "You are still on the waiting list" in page
    await service.api("DELETE", f"/events/{event_id}/registrations/{seated['participant_id']}", expect=204)
    page = await service.page("GET", path_of(service, seated["join_url"]), expect=409)
    assert "Your registration is cancelled" in page
    assert "This link is not complete" in await service.page("GET", f"/e/{event_id}/join/xyz", expect=404)


async def test_signing_in_with_a_token_or_a_one_time_code(service: RunningRegistration) -> None:
    event_id = await service.event()
    to = await service.redirect("GET", f"/events/{event_id}")
    assert to == f"/sign-in?next=/events/{event_id}"
    assert "This token is not valid" in await service.page("POST", to, {"token": "psr_wrong"}, expect=403)
    code = await create_sign_in_code(service.settings)
    assert await service.redirect("GET", f"/sign-in?code={code}") == "/"
    assert "Colloque" in await service.page("GET", f"/events/{event_id}")
    assert "was used already" in await service.page("GET", f"/sign-in?code={code}", expect=403)
    assert await service.redirect("POST", "/sign-out") == "/"
    assert await service.redirect("GET", f"/events/{event_id}") == to
    token = await create_token(service.settings, role=Role.ORGANIZER, event_id=None)
    assert await service.redirect("POST", to, {"token": token}) == f"/events/{event_id}"
    assert await service.redirect("POST", "/sign-in?next=//evil.example", {"token": token}) == "/"
    with pytest.raises(EventNotFoundError):
        await create_token(service.settings, role=Role.DESK, event_id="evt_unknown")


async def test_an_organizer_creates_edits_publishes_and_closes_an_event(service: RunningRegistration) -> None:
    await service.sign_in()
    form = {
        "title": "Journée",
        "timezone": "Europe/Paris",
        "starts_at": "2026-12-01T09:00",
        "ends_at": "2026-12-01T17:00",
        "in_person_seats": "40",
        "grace_minutes": "20",
        "rooms.0.name": "Amphi",
        "rooms.0.source": "main",
        "rooms.0.conference_room": "plenary",
        "rooms.1.name": "",
        "sessions.1.title": "Ouverture",
        "sessions.1.starts_at": "2026-12-01T09:00",
        "sessions.1.ends_at": "2026-12-01T10:00",
        "sessions.1.room": "Amphi",
    }
    event_path = await service.redirect("POST", "/events/new", form)
    event = await service.api("GET", event_path)
    assert event["starts_at"] == "2026-12-01T08:00:00.000Z"
    assert event["capacity"] == {"in_person": 40, "remote": None}
    assert (event["grace_minutes"], event["sessions"][0]["room"]) == (20, "Amphi")
    edit = await service.page("GET", f"{event_path}/edit")
    assert 'value="2026-12-01T09:00"' in edit
    assert event["sessions"][0]["session_id"] in edit
    assert await service.redirect("POST", f"{event_path}/edit", form | {"title": "Journée bis"}) == event_path
    assert "Journée bis" in await service.page("GET", event_path)
    assert await service.redirect("POST", f"{event_path}/publish") == event_path
    assert "Published" in await service.page("GET", event_path)
    assert await service.redirect("POST", f"{event_path}/close") == event_path
    await service.page("POST", f"{event_path}/edit", form, expect=409)
    await service.page("GET", f"{event_path}/edit", expect=409)


@pytest.mark.parametrize(
    "changed,field,sentence",
    [
        ({"title": ""}, "title", "Fill in this field."),
        ({"ends_at": "2026-12-01T08:00"}, "ends_at", "Choose an end after the start."),
        ({"timezone": "Paris"}, "timezone", "Enter a time zone by its continent and city"),
        ({"timezone": "../../etc"}, "timezone", "Enter a time zone by its continent and city"),
        ({"in_person_seats": "many"}, "in_person_seats", "Enter a whole number"),
        ({"rooms.3.name": "A", "rooms.3.source": "x"}, "rooms.3.conference_room", "Fill in both the source"),
        (
            {
                "sessions.2.title": "S",
                "sessions.2.starts_at": "2026-12-01T09:00",
                "sessions.2.ends_at": "2026-12-01T10:00",
                "sessions.2.room": "Nowhere",
            },
            "sessions.2.room",
            "Enter the name of one of the rooms above.",
        ),
        ({"sessions.0.title": "S"}, "sessions.0.starts_at", "Fill in this field."),
    ],
)
async def test_a_wrong_event_form_comes_back_with_the_error_at_the_field(
    service: RunningRegistration, changed: dict[str, str], field: str, sentence: str
) -> None:
    await service.sign_in()
    form = {
        "title": "Journée",
        "timezone": "Europe/Paris",
        "starts_at": "2026-12-01T09:00",
        "ends_at": "2026-12-01T17:00",
    }
    page = await service.page("POST", "/events/new", form | changed, expect=422)
    error = re.search(rf'<p class="error" id="{re.escape(field)}-error">(.*?)</p>', page)
    assert error is not None
    assert sentence in error.group(1)
    assert f'href="#{field}"' in page


async def test_asking_for_more_rows_loses_nothing_and_blames_nobody(service: RunningRegistration) -> None:
    await service.sign_in()
    page = await service.page("POST", "/events/new", {"title": "Journée", "rooms.0.name": "Amphi", "more": "1"})
    assert 'value="Journée"' in page
    assert 'name="rooms.2.name"' in page
    assert 'class="error"' not in page


async def test_pages_of_the_organizer_are_closed_to_the_desk_and_to_strangers(service: RunningRegistration) -> None:
    event_id = await service.event()
    for path in ("/events/new", f"/events/{event_id}", f"/events/{event_id}/edit", f"/events/{event_id}/desk"):
        assert (await service.redirect("GET", path)).startswith("/sign-in?next=")
    await service.page("POST", f"/events/{event_id}/close", {}, expect=401)
    await service.sign_in(Role.DESK, event_id)
    await service.page("GET", f"/events/{event_id}/desk")
    await service.page("GET", f"/events/{event_id}", expect=403)
    await service.page("POST", f"/events/{event_id}/close", {}, expect=403)


async def test_another_site_cannot_act_for_somebody_signed_in(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in()
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
    async with service.client.post(f"/events/{event_id}/cancel", headers=headers) as response:
        assert response.status == 403
    assert (await service.api("GET", f"/events/{event_id}"))["status"] == "published"


async def test_an_organizer_finds_switches_cancels_and_erases_a_participant(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id, name="Zoé Ünal")
    for number in range(25):
        await service.register(event_id, name=f"Person {number}")
    await service.sign_in()
    first = await service.page("GET", f"/events/{event_id}")
    following = re.search(r'href="(\?after=[^"#]+)', first)
    assert following is not None
    assert "Person 24" not in first
    assert "Person 24" in await service.page("GET", f"/events/{event_id}{unescape(following.group(1))}")
    found = await service.page("GET", f"/events/{event_id}?search=unal")
    assert "Zoé Ünal" in found
    assert "Person 1" not in found
    path = f"/events/{event_id}/registrations/{registered['participant_id']}"
    for act in ("remote", "in_person", "cancel", "erase"):
        assert await service.redirect("POST", f"{path}/{act}") == path
    assert "Erased person" in await service.page("GET", path)
    await service.page("POST", f"{path}/explode", {}, expect=404)


async def test_the_desk_works_by_code_by_name_and_undoes(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id, name="Léa Martin")
    await service.register(event_id, name="Martin Dupré")
    remote = await service.register(event_id, mode="remote", name="Zoé Petit")
    await service.sign_in(Role.DESK, event_id)
    desk = f"/events/{event_id}/desk"

    async def typed(**form: str) -> str:
        fresh = re.search(r'name="form_id" value="([0-9a-f]{32})"', await service.page("GET", desk))
        assert fresh is not None
        page = await service.page("POST", desk, {"form_id": fresh.group(1), "action": "in", "gate": "Nord"} | form)
        return text_of(page[page.index('id="result"') : page.index('id="count"')])

    assert "Welcome Léa Martin" in await typed(typed=registered["ticket"])
    assert re.search(r"Already in Léa Martin Since \d\d:\d\d, at gate Nord\.", await typed(typed=registered["ticket"]))
    choice = await typed(typed="martin")
    assert "Who is it?" in choice
    assert "Martin Dupré" in choice
    assert "Nobody found" in await typed(typed="Nobody at all")
    assert "No ticket has this code" in await typed(typed="0000-0000-0001")
    assert "registered to take part remotely" in await typed(typed=remote["ticket"])
    assert "Welcome Zoé Petit" in await typed(participant_id=remote["participant_id"], switch="true")
    assert "Goodbye Léa Martin" in await typed(typed=registered["ticket"], action="out")
    page = await service.page("GET", desk)
    assert "1 person in the room" in text_of(page)
    fact = re.search(r'name="fact_id" value="([^"]+)"', page)
    assert fact is not None
    undone = await service.page("POST", f"{desk}/undo", {"fact_id": fact.group(1), "action": "in"})
    assert "2 people in the room" in text_of(undone)
    assert "Undone" in text_of(undone)


async def test_a_desk_form_sent_twice_is_one_scan(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    await service.sign_in(Role.DESK, event_id)
    form = {"typed": registered["ticket"], "action": "in", "form_id": FORM_ID}
    for _ in range(2):
        assert "Welcome" in await service.page("POST", f"/events/{event_id}/desk", form)
    assert len(await service.outbox()) == 4


async def test_the_first_page_shows_everybody_what_is_theirs(service: RunningRegistration) -> None:
    draft = await service.event(publish=False, title="Brouillon secret")
    coming = await service.event(
        title="À venir", starts_at="2126-01-01T09:00:00Z", ends_at="2126-01-01T10:00:00Z", sessions=[]
    )
    visitor = await service.page("GET", "/")
    assert f'href="/e/{coming}"' in visitor
    assert "Brouillon secret" not in visitor
    await service.sign_in()
    organizer = await service.page("GET", "/", lang="fr")
    assert f'href="/events/{draft}"' in organizer
    assert "Créer un événement" in organizer


async def test_pages_come_whole_through_the_gateway(service: RunningRegistration, tmp_path: Path) -> None:
    event_id = await service.event()
    settings = settings_for(
        CommonSettings, data_dir=tmp_path, port=8080, registration_url=str(service.client.make_url("")).rstrip("/")
    )
    async with TestClient(TestServer(create_gateway(settings))) as gateway:
        page = await (await gateway.get(f"/e/{event_id}")).text()
        for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
            assert (await gateway.get(address)).status == 200, address
