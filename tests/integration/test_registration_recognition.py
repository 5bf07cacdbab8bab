"""Guests whom the bridge asks after: recognised by an id or an address that their platform vouches for."""

import io
from typing import Any

from services.chassis.access import internal_headers
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration, a_registration, kinds


def guest(number: int) -> str:
    return f"gst_{number:032x}"


async def asked(service: RunningRegistration, event_id: str, *guests: dict[str, Any]) -> dict[str, str]:
    """What is said of some guests to the bridge."""
    headers = internal_headers(service.settings)
    body = {"event_id": event_id, "guests": list(guests)}
    async with service.client.post("/internal/recognise-guests", json=body, headers=headers) as response:
        assert response.status == 200, await response.text()
        said: dict[str, str] = (await response.json())["guests"]
        return said


async def told(service: RunningRegistration) -> list[tuple[str, str | None]]:
    facts = [fact for fact in await service.outbox() if ".identity." in fact.type]
    return list(zip(kinds(facts), [fact.subject for fact in facts], strict=True))


async def registered(service: RunningRegistration, event_id: str, **changed: object) -> str:
    path = f"/events/{event_id}/registrations"
    participant_id: str = (await service.api("POST", path, a_registration(**changed), expect=201))["participant_id"]
    return participant_id


@ON_BOTH
async def test_a_guest_with_the_address_of_one_confirmed_registration_is_linked_by_the_bridge(
    service: RunningRegistration,
) -> None:
    event_id = await service.event(capacity={"in_person": None, "remote": 1})
    ada = await registered(service, event_id, email="Ada@example.org", mode="remote")
    await registered(service, event_id, email="waiting@example.org", mode="remote")
    for name in ("Zoé", "Léo"):
        other = await registered(service, event_id, email=f"{name.casefold()[:1]}@example.org", name=name)
        await service.api("PATCH", f"/events/{event_id}/registrations/{other}", {"email": "family@example.org"})
    said = await asked(
        service,
        event_id,
        {"guest_id": guest(1), "email": "ADA@Example.org"},
        {"guest_id": guest(2), "email": "waiting@example.org"},
        {"guest_id": guest(3), "email": "family@example.org"},
        {"guest_id": guest(4), "email": "nobody@example.org"},
        {"guest_id": guest(5), "registrant_id": "nobody-imported-this"},
    )
    assert said == {guest(1): "linked"} | {guest(number): "unknown" for number in (2, 3, 4, 5)}
    assert await told(service) == [("registration.identity.linked", ada)]
    log = (await service.api("GET", f"/events/{event_id}/audit-log?act=guest.linked"))["items"]
    assert [(entry["actor"], entry["subject"]) for entry in log] == [("streaming_bridge", ada)]
    assert await asked(service, event_id, {"guest_id": guest(1), "email": "ada@example.org"}) == {guest(1): "settled"}
    await service.sign_in()
    assert "on the word of a meeting platform" in await service.page("GET", f"/events/{event_id}/audit")


@ON_BOTH
async def test_what_an_organizer_said_of_a_guest_is_never_overridden(service: RunningRegistration) -> None:
    event_id = await service.event()
    ada, bob = [await registered(service, event_id, email=f"{name}@example.org") for name in ("ada", "bob")]
    by_ada = {"guest_id": guest(1), "email": "ada@example.org"}
    await asked(service, event_id, by_ada)
    links = f"/events/{event_id}/links"
    await service.api("DELETE", f"{links}/{guest(1)}", expect=204)
    assert await asked(service, event_id, by_ada) == {guest(1): "settled"}
    await service.api("POST", links, {"guest_id": guest(2), "participant_id": bob}, expect=201)
    assert await asked(service, event_id, by_ada | {"guest_id": guest(2)}) == {guest(2): "settled"}
    assert await told(service) == [
        ("registration.identity.linked", ada),
        ("registration.identity.unlinked", ada),
        ("registration.identity.linked", bob),
    ]


@ON_BOTH
async def test_a_registrant_is_known_by_the_id_that_an_imported_list_gave(service: RunningRegistration) -> None:
    event_id = await service.event()
    headers = {"Authorization": f"Bearer {service.organizer}", "Content-Type": "text/csv"}
    text = b"name,email,id\nAda,ada@example.org,r-7\nBob,bob@example.org,r-8\n"
    path = f"/api/v1/events/{event_id}/imports"
    async with service.client.post(path, data=io.BytesIO(text), headers=headers) as response:
        assert response.status == 201, await response.text()
    items = (await service.api("GET", f"/events/{event_id}/registrations"))["items"]
    bob = next(item["participant_id"] for item in items if item["name"] == "Bob")
    said = await asked(service, event_id, {"guest_id": guest(1), "registrant_id": "r-8", "email": "ada@example.org"})
    assert said == {guest(1): "linked"}
    assert await told(service) == [("registration.identity.linked", bob)]


async def test_nobody_is_recognised_at_an_event_that_is_unknown_or_by_a_stranger(service: RunningRegistration) -> None:
    event_id = await service.event()
    somebody = {"guest_id": guest(1), "email": "lea@example.org"}
    await service.register(event_id)
    assert await asked(service, "evt_" + "0" * 32, somebody) == {guest(1): "unknown"}
    body = {"event_id": event_id, "guests": [somebody]}
    async with service.client.post("/internal/recognise-guests", json=body) as response:
        assert response.status == 403
    assert await told(service) == []
