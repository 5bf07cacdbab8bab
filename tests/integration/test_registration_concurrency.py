"""Many at once: seats are never given twice, and one person never comes in twice."""

import asyncio
from collections import Counter
from datetime import timedelta

from services.chassis.clock import system_clock
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration

pytestmark = ON_BOTH


async def test_the_last_ten_seats_go_to_exactly_ten_of_two_hundred(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 10, "remote": 0})
    answers = await asyncio.gather(*(service.register(event_id, name=f"P{number}") for number in range(200)))
    assert Counter(answer["status"] for answer in answers) == {"confirmed": 10, "waitlisted": 190}
    places = [answer["waitlist_position"] for answer in answers if answer["status"] == "waitlisted"]
    assert sorted(places) == list(range(1, 191))
    waitlist = await service.api("GET", f"/events/{event_id}/waitlist?limit=200")
    assert [entry["position"] for entry in waitlist["items"]] == list(range(1, 191))


async def test_freed_seats_are_offered_to_the_first_and_taken_once_while_everybody_comes_and_goes(
    service: RunningRegistration,
) -> None:
    tomorrow = system_clock() + timedelta(days=1)
    event_id = await service.event(
        capacity={"in_person": 5, "remote": 5},
        starts_at=tomorrow.isoformat(),
        ends_at=(tomorrow + timedelta(hours=8)).isoformat(),
        sessions=[],
    )
    people = [await service.register(event_id, mode="either", name=f"P{number}") for number in range(15)]
    path = f"/events/{event_id}/registrations"

    async def leave_or_come(number: int) -> None:
        if number < 4:
            await service.api("DELETE", f"{path}/{people[number]['participant_id']}", expect=204)
        else:
            await service.register(event_id, mode=("in_person", "remote", "either")[number % 3], name=f"P{number + 15}")

    await asyncio.gather(*(leave_or_come(number) for number in range(20)))
    waitlist = (await service.api("GET", f"/events/{event_id}/waitlist"))["items"]
    assert [entry["name"] for entry in waitlist if entry["offer"]] == [f"P{number}" for number in range(5, 9)]

    async def accept(entry: dict[str, str]) -> int:
        url = f"/api/v1{path}/{entry['participant_id']}/offer/accept"
        headers = {"Authorization": f"Bearer {service.organizer}"}
        async with service.client.post(url, headers=headers) as answer:
            return answer.status

    answers = await asyncio.gather(*(accept(entry) for entry in 2 * waitlist[:4]))
    assert Counter(answers) == {200: 4, 409: 4}
    seats = await service.api("GET", f"/events/{event_id}/seats")
    assert {mode: (of["confirmed"] + of["offered"], of["free"]) for mode, of in seats.items()} == {
        "in_person": (5, 0),
        "remote": (5, 0),
    }


async def test_seats_freed_at_the_same_time_go_to_the_first_who_wait(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 10, "remote": 0}, offer_minutes=0)
    people = [await service.register(event_id, name=f"P{number}") for number in range(20)]
    path = f"/events/{event_id}/registrations"
    await asyncio.gather(*(service.api("DELETE", f"{path}/{who['participant_id']}", expect=204) for who in people[:6]))
    confirmed = await service.api("GET", f"{path}?status=confirmed")
    assert [who["name"] for who in confirmed["items"]] == [f"P{number}" for number in range(6, 16)]


async def test_one_ticket_at_two_doors_comes_in_once(service: RunningRegistration) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id))["ticket"]
    answers = await asyncio.gather(
        *(service.check_in(event_id, ticket=ticket, gate=f"gate {number}") for number in range(10))
    )
    assert Counter(answer["outcome"] for answer in answers) == {"checked_in": 1, "already_in": 9}
    assert len({answer["fact_id"] for answer in answers}) == 1


async def test_a_form_sent_twice_at_once_registers_once(service: RunningRegistration) -> None:
    event_id = await service.event()
    form = {"mode": "remote", "name": "Léa", "email": "lea@example.org", "language": "fr", "form_id": "0" * 32}
    await asyncio.gather(*(service.redirect("POST", f"/e/{event_id}", form) for _ in range(5)))
    listed = await service.api("GET", f"/events/{event_id}/registrations")
    assert len(listed["items"]) == 1


async def test_facts_of_one_event_wait_in_the_order_of_their_changes(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 0})
    await asyncio.gather(*(service.register(event_id) for _ in range(10)))
    facts = await service.outbox()
    seats = [getattr(fact.data, "status", None) for fact in facts[2:]]
    assert seats == ["confirmed", *["waitlisted"] * 9]
