"""Personal pages and join links of participants, as a browser without JavaScript uses them."""

import json
import re
from typing import Any

import pytest

from services.chassis.clock import system_clock
from services.chassis.secrets import SecretBox
from tests.builders import SECRET_KEY
from tests.integration.running_registration import START, RunningRegistration


def path_of(service: RunningRegistration, url: str) -> str:
    return url.removeprefix(service.settings.public_url)


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
    erased = await service.page("GET", personal)
    assert "Roux" not in erased
    assert re.findall(r"<li>(the name|[0-9]+ answer)", erased) == ["the name", "1 answer"]
    assert "What stays names nobody" in erased
    assert "It was done before" not in erased
    again = await service.redirect("POST", f"{personal}/erase")
    assert "It was done before" in await service.page("GET", again)


async def test_the_personal_page_gives_ticket_calendar_entry_and_all_that_is_known_until_it_is_erased(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    personal = path_of(service, registered["confirmation_url"])
    correction = {"name": "Léa Roux", "email": "lea@example.org", "language": "en", "needs": "Sous-titres"}
    await service.redirect("POST", f"{personal}/person", correction)
    await service.redirect("POST", f"{personal}/consents", {"photos": "true"})
    await service.redirect("POST", f"{personal}/consents", {})
    await service.check_in(event_id, ticket=registered["ticket"], gate="Nord")
    for name, kind, begin in (("ticket.pdf", "application/pdf", b"%PDF"), ("event.ics", "text/calendar", b"BEGIN:VC")):
        async with service.client.get(f"{personal}/{name}") as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            assert (await answer.read()).startswith(begin)
    assert "(wording 1)" in await service.page("GET", personal)
    page = await service.page("GET", f"{personal}/data")
    assert "Sous-titres" in page
    assert page.count("“Photos on which I can be recognised may be published.” (wording 1)") == 2
    data = json.loads(await service.page("GET", f"{personal}/data.json"))
    assert (data["name"], data["accessibility_needs"], data["ticket"]) == (
        "Léa Roux",
        "Sous-titres",
        registered["ticket"],
    )
    assert [(said["purpose"], said["given"], said["text_version"]) for said in data["consents"]] == [
        ("photos", True, 1),
        ("photos", False, 1),
    ]
    assert [scan["gate"] for scan in data["check_ins"]] == ["Nord"]
    assert [letter["kind"] for letter in data["letters"]] == ["registered"]
    await service.redirect("POST", f"{personal}/erase")
    data = json.loads(await service.page("GET", f"{personal}/data.json"))
    assert (data["name"], data["email"], data["accessibility_needs"], data["consents"]) == (None, None, None, [])
    await service.page("GET", f"{personal}/ticket.pdf", expect=404)


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
        "starts_at": START.isoformat(),
        "timezone": "Europe/Paris",
        "contact": None,
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
