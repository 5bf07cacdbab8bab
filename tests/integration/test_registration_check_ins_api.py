"""Check-ins over the API of registration, on a real database."""

from datetime import timedelta
from typing import Any

from schemas.envelope import format_instant
from services.chassis.clock import system_clock
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration, kinds

pytestmark = ON_BOTH


async def test_the_desk_lets_in_recognises_and_lets_out(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    first = await service.check_in(event_id, ticket=registered["ticket"].lower().replace("-", " "), gate="North")
    assert (first["outcome"], first["name"], first["gate"]) == ("checked_in", "Léa Martin", "North")
    again = await service.check_in(event_id, participant_id=registered["participant_id"], gate="South")
    assert (again["outcome"], again["fact_id"]) == ("already_in", first["fact_id"])
    assert (again["earlier"]["gate"], again["earlier"]["at"]) == ("North", first["at"])
    assert (await service.check_in(event_id, ticket=registered["ticket"], action="out"))["outcome"] == "checked_out"
    assert (await service.check_in(event_id, ticket=registered["ticket"], action="out"))["outcome"] == "not_in"
    assert kinds(await service.outbox())[-2:] == ["checkin.checked_in", "checkin.checked_out"]


async def test_refusals_are_answers_with_a_reason(service: RunningRegistration) -> None:
    event_id, other_event = await service.event(capacity={"in_person": 1, "remote": 5}), await service.event()
    seated = await service.register(event_id)
    waiting = await service.register(event_id)
    remote = await service.register(event_id, mode="remote")
    elsewhere = await service.register(other_event)

    async def reason(ticket: str) -> object:
        refused = await service.check_in(event_id, ticket=ticket)
        assert (refused["outcome"], refused["fact_id"]) == ("refused", None)
        return refused["reason"]

    assert await reason(waiting["ticket"]) == "waitlisted"
    assert await reason(remote["ticket"]) == "remote_ticket"
    assert await reason(elsewhere["ticket"]) == "other_event"
    assert await reason("0000-0000-0000") == "unknown_ticket"
    assert await reason("no ticket at all") == "unknown_ticket"
    await service.api("DELETE", f"/events/{event_id}/registrations/{seated['participant_id']}", expect=204)
    assert await reason(seated["ticket"]) == "registration_cancelled"
    foreign = await service.check_in(event_id, ticket=elsewhere["ticket"])
    assert (foreign["name"], foreign["participant_id"]) == (None, None)


async def test_an_offline_scan_may_be_late_and_never_early(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    now = system_clock()
    late = await service.check_in(event_id, ticket=registered["ticket"], at=format_instant(now - timedelta(hours=1)))
    assert late["at"] == format_instant(now - timedelta(hours=1))
    fast = format_instant(now + timedelta(minutes=4))
    assert (await service.check_in(event_id, ticket=registered["ticket"], action="out", at=fast))["at"] == fast
    early = format_instant(now + timedelta(minutes=6))
    problem = await service.check_in(event_id, ticket=registered["ticket"], at=early, expect=400)
    assert problem["errors"][0]["pointer"] == "#/at"


async def test_a_scan_of_a_desk_whose_clock_was_never_set_is_refused(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    problem = await service.check_in(event_id, ticket=registered["ticket"], at="0001-01-01T00:00:00Z", expect=400)
    assert problem["errors"][0]["pointer"] == "#/at"


async def test_offline_scans_in_any_order_all_become_facts(service: RunningRegistration) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id))["ticket"]
    base = system_clock() - timedelta(hours=3)
    for minutes, action in ((60, "out"), (70, "in"), (0, "in")):
        await service.check_in(
            event_id, ticket=ticket, action=action, at=format_instant(base + timedelta(minutes=minutes))
        )
    facts = [fact for fact in await service.outbox() if fact.type.startswith("passerelle.checkin.")]
    assert sorted((fact.time, fact.type) for fact in facts) == [
        (base, "passerelle.checkin.checked_in.v1"),
        (base + timedelta(minutes=60), "passerelle.checkin.checked_out.v1"),
        (base + timedelta(minutes=70), "passerelle.checkin.checked_in.v1"),
    ]


async def test_a_voided_scan_never_was(service: RunningRegistration) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id))["ticket"]
    scan = await service.check_in(event_id, ticket=ticket)
    path = f"/events/{event_id}/check-ins/{scan['fact_id']}/void"
    voided = await service.api("POST", path)
    assert await service.api("POST", path) == voided
    fact: Any = (await service.outbox())[-1]
    assert (fact.id, fact.data.voided_id) == (voided["fact_id"], scan["fact_id"])
    assert kinds(await service.outbox()).count("checkin.voided") == 1
    assert (await service.check_in(event_id, ticket=ticket))["outcome"] == "checked_in"
    await service.api("POST", f"/events/{event_id}/check-ins/unknown/void", expect=404)
