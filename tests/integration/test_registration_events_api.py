"""Events over the API of registration, on a real database."""

from datetime import timedelta
from typing import Any

import pytest

from tests.databases import ON_BOTH
from tests.integration.running_registration import START, RunningRegistration, a_registration, an_event, kinds

pytestmark = ON_BOTH


async def test_an_event_is_created_as_a_draft_and_read_back(service: RunningRegistration) -> None:
    created = await service.api("POST", "/events", an_event(), expect=201)
    assert created["status"] == "draft"
    assert created["starts_at"] == "2037-11-23T08:00:00.000Z"
    assert created["capacity"] == {"in_person": 100, "remote": 100}
    assert created["rooms"][0]["conference"] == {"source": "main", "room": "plenary"}
    assert await service.api("GET", f"/events/{created['event_id']}") == created


async def test_each_step_of_an_event_is_a_fact_with_the_whole_event(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.api("PATCH", f"/events/{event_id}", {"title": "Journée", "capacity": {"remote": None}})
    await service.api("POST", f"/events/{event_id}/close")
    facts = await service.outbox()
    assert kinds(facts) == [f"registration.event.{step}" for step in ("created", "published", "changed", "closed")]
    snapshots: list[Any] = [fact.data for fact in facts]
    assert [snapshot.status for snapshot in snapshots] == ["draft", "published", "published", "closed"]
    assert snapshots[-1].title == "Journée"
    assert (snapshots[-1].capacity.in_person, snapshots[-1].capacity.remote) == (100, None)
    assert snapshots[-1].grace_seconds == 900
    times = [fact.time for fact in facts]
    assert times == sorted(set(times))


async def test_editing_keeps_the_ids_of_sessions_and_rooms(service: RunningRegistration) -> None:
    event_id = await service.event()
    before = await service.api("GET", f"/events/{event_id}")
    session = before["sessions"][0] | {"title": "Ouverture"}
    rooms = [{"name": "Atelier"}, {"name": "Amphi"}]
    after = await service.api("PATCH", f"/events/{event_id}", {"sessions": [session], "rooms": rooms})
    assert after["sessions"][0]["session_id"] == before["sessions"][0]["session_id"]
    assert after["rooms"][1]["room_id"] == before["rooms"][0]["room_id"]
    assert after["rooms"][0]["room_id"] != before["rooms"][0]["room_id"]


async def test_a_change_that_changes_nothing_is_no_fact(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.api("PATCH", f"/events/{event_id}", {"title": "Colloque"})
    await service.api("POST", f"/events/{event_id}/publish")
    assert len(await service.outbox()) == 2


@pytest.mark.parametrize(
    "changed,pointer",
    [
        ({"ends_at": START.isoformat()}, "#/ends_at"),
        ({"timezone": "Mars/Olympus"}, "#/timezone"),
        ({"title": ""}, "#/title"),
        ({"title": "t" * 201}, "#/title"),
        ({"starts_at": "2037-11-23T09:00:00"}, "#/starts_at"),
        ({"capacity": {"in_person": -1}}, "#/capacity/in_person"),
        ({"grace_minutes": 100_000}, "#/grace_minutes"),
        ({"colour": "red"}, "#/colour"),
        ({"rooms": [{"name": "A", "conference": {"source": "main"}}]}, "#/rooms/0/conference/room"),
        (
            {
                "sessions": [
                    {"title": "S", "starts_at": START.isoformat(), "ends_at": (START + timedelta(days=2)).isoformat()}
                ]
            },
            "#/sessions/0/ends_at",
        ),
    ],
)
async def test_a_wrong_event_is_refused_with_the_field_named(
    service: RunningRegistration, changed: dict[str, object], pointer: str
) -> None:
    problem = await service.api("POST", "/events", an_event(**changed), expect=400)
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert await service.outbox() == []


async def test_what_is_over_is_refused_with_a_reason(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    await service.api("POST", f"/events/{event_id}/close")
    problem = await service.api("PATCH", f"/events/{event_id}", {"title": "x"}, expect=409)
    assert problem["reason"] == "event_closed"
    await service.api("POST", f"/events/{event_id}/cancel", expect=409)
    await service.api("POST", f"/events/{event_id}/registrations", a_registration(), expect=409)
    path = f"/events/{event_id}/registrations/{registered['participant_id']}"
    await service.api("PATCH", path, {"mode": "remote"}, expect=409)
    await service.api("DELETE", path, expect=409)
