"""Who answers for the personal data of an event: set by the organizer, told to whoever registers, and in letters."""

from email import message_from_string
from email.message import EmailMessage
from email.policy import default

import pytest

from services.chassis.access import Role
from services.registration.application.accounts import Somebody
from tests.integration.running_registration import RunningRegistration

CONTACT = {"controller": "Association Passerelle", "email": "donnees@example.org"}
WHOLE = CONTACT | {"postal_address": "1 place du Pont, 19000 Tulle", "officer": "dpo@example.org"}


async def test_the_contact_is_set_changed_and_taken_away_by_api(service: RunningRegistration) -> None:
    event_id = await service.event(publish=False)
    published = await service.api("POST", f"/events/{event_id}/publish")
    assert (published["data_contact"], published["warnings"]) == (None, ["no_data_contact"])
    changed = await service.api("PATCH", f"/events/{event_id}", {"data_contact": CONTACT})
    assert changed["data_contact"] == CONTACT | {"postal_address": None, "officer": None}
    assert changed["warnings"] == []
    kept = await service.api("PATCH", f"/events/{event_id}", {"title": "Journée"})
    assert kept["data_contact"]["email"] == CONTACT["email"]
    public = await service.api("GET", f"/events/{event_id}", token=None)
    assert public["data_contact"] == kept["data_contact"]
    gone = await service.api("PATCH", f"/events/{event_id}", {"data_contact": None})
    assert gone["data_contact"] is None
    refused = {"data_contact": CONTACT | {"email": "nobody"}}
    problem = await service.api("PATCH", f"/events/{event_id}", refused, expect=400)
    assert problem["errors"][0]["pointer"] == "#/data_contact/email"


async def test_who_answers_can_be_changed_of_an_event_that_is_over(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.api("POST", f"/events/{event_id}/close")
    await service.sign_in()
    page = f"/events/{event_id}/keeping"
    wrong = await service.page("POST", f"{page}/contact", {"contact_controller": "Les Amis"}, expect=422)
    assert "people must be able to ask" in wrong
    told = {"contact_controller": "Les Amis", "contact_email": "dpo@example.org"}
    assert await service.redirect("POST", f"{page}/contact", told) == f"{page}?saved"
    assert "dpo@example.org" in await service.page("GET", page)
    await service.api("PATCH", f"/events/{event_id}", {"title": "Autre", "data_contact": None}, expect=409)
    event = await service.api("GET", f"/events/{event_id}")
    assert (event["status"], event["data_contact"]["email"]) == ("closed", "dpo@example.org")


async def test_the_form_asks_for_a_contact_and_remembers_that_of_the_last_event(service: RunningRegistration) -> None:
    await service.sign_in()
    assert "Nobody is named" in await service.page("GET", f"/events/{await service.event()}")
    event_id = await service.event(data_contact=WHOLE)
    assert "Nobody is named" not in await service.page("GET", f"/events/{event_id}")
    form = {
        "title": "Colloque",
        "timezone": "Europe/Paris",
        "starts_at": "2037-12-01T09:00",
        "ends_at": "2037-12-01T17:00",
    } | {f"contact_{name}": text for name, text in WHOLE.items()}
    blank = await service.page("GET", "/events/new")
    assert all(f'value="{text}"' in blank for text in WHOLE.values())
    without_address = await service.page("POST", "/events/new", form | {"contact_email": ""}, expect=422)
    assert "Fill in the e-mail address, too: people must be able to ask." in without_address
    without_name = await service.page("POST", "/events/new", form | {"contact_controller": ""}, expect=422)
    assert "Fill in who is responsible, too" in without_name
    event = await service.api("GET", await service.redirect("POST", "/events/new", form))
    assert event["data_contact"] == WHOLE
    copy = await service.api("POST", f"/events/{event_id}/duplicate", {"starts_at": "2038-01-05T08:00:00Z"}, expect=201)
    assert copy["data_contact"] == WHOLE


async def test_two_editors_of_the_contact_are_told_of_each_other(service: RunningRegistration) -> None:
    event_id = await service.event(data_contact=WHOLE)
    headers = {"Authorization": f"Bearer {service.organizer}"}
    async with service.client.get(f"/api/v1/events/{event_id}", headers=headers) as read:
        seen = {"If-Match": read.headers["ETag"]}
    await service.api("PATCH", f"/events/{event_id}", {"data_contact": CONTACT})
    refused = await service.api("PATCH", f"/events/{event_id}", {"title": "Journée"}, headers=seen, expect=412)
    assert refused["changed"] == [
        {"pointer": "#/data_contact", "now": CONTACT | {"postal_address": None, "officer": None}}
    ]


@pytest.mark.parametrize("place", ["", "/group", "/venue", "/privacy"])
async def test_whoever_registers_is_told_who_answers_why_how_long_and_what_their_rights_are(
    service: RunningRegistration, place: str
) -> None:
    unnamed, event_id = await service.event(), await service.event(data_contact=WHOLE)
    assert "The organizer of this event answers for your data." in await service.page("GET", f"/e/{unnamed}{place}")
    told = await service.page("GET", f"/e/{event_id}{place}")
    for words in (
        *WHOLE.values(),
        "contract",
        "consent",
        "23 November 2040",
        "erase your data",
        "https://www.cnil.fr/en",
    ):
        assert words in told
    assert "https://www.cnil.fr/fr" in await service.page("GET", f"/e/{event_id}{place}", lang="fr")


async def test_a_volunteer_can_tell_a_walk_in_who_answers_for_the_name(service: RunningRegistration) -> None:
    event_id = await service.event(data_contact=CONTACT)
    await service.sign_in()
    desk = await service.page("GET", f"/events/{event_id}/desk")
    assert "Association Passerelle answers for it: donnees@example.org." in desk
    assert f'href="/e/{event_id}/privacy"' in desk


async def letter(service: RunningRegistration, event_id: str, number: int) -> EmailMessage:
    message = message_from_string(
        await service.page("GET", f"/events/{event_id}/letters/{number}/message.eml"), policy=default
    )
    assert isinstance(message, EmailMessage)
    return message


async def test_the_first_letter_tells_the_same_and_answers_go_to_the_contact(service: RunningRegistration) -> None:
    event_id = await service.event(data_contact=WHOLE)
    registered = await service.register(event_id)
    nobody = await service.event()
    await service.register(nobody)
    await service.api("DELETE", f"/events/{event_id}/registrations/{registered['participant_id']}", expect=204)
    await service.sign_in()
    first, later = await letter(service, event_id, 1), await letter(service, event_id, 3)
    for message in (first, later):
        assert message["Reply-To"] == "Association Passerelle <donnees@example.org>"
    for kind in ("plain", "html"):
        words, fewer = (
            message.get_body(preferencelist=(kind,)).get_content()  # type: ignore[union-attr]
            for message in (first, later)
        )
        for told in (*WHOLE.values(), "contrat", "23 novembre 2040", "CNIL", f"/e/{event_id}/privacy"):
            assert told in words
        assert "CNIL" not in fewer
    assert (await letter(service, nobody, 2))["Reply-To"] is None


async def test_who_is_invited_to_an_event_answers_to_its_contact_too(service: RunningRegistration) -> None:
    event_id, access = await service.event(data_contact=CONTACT), service.parts.use_cases.access
    basile = Somebody(name="Basile Roy", email="basile@example.org", language="fr")
    await access.accounts.invite(basile, Role.DESK, event_id=event_id)
    ((stored, _),) = await access.letters.page(before=None, limit=1)
    _, message = await access.letters.read(stored.number) or (None, None)
    assert message is not None
    assert message["Reply-To"] == "Association Passerelle <donnees@example.org>"
