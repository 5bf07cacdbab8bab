"""Seats over the API of registration, on a real database: offered, kept until a deadline, passed on, released."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from schemas.registration import SeatOffered, SeatOfferWithdrawn, SeatReleased
from services.registration.bootstrap import MIGRATIONS
from tests.databases import ON_BOTH, NewDatabase
from tests.integration.running_registration import (
    START,
    MovedClock,
    RunningRegistration,
    a_registration,
    kinds,
    running_registration,
)

pytestmark = ON_BOTH

DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(START - 3 * DAY)


@pytest_asyncio.fixture
async def service(tmp_path: Path, new_database: NewDatabase, clock: MovedClock) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path, database=await new_database(MIGRATIONS), clock=clock) as running:
        yield running


async def a_full_room(service: RunningRegistration, *, remote: int = 0) -> tuple[str, dict[str, Any]]:
    """An event of one seat in the room, taken by A, and B, C and D who wait for it."""
    event_id = await service.event(capacity={"in_person": 1, "remote": remote})
    return event_id, {name: await service.register(event_id, name=name) for name in "ABCD"}


def path_of(who: dict[str, Any]) -> str:
    return f"/events/{who['event_id']}/registrations/{who['participant_id']}"


async def read(service: RunningRegistration, who: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await service.api("GET", path_of(who))
    return answer


async def test_a_freed_seat_is_offered_to_the_next_and_then_to_the_one_after(
    service: RunningRegistration, clock: MovedClock
) -> None:
    _, people = await a_full_room(service)
    await service.api("DELETE", path_of(people["A"]), expect=204)
    offered = await read(service, people["B"])
    assert (offered["status"], offered["waitlist_position"]) == ("waitlisted", None)
    assert offered["offer"] == {"mode": "in_person", "expires_at": "2037-11-21T08:00:00.000Z"}
    assert (await read(service, people["C"]))["waitlist_position"] == 1
    clock.now += DAY
    offers = service.parts.use_cases.offers
    await asyncio.gather(offers.settle_due(), offers.settle_due())
    assert (await read(service, people["B"]))["status"] == "cancelled"
    declined = await service.api("POST", f"{path_of(people['C'])}/offer/decline")
    assert declined["status"] == "cancelled"
    token = people["D"]["personal_token"]
    accepted = await service.api("POST", f"{path_of(people['D'])}/offer/accept", token=token)
    assert (accepted["status"], accepted["mode"], accepted["offer"]) == ("confirmed", "in_person", None)
    facts = (await service.outbox())[6:]
    assert kinds(facts) == [
        "registration.participant.cancelled",
        "registration.seat.offered",
        "registration.seat.offer_withdrawn",
        "registration.participant.cancelled",
        "registration.seat.offered",
        "registration.seat.offer_withdrawn",
        "registration.participant.cancelled",
        "registration.seat.offered",
        "registration.participant.confirmed",
    ]
    assert [fact.data.reason for fact in facts if isinstance(fact, SeatOfferWithdrawn)] == ["expired", "declined"]
    whom = [people[name]["participant_id"] for name in "BCD"]
    assert [fact.subject for fact in facts if isinstance(fact, SeatOffered)] == whom


async def test_a_remote_seat_taken_meanwhile_keeps_the_rank_for_the_room(service: RunningRegistration) -> None:
    event_id, people = await a_full_room(service, remote=1)
    assert people["B"]["remote_seat_available"]
    meanwhile = await service.api("PATCH", path_of(people["B"]), {"mode": "remote", "keep_waiting": True})
    assert (meanwhile["mode"], meanwhile["status"]) == ("remote", "confirmed")
    assert meanwhile["waiting"] == [{"mode": "in_person", "position": 1}]
    late = await service.register(event_id, mode="remote")
    assert not late["remote_seat_available"]
    await service.api("DELETE", path_of(people["A"]), expect=204)
    accepted = await service.api("PATCH", path_of(people["B"]), {"mode": "in_person"})
    assert (accepted["mode"], accepted["status"], accepted["waiting"]) == ("in_person", "confirmed", [])
    assert (await read(service, late))["offer"]["mode"] == "remote"
    changes = [fact for fact in await service.outbox() if fact.subject == people["B"]["participant_id"]]
    assert kinds(changes)[1:] == [
        "registration.participant.mode_changed",
        "registration.seat.offered",
        "registration.participant.mode_changed",
    ]
    assert getattr(changes[1].data, "waits_for", None) == ("in_person",)


async def test_either_is_the_room_or_a_remote_seat_with_a_rank_for_the_room(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 1})
    first, second, third = [await service.register(event_id, mode="either", name=name) for name in "ABC"]
    assert [(who["mode"], who["status"]) for who in (first, second)] == [
        ("in_person", "confirmed"),
        ("remote", "confirmed"),
    ]
    assert second["waiting"] == [{"mode": "in_person", "position": 1}]
    assert third["waiting"] == [{"mode": "in_person", "position": 2}, {"mode": "remote", "position": 1}]
    await service.api("DELETE", path_of(first), expect=204)
    await service.api("POST", f"{path_of(second)}/offer/accept")
    assert (await read(service, third))["offer"]["mode"] == "remote"


async def test_a_seat_is_kept_while_its_holder_waits_for_the_other_and_given_up_only_on_purpose(
    service: RunningRegistration,
) -> None:
    _, people = await a_full_room(service, remote=0)
    kept = await service.api("PATCH", path_of(people["A"]), {"mode": "remote", "keep_seat": True})
    assert (kept["mode"], kept["status"]) == ("in_person", "confirmed")
    assert kept["waiting"] == [{"mode": "remote", "position": 1}]
    content = await service.api("PATCH", path_of(people["A"]), {"keep_waiting": False})
    assert (content["status"], content["waiting"]) == ("confirmed", [])


async def test_once_the_event_runs_a_freed_seat_is_given_at_once_and_no_offer_outlasts_its_start(
    service: RunningRegistration, clock: MovedClock
) -> None:
    clock.now = START - 10 * MINUTE
    _, people = await a_full_room(service)
    await service.api("DELETE", path_of(people["A"]), expect=204)
    assert (await read(service, people["B"]))["offer"]["expires_at"] == "2037-11-23T08:00:00.000Z"
    clock.now = START
    refused = await service.api("POST", f"{path_of(people['B'])}/offer/accept", expect=409)
    assert refused["reason"] == "offer_expired"
    await service.parts.use_cases.offers.settle_due()
    assert (await read(service, people["C"]))["status"] == "confirmed"


async def test_an_offer_ends_with_the_start_of_an_event_that_is_moved_earlier(
    service: RunningRegistration, clock: MovedClock
) -> None:
    event_id, people = await a_full_room(service)
    await service.api("DELETE", path_of(people["A"]), expect=204)
    earlier = {"starts_at": (START - 2 * DAY - 60 * MINUTE).isoformat()}
    await service.api("PATCH", f"/events/{event_id}", earlier)
    assert (await read(service, people["B"]))["offer"]["expires_at"] == "2037-11-21T07:00:00.000Z"
    assert kinds(await service.outbox())[-1] == "registration.seat.offered", "told again with its new deadline"
    await service.api("PATCH", f"/events/{event_id}", {"starts_at": (clock.now - MINUTE).isoformat()})
    assert (await read(service, people["B"]))["status"] == "confirmed", "nobody loses a seat by a start that has passed"


async def test_the_seat_of_who_has_not_come_goes_to_who_waits_from_the_time_that_is_set(
    service: RunningRegistration, clock: MovedClock
) -> None:
    event_id = await service.event(capacity={"in_person": 3, "remote": 1}, no_show_minutes=30)
    people = {}
    for name in ("early", "late", "last"):
        clock.now += MINUTE
        people[name] = await service.register(event_id, name=name)
    early, late, last = people.values()
    waiting = await service.register(event_id, name="waiting")
    clock.now = START + 29 * MINUTE
    await service.check_in(event_id, ticket=early["ticket"])
    offers = service.parts.use_cases.offers
    assert await offers.settle_due() == []
    clock.now = START + 30 * MINUTE
    assert await offers.settle_due() == [event_id]
    assert await offers.settle_due() == []
    assert (await read(service, waiting))["status"] == "confirmed"
    released = await read(service, last)
    assert (released["mode"], released["status"]) == ("remote", "confirmed")
    assert released["waiting"] == [{"mode": "in_person", "position": 1}]
    walk_in = await service.register(event_id, name="walk-in")
    assert walk_in["status"] == "confirmed"
    assert (await read(service, late))["status"] == "waitlisted"
    facts = [fact for fact in await service.outbox() if isinstance(fact, SeatReleased)]
    assert [fact.subject for fact in facts] == [last["participant_id"], late["participant_id"]]
    assert [await offers.settle_due() for _ in range(2)] == [[], []]


async def test_what_is_not_offered_or_not_ones_own_cannot_be_accepted(service: RunningRegistration) -> None:
    _, people = await a_full_room(service)
    accept = f"{path_of(people['B'])}/offer/accept"
    assert (await service.api("POST", accept, expect=409))["reason"] == "no_offer"
    await service.api("POST", accept, token=people["C"]["personal_token"], expect=403)
    await service.api("POST", accept, token=None, expect=401)
    await service.api("GET", f"/events/{people['A']['event_id']}/waitlist", token=None, expect=401)


async def test_one_person_registers_several_each_with_a_seat_or_a_place_of_their_own(
    service: RunningRegistration,
) -> None:
    event_id = await service.event(capacity={"in_person": 2, "remote": 1})
    group = {
        "mode": "in_person",
        "email": "lea@example.org",
        "members": [
            {"name": "A"},
            {"name": "B", "mode": "remote"},
            {"name": "C", "email": "c@example.org"},
            {"name": "D"},
        ],
    }
    headers = {"Idempotency-Key": "one"}
    path = f"/events/{event_id}/groups"
    made = await service.api("POST", path, group, token=None, expect=201, headers=headers)
    assert await service.api("POST", path, group, token=None, expect=201, headers=headers) == made
    assert [(who["mode"], who["status"]) for who in made["registrations"]] == [
        ("in_person", "confirmed"),
        ("remote", "confirmed"),
        ("in_person", "confirmed"),
        ("in_person", "waitlisted"),
    ]
    listed = (await service.api("GET", f"/events/{event_id}/registrations"))["items"]
    assert [who["email"] for who in listed] == [f"{name}@example.org" for name in ("lea", "lea", "c", "lea")]
    assert {who["group_id"] for who in listed} == {made["group_id"]}


async def test_a_venue_is_one_connection_with_an_attested_headcount(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 1})
    path = f"/events/{event_id}/registrations"
    body = a_registration(name="Médiathèque de Tulle", headcount=12)
    wrong = await service.api("POST", path, body, token=None, expect=400)
    assert "a venue takes part remotely" in wrong["detail"] + str(wrong["errors"])
    venue = await service.api("POST", path, body | {"mode": "remote"}, token=None, expect=201)
    assert (venue["status"], venue["headcount"]) == ("confirmed", 12)
    assert (await service.api("GET", f"/events/{event_id}/seats"))["remote"]["free"] == 0
    counted = await service.api("PATCH", path_of(venue), {"headcount": 14})
    assert counted["headcount"] == 14
    someone = await service.register(event_id)
    await service.api("PATCH", path_of(someone), {"headcount": 2}, expect=400)
    told = [getattr(fact.data, "headcount", None) for fact in await service.outbox()]
    assert told[2:] == [12, 14, None]
