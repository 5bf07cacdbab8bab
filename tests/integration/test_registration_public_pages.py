"""The public pages of registration, as a browser without JavaScript uses them."""

import re
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from deploy.local.gateway import create_gateway
from services.chassis.settings import CommonSettings
from tests.builders import settings_for
from tests.integration.running_registration import RunningRegistration

FORM_ID = "0123456789abcdef" * 2


def a_form(**changed: str) -> dict[str, str]:
    return {
        "mode": "in_person",
        "name": "Léa Martin",
        "email": "lea@example.org",
        "language": "fr",
        "form_id": FORM_ID,
    } | changed


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
    form = a_form(email="lea@nowhere", name="Léa <script>", newsletter="true", needs="A seat\nwithout steps")
    page = await service.page("POST", f"/e/{event_id}", form, expect=422)
    assert "Enter an e-mail address, such as name@example.org." in page
    assert 'aria-invalid="true"' in page
    assert 'value="lea@nowhere"' in page
    assert "A seat\nwithout steps</textarea>" in page
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
    personal = await service.redirect("POST", f"/e/{event_id}", a_form(email="wanda@example.org"))
    page = await service.page("GET", personal)
    assert "You are number 1 on the waiting list for the room." in page
    assert "ticket.svg" not in page
    assert await service.redirect("POST", f"{personal}/remote") == personal
    assert "Join the meeting" in await service.page("GET", personal)


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
