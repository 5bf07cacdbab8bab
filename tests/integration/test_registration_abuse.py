"""What strangers cannot do with the public registration form: fill it in twice, by program, or too fast."""

from pathlib import Path

from aiohttp import ClientResponse

from services.chassis.access import Role
from tests.integration.running_registration import RunningRegistration, a_registration, running_registration
from tests.integration.test_registration_letters import deliver
from tests.integration.test_registration_public_pages import FORM_ID, a_form


async def registrations(service: RunningRegistration, event_id: str) -> list[str]:
    return [each["email"] for each in (await service.api("GET", f"/events/{event_id}/registrations"))["items"]]


async def test_a_known_address_gets_its_link_again_and_no_second_seat(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.redirect("POST", f"/e/{event_id}", a_form())
    for number in range(2):
        again = a_form(email="Lea@Example.ORG", name="Somebody", form_id=f"{number}" * 32)
        assert await service.redirect("POST", f"/e/{event_id}", again) == f"/e/{event_id}/sent"
    assert await registrations(service, event_id) == ["lea@example.org"]
    await deliver(service)
    letters = await service.parts.use_cases.letters.page(event_id, before=None, limit=9)
    assert [stored.letter.kind for stored in letters] == ["link_again", "registered"], "one letter, however often asked"
    assert "ask the organizer for your personal link" in await service.page("GET", f"/e/{event_id}/sent")


async def test_no_answer_to_a_stranger_tells_whether_an_address_is_known(service: RunningRegistration) -> None:
    event_id = await service.event()
    elsewhere = {"X-Forwarded-For": "198.51.100.7", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    api, group = f"/events/{event_id}/registrations", f"/events/{event_id}/groups"
    contact = {"email": "lea@example.org", "language": "en", "mode": "remote"}

    async def send(path: str, form: dict[str, str]) -> tuple[int, str]:
        answer = await service.client.post(f"/e/{event_id}{path}", data=form, headers=elsewhere, allow_redirects=False)
        return answer.status, answer.headers["Location"]

    for number, email in enumerate(["lea@example.org", "Lea@Example.org"]):
        form_id = f"{number}" * 32
        told = [
            await service.api("POST", api, a_registration(email=email), token=None, headers=elsewhere, expect=202),
            await service.api(
                "POST",
                group,
                contact | {"members": [{"name": "Anne"}, {"name": "Bob", "email": email}]},
                token=None,
                headers=elsewhere,
                expect=202,
            ),
            await send("", a_form(email=email, form_id=form_id)),
            await send("/group", contact | {"form_id": form_id, "members.0.name": "Anne"}),
            await send("/venue", contact | {"form_id": form_id, "name": "Tulle", "headcount": "9", "attested": "true"}),
        ]
        sent = (303, f"/e/{event_id}/sent")
        assert told == [{"event_id": event_id, "status": "letter"}] * 2 + [sent] * 3
    listed = (await service.api("GET", api))["items"]
    assert sorted(each["name"] for each in listed) == ["Anne", "Bob", "Léa Martin", "Tulle"], "each of them once"
    refused = await service.api("POST", api, a_registration(), expect=409)
    assert refused["reason"] == "already_registered", "organizers know anyway"
    await service.sign_in()
    assert "registered for this event already" in await service.page("POST", f"/e/{event_id}", a_form(), expect=422)
    assert "no mail leaves from here" in await service.page("GET", f"/e/{event_id}/sent")


async def test_a_program_that_fills_in_every_field_registers_nobody(service: RunningRegistration) -> None:
    event_id = await service.event()
    filled = a_form(website="https://example.org")
    assert await service.redirect("POST", f"/e/{event_id}", filled) == f"/e/{event_id}/sent"
    assert await registrations(service, event_id) == []


async def test_one_network_address_registers_so_many_and_keeps_what_it_typed(tmp_path: Path) -> None:
    async with running_registration(tmp_path, registrations_per_address=2) as service:
        event_id = await service.event()

        async def send(number: int, address: str) -> ClientResponse:
            form = a_form(email=f"p{number}@example.org", form_id=f"{number}" * 32)
            headers = {"Accept": "text/html", "X-Forwarded-For": address, "Sec-Fetch-Site": "same-origin"}
            path = f"/e/{event_id}"
            return await service.client.post(path, data=form, headers=headers, allow_redirects=False)

        assert [(await send(number, "198.51.100.7")).status for number in (1, 2)] == [303, 303]
        refused = await send(3, "198.51.100.7")
        assert refused.status == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 1800
        page = await refused.text()
        assert "Many registrations come from your network just now: send the form again in 30 minutes." in page
        assert 'value="p3@example.org"' in page
        assert (await send(3, "203.0.113.9")).status == 303, "others go on"
        forwarded = {"X-Forwarded-For": "198.51.100.7"}
        path = f"/events/{event_id}/registrations"
        body = a_registration(email="p4@example.org")
        problem = await service.api("POST", path, body, token=None, headers=forwarded, expect=429)
        assert problem["title"] == "Too Many Requests"
        await service.api("POST", path, body, headers=forwarded, expect=201)


async def test_what_somebody_needs_is_for_organizers_alone_and_goes_with_an_erasure(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    await service.redirect("POST", f"/e/{event_id}", a_form(needs="Boucle magnétique", form_id=FORM_ID))
    (item,) = (await service.api("GET", f"/events/{event_id}/accessibility-needs"))["items"]
    assert (item["name"], item["accessibility_needs"]) == ("Léa Martin", "Boucle magnétique")
    desk = await service.parts.use_cases.tokens.create(Role.DESK)
    await service.api("GET", f"/events/{event_id}/accessibility-needs", token=desk, expect=403)
    one = f"/events/{event_id}/registrations/{item['participant_id']}"
    assert "magnétique" not in str(await service.api("GET", one))
    await service.api("DELETE", f"{one}?erase=true", expect=204)
    assert (await service.api("GET", f"{one}/data"))["accessibility_needs"] is None
