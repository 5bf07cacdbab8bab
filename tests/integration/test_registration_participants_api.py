"""Participants, their seats and their links to guests over the API of registration, on a real database."""

import pytest

from schemas.identifiers import guest_id
from services.chassis.access import internal_headers
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration, a_registration, kinds

pytestmark = ON_BOTH

GUEST = guest_id(source="/bridge/jitsi/main", person="p")


async def test_registering_gives_a_seat_a_ticket_and_links_and_keeps_names_off_the_topics(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    registered = await service.register(event_id, mode="remote")
    assert registered["status"] == "confirmed"
    assert len(registered["ticket"]) == 14
    assert registered["join_url"].startswith(f"{service.settings.public_url}/e/{event_id}/join/")
    fact = (await service.outbox())[-1]
    assert fact.type == "passerelle.registration.participant.registered.v1"
    assert fact.subject == registered["participant_id"]
    assert b"Martin" not in fact.to_bytes()
    assert b"example.org" not in fact.to_bytes()


@pytest.mark.parametrize(
    "changed,pointer",
    [
        ({"email": "lea@example"}, "#/email"),
        ({"name": "  "}, "#/name"),
        ({"mode": "telepathy"}, "#/mode"),
        ({"language": "français"}, "#/language"),
        ({"consents": {"everything": True}}, "#/consents/everything"),
    ],
)
async def test_a_wrong_registration_is_refused_with_the_field_named(
    service: RunningRegistration, changed: dict[str, object], pointer: str
) -> None:
    event_id = await service.event()
    problem = await service.api(
        "POST", f"/events/{event_id}/registrations", a_registration(**changed), token=None, expect=400
    )
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_the_waitlist_moves_up_in_its_order(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 1}, offer_minutes=0)
    first, second, third = [await service.register(event_id, name=name) for name in ("A", "B", "C")]
    assert [who["status"] for who in (first, second, third)] == ["confirmed", "waitlisted", "waitlisted"]
    assert [who["waitlist_position"] for who in (first, second, third)] == [None, 1, 2]
    people = f"/events/{event_id}/registrations"
    await service.api("DELETE", f"{people}/{first['participant_id']}", expect=204)
    assert (await service.api("GET", f"{people}/{second['participant_id']}"))["status"] == "confirmed"
    moved = await service.api("PATCH", f"{people}/{second['participant_id']}", {"mode": "remote"})
    assert (moved["mode"], moved["status"]) == ("remote", "confirmed")
    assert (await service.api("GET", f"{people}/{third['participant_id']}"))["status"] == "confirmed"
    assert kinds(await service.outbox())[-4:] == [
        "registration.participant.cancelled",
        "registration.participant.confirmed",
        "registration.participant.mode_changed",
        "registration.participant.confirmed",
    ]


async def test_a_switch_to_a_full_mode_waits_there_and_gives_the_seat_up(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 1}, offer_minutes=0)
    await service.register(event_id, mode="remote")
    switching = await service.register(event_id)
    waiting = await service.register(event_id)
    people = f"/events/{event_id}/registrations"
    moved = await service.api("PATCH", f"{people}/{switching['participant_id']}", {"mode": "remote"})
    assert (moved["status"], moved["waitlist_position"]) == ("waitlisted", 1)
    assert (await service.api("GET", f"{people}/{waiting['participant_id']}"))["status"] == "confirmed"


async def test_seats_that_are_added_go_to_those_who_wait(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 0, "remote": 0}, offer_minutes=0)
    waiting = [await service.register(event_id, name=name) for name in "ABC"]
    await service.api("PATCH", f"/events/{event_id}", {"capacity": {"in_person": 2}})
    listed = await service.api("GET", f"/events/{event_id}/registrations?status=confirmed")
    assert [who["participant_id"] for who in listed["items"]] == [who["participant_id"] for who in waiting[:2]]


async def test_consents_are_kept_by_purpose_and_can_be_revoked(service: RunningRegistration) -> None:
    event_id = await service.event()
    body = a_registration(consents={"photos": True, "newsletter": True})
    registered = await service.api("POST", f"/events/{event_id}/registrations", body, expect=201)
    path = f"/events/{event_id}/registrations/{registered['participant_id']}"
    after = await service.api("PATCH", path, {"consents": {"photos": False}})
    assert after["consents"] == {"photos": False, "newsletter": True}


async def test_erasing_deletes_the_person_and_keeps_the_facts(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    await service.check_in(event_id, ticket=registered["ticket"])
    path = f"/events/{event_id}/registrations/{registered['participant_id']}"
    for _ in range(2):
        await service.api("DELETE", f"{path}?erase=true", expect=204)
    after = await service.api("GET", path)
    assert (after["status"], after["name"], after["email"], after["consents"]) == ("cancelled", None, None, {})
    assert "checkin.checked_in" in kinds(await service.outbox())
    names = await service.client.post(
        "/internal/names",
        json={"event_id": event_id, "ids": [registered["participant_id"]]},
        headers=internal_headers(service.settings),
    )
    assert (await names.json()) == {"names": {}}


async def test_search_finds_people_without_accents_and_case(service: RunningRegistration) -> None:
    event_id = await service.event()
    for name in ("Léa Martin", "Éléonore Dupré", "100% Bio"):
        await service.register(event_id, name=name)

    async def found(search: str) -> list[str]:
        page = await service.api("GET", f"/events/{event_id}/registrations?search={search}")
        return [item["name"] for item in page["items"]]

    assert await found("eleonore") == ["Éléonore Dupré"]
    assert await found("MART%20l%C3%A9") == ["Léa Martin"]
    assert await found("%25") == ["100% Bio"]
    assert await found("nobody") == []


async def test_a_guest_is_linked_unlinked_and_linked_again(service: RunningRegistration) -> None:
    event_id = await service.event()
    who, other = [(await service.register(event_id))["participant_id"] for _ in range(2)]
    links = f"/events/{event_id}/links"
    for _ in range(2):
        await service.api("POST", links, {"guest_id": GUEST, "participant_id": who}, expect=201)
    await service.api("POST", links, {"guest_id": GUEST, "participant_id": other}, expect=409)
    await service.api("DELETE", links, {"guest_id": GUEST, "participant_id": other}, expect=404)
    await service.api("DELETE", links, {"guest_id": GUEST, "participant_id": who}, expect=204)
    await service.api("POST", links, {"guest_id": GUEST, "participant_id": other}, expect=201)
    await service.api("DELETE", f"{links}/{GUEST}", expect=204)
    facts = [fact for fact in await service.outbox() if ".identity." in fact.type]
    assert kinds(facts) == [f"registration.identity.{kind}" for kind in ("linked", "unlinked", "linked", "unlinked")]
    assert [fact.subject for fact in facts] == [who, who, other, other]
    assert len({fact.time for fact in facts}) == 4
    await service.api("POST", links, {"guest_id": "somebody", "participant_id": who}, expect=400)
