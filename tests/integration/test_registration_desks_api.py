"""The desks of an event together, over the API: what each must know, rooms, walk-ins, double entries."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from schemas.envelope import format_instant
from services.chassis.access import Role
from services.chassis.clock import system_clock
from services.registration.web.desk_views import DeskView, ticket_digest
from tests.integration.running_registration import RunningRegistration, kinds


async def test_a_desk_learns_all_tickets_and_then_what_changed(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 3, "remote": 3})
    lea = await service.register(event_id, name="Léa Martin")
    await service.register(event_id, name="Rémi Petit", mode="remote")
    await service.check_in(event_id, ticket=lea["ticket"], gate="North")
    desk = await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id)

    state = await service.api("GET", f"/events/{event_id}/desk", token=desk)
    assert (state["on_site"], state["expected"], state["capacity"], state["seats_left"]) == (1, 1, 3, 2)
    assert state["gates"] == [{"gate": "North", "inside": 1}]
    known = {ticket["name"]: ticket for ticket in state["tickets"]}
    assert known["Léa Martin"]["digest"] == ticket_digest(event_id, lea["ticket"].replace("-", ""))
    assert known["Léa Martin"]["last"]["gate"] == "North"
    assert known["Rémi Petit"]["last"] is None
    # They are written past the models that describe them.
    assert DeskView.model_validate(state).model_dump(mode="json") == state
    assert not [text for text in (lea["ticket"], "example.org") if text in str(state)]

    later = format_instant(system_clock() + timedelta(minutes=1))
    assert (await service.api("GET", f"/events/{event_id}/desk?since={later}", token=desk))["tickets"] == []
    earlier = await service.api("GET", f"/events/{event_id}/desk?since={state['now']}", token=desk)
    assert {ticket["name"] for ticket in earlier["tickets"]} == set(known)


async def test_a_room_is_entered_and_left_without_leaving_the_event(service: RunningRegistration) -> None:
    event_id = await service.event()
    event = await service.api("GET", f"/events/{event_id}")
    room = event["rooms"][0]["room_id"]
    who = {"ticket": (await service.register(event_id))["ticket"], "gate": "Nord", "device": "Zoé’s phone"}

    async def inside() -> tuple[int, int]:
        state = await service.api("GET", f"/events/{event_id}/desk")
        (ticket,) = state["tickets"]
        number = next(place["inside"] for place in state["places"] if place["place_id"] == room)
        assert ticket["places"] == [entry["place_id"] for entry in ticket["entries"]] == [room] * number
        return state["on_site"], number

    assert (await service.check_in(event_id, **who, place_id=room))["outcome"] == "checked_in"
    assert await inside() == (1, 1)
    assert (await service.check_in(event_id, **who))["outcome"] == "already_in"
    assert (await service.check_in(event_id, **who, place_id=room, action="out"))["outcome"] == "checked_out"
    assert await inside() == (1, 0)
    assert (await service.check_in(event_id, **who, place_id=room))["outcome"] == "checked_in"
    assert (await service.check_in(event_id, **who, action="out"))["outcome"] == "checked_out"
    assert await inside() == (0, 0)
    assert (await service.check_in(event_id, **who, place_id=room, action="out"))["outcome"] == "not_in"
    told: list[Any] = [fact for fact in await service.outbox() if fact.type.startswith("passerelle.checkin.")]
    assert [(fact.type.split(".")[2], fact.data.place_id) for fact in told] == [
        ("checked_in", room),
        ("checked_in", room),
        ("checked_out", None),
    ]
    assert {(fact.data.gate, fact.data.device) for fact in told} == {("Nord", None)}, "its device is the desk's own"
    problem = await service.check_in(event_id, expect=400, **who, place_id="room_none")
    assert problem["errors"][0]["pointer"] == "#/place_id"


async def test_two_desks_apart_end_as_one_presence_and_one_notice(service: RunningRegistration) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id))["ticket"]
    nine = system_clock() - timedelta(hours=1)

    async def came_in(minutes: int, desk: str) -> Any:  # noqa: ANN401
        at = format_instant(nine + timedelta(minutes=minutes))
        body = {"ticket": ticket, "at": at, "device": desk, "gate": desk, "scan_id": str(uuid4())}
        first = await service.check_in(event_id, **body, clock_offset_ms=-1500)
        assert await service.check_in(event_id, **body, clock_offset_ms=-1500) == first
        return first

    # The desk that let the ticket in last is the first to reach the server.
    south, north = await came_in(12, "south"), await came_in(10, "north")
    assert (south["outcome"], north["outcome"]) == ("checked_in", "checked_in")
    assert (await service.api("GET", f"/events/{event_id}/desk"))["on_site"] == 1
    assert kinds(await service.outbox()).count("checkin.checked_in") == 2
    (notice,) = (await service.api("GET", f"/events/{event_id}/double-entries"))["items"]
    assert [(entry["gate"], entry["clock_offset_ms"]) for entry in notice["entries"]] == [
        ("north", -1500),
        ("south", -1500),
    ]
    path = f"/events/{event_id}/double-entries/{notice['double_entry_id']}/settle"
    for _ in range(2):
        await service.api("POST", path, expect=204)
    (settled,) = (await service.api("GET", f"/events/{event_id}/double-entries"))["items"]
    assert settled == notice | {"settled": True}
    await service.api("POST", f"/events/{event_id}/double-entries/nothing/settle", expect=404)
    await service.api("POST", f"/events/{event_id}/check-ins/{south['fact_id']}/void")
    assert (await service.api("GET", f"/events/{event_id}/double-entries"))["items"] == []


async def test_a_scan_sent_again_after_signing_in_anew_is_the_same_scan(service: RunningRegistration) -> None:
    event_id = await service.event()
    scan = {"ticket": (await service.register(event_id))["ticket"], "action": "in", "scan_id": str(uuid4())}
    answers = []
    for late in ({}, {"at": format_instant(system_clock())}):
        token = await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id)
        answers.append(
            await service.api(
                "POST",
                f"/events/{event_id}/check-ins",
                scan | late,
                token=token,
                headers={"Idempotency-Key": scan["scan_id"]},
            )
        )
    assert answers[0] == answers[1]
    assert kinds(await service.outbox()).count("checkin.checked_in") == 1


async def test_a_walk_in_is_registered_and_in_once_and_only_while_a_seat_is_left(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 1})
    remote = await service.register(event_id, mode="remote")
    asked = await service.check_in(event_id, ticket=remote["ticket"])
    assert (asked["reason"], asked["seats_left"]) == ("remote_ticket", 1)
    body = {"name": "Zoé Ünal", "gate": "North", "scan_id": str(uuid4())}
    first = await service.api("POST", f"/events/{event_id}/walk-ins", body, expect=201)
    assert (first["check_in"]["outcome"], first["check_in"]["name"]) == ("checked_in", "Zoé Ünal")
    assert await service.api("POST", f"/events/{event_id}/walk-ins", body, expect=201) == first
    more = {"name": "Un de trop", "scan_id": str(uuid4())}
    problem = await service.api("POST", f"/events/{event_id}/walk-ins", more, expect=409)
    assert problem["reason"] == "mode_full"
    assert (await service.check_in(event_id, ticket=remote["ticket"]))["seats_left"] == 0


async def test_a_ticket_of_another_event_says_which(service: RunningRegistration) -> None:
    event_id, other, draft = await service.event(), await service.event(title="Atelier"), await service.event()
    elsewhere = await service.register(other)
    hidden = await service.register(draft)
    await service.api("POST", f"/events/{draft}/cancel")
    refused = await service.check_in(event_id, ticket=elsewhere["ticket"])
    assert (refused["reason"], refused["other_event"]["title"]) == ("other_event", "Atelier")
    assert (await service.check_in(event_id, ticket=hidden["ticket"]))["other_event"] is None
