"""A platform's room that no event has is given to one by an organizer, and taken back."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest_asyncio

from schemas.registration import EventChanged
from services.chassis.access import Role
from tests.integration.running_registration import RunningRegistration, running_registration

ROOM = {"source": "main", "room": "Amphi Nord"}


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


def here(seen_at: str = "2037-11-23T09:00:00Z", **room: str) -> str:
    return f"/rooms/claim?{urlencode({**ROOM, **room, 'seen_at': seen_at})}"


async def rooms_of(service: RunningRegistration, event_id: str) -> list[tuple[str, Any]]:
    event = await service.api("GET", f"/events/{event_id}")
    return [(room["name"], room.get("conference")) for room in event["rooms"]]


async def test_a_room_is_given_to_an_event_and_taken_back(service: RunningRegistration) -> None:
    event_id = await service.event(rooms=[{"name": "Salle 1", "address": "1 rue des Ponts"}], sessions=[])
    await service.register(event_id)
    await service.sign_in()
    starts_near = (await service.api("GET", f"/events/{event_id}"))["starts_at"]
    assert "It is “" in await service.page("GET", here(starts_near))
    told = await service.redirect("POST", here(starts_near), {"act": "claim", "event_id": event_id})
    assert await rooms_of(service, event_id) == [("Salle 1", None), ("Amphi Nord", ROOM)]
    said = await service.page("GET", told)
    assert "has the room now" in said
    assert f'<a href="#{event_id}">The wrong event? Take the room back</a>' in said
    # What stays is said before it is taken back.
    assert "until you take that back too" in await service.page("GET", here(starts_near))
    await service.redirect("POST", here(starts_near), {"act": "claim", "event_id": event_id})
    told = await service.redirect("POST", told, {"act": "release", "event_id": event_id})
    assert "The room was taken back from “" in await service.page("GET", told)
    assert await rooms_of(service, event_id) == [("Salle 1", None)]
    changes = [fact for fact in await service.outbox() if isinstance(fact, EventChanged)]
    assert [len(fact.data.rooms) for fact in changes] == [2, 1]
    letters = await service.page("GET", f"/events/{event_id}/letters")
    assert "Léa Martin" in letters
    assert "Event changed" not in letters


async def test_a_room_of_the_event_gets_the_conference_and_stays_when_it_is_taken_back(
    service: RunningRegistration,
) -> None:
    event_id = await service.event(rooms=[{"name": "Salle 1", "address": "1 rue des Ponts"}], sessions=[])
    await service.sign_in()
    room_id = (await service.api("GET", f"/events/{event_id}"))["rooms"][0]["room_id"]
    await service.redirect("POST", here(), {"act": "claim", "event_id": event_id, "room_id": room_id})
    assert await rooms_of(service, event_id) == [("Salle 1", ROOM)]
    await service.redirect("POST", here(), {"act": "release", "event_id": event_id})
    assert await rooms_of(service, event_id) == [("Salle 1", None)]


async def test_what_cannot_be_is_said_and_nothing_changes(service: RunningRegistration) -> None:
    await service.sign_in()
    closed = await service.event()
    await service.api("POST", f"/events/{closed}/close")
    await service.page("POST", here(), {"act": "claim", "event_id": closed}, expect=409)
    await service.page("POST", here(), {"act": "claim", "event_id": "evt_unknown"}, expect=404)
    await service.page("POST", here(), {"act": "claim"}, expect=422)
    await service.page("GET", "/rooms/claim?source=main", expect=400)
    assert "No event" not in await service.page("GET", here("9999-12-31T23:59:59Z"))


async def test_only_who_organizes_everything_does_it(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in(Role.ORGANIZER, event_id)
    await service.page("GET", here(), expect=403)
    await service.page("POST", here(), {"act": "claim", "event_id": event_id}, expect=403)
