"""Suspect times are accepted, and that is taken back: over the API and by forms, on a real database."""

from typing import Any, Final

from schemas.identifiers import fact_id, guest_id
from schemas.registration import TimeAcceptanceWithdrawn, TimeAccepted
from services.chassis.access import Role
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration

pytestmark = ON_BOTH

FACT: Final = fact_id("a scan of a desk whose clock is wrong")
GUEST: Final = guest_id(source="/bridge/jitsi/main", person="somebody")


async def judged(service: RunningRegistration) -> list[Any]:
    return [fact for fact in await service.outbox() if isinstance(fact, TimeAccepted | TimeAcceptanceWithdrawn)]


async def test_an_acceptance_and_its_undoing_are_facts(service: RunningRegistration) -> None:
    event_id = await service.event()
    path = f"/events/{event_id}/suspect-times/{FACT}/accept"
    accepted = await service.api("POST", path, {"subject": GUEST})
    assert (accepted["fact_id"], accepted["subject"]) == (FACT, GUEST)
    await service.api("DELETE", path, expect=204)
    one, other = await judged(service)
    assert isinstance(one, TimeAccepted)
    assert isinstance(other, TimeAcceptanceWithdrawn)
    assert [(fact.subject, fact.data.fact_id) for fact in (one, other)] == [(GUEST, FACT)] * 2
    assert one.time < other.time


async def test_accepting_again_changes_nothing_unless_it_names_somebody_else(service: RunningRegistration) -> None:
    event_id = await service.event()
    path = f"/events/{event_id}/suspect-times/{FACT}/accept"
    accepted = await service.api("POST", path)
    assert accepted["subject"] is None
    assert await service.api("POST", path, {}) == accepted
    assert len(await judged(service)) == 1
    await service.api("POST", path, {"subject": GUEST})
    before, taken_back, now = await judged(service)
    assert (type(before), before.subject) == (TimeAccepted, None)
    assert (type(taken_back), taken_back.subject) == (TimeAcceptanceWithdrawn, None)
    assert (type(now), now.subject) == (TimeAccepted, GUEST)
    assert before.time < taken_back.time < now.time
    await service.api("DELETE", path, expect=204)
    assert {fact.subject for fact in await judged(service) if isinstance(fact, TimeAcceptanceWithdrawn)} == {
        None,
        GUEST,
    }


async def test_a_request_repeated_with_its_key_is_answered_as_the_first_time(service: RunningRegistration) -> None:
    event_id = await service.event()
    path = f"/events/{event_id}/suspect-times/{FACT}/accept"
    key = {"Idempotency-Key": "once"}
    first = await service.api("POST", path, {"subject": GUEST}, headers=key)
    await service.api("DELETE", path, expect=204)
    assert await service.api("POST", path, {"subject": GUEST}, headers=key) == first
    assert len(await judged(service)) == 2


async def test_what_cannot_be_is_refused(service: RunningRegistration) -> None:
    event_id = await service.event()
    path = f"/events/{event_id}/suspect-times/{FACT}/accept"
    await service.api("DELETE", path, expect=404)
    await service.api("POST", path, {"subject": f"par_{'0' * 32}"}, expect=404)
    await service.api("POST", path, {"subject": "Léa Martin"}, expect=400)
    await service.api("POST", f"/events/{event_id}/suspect-times/L%C3%A9a/accept", expect=404)
    await service.api("POST", f"/events/evt_none/suspect-times/{FACT}/accept", expect=404)
    for role in (Role.DESK, Role.ANALYST):
        token = await service.parts.use_cases.tokens.create(role)
        await service.api("POST", path, token=token, expect=403)
    await service.api("POST", path, token=None, expect=401)
    assert await judged(service) == []


async def test_a_form_accepts_and_leads_back(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in()
    path = f"/events/{event_id}/suspect-times/{FACT}"
    back = f"/events/{event_id}/live/people/{GUEST}"
    assert await service.redirect("POST", f"{path}/accept", {"subject": GUEST, "back": back}) == back
    assert await service.redirect("POST", f"{path}/withdraw", {"back": "https://elsewhere.example"}) == (
        f"/events/{event_id}/live"
    )
    assert await service.redirect("POST", f"{path}/withdraw", {"back": ""}) == f"/events/{event_id}/live"
    assert [type(fact) for fact in await judged(service)] == [TimeAccepted, TimeAcceptanceWithdrawn]
    assert await service.redirect("GET", f"{path}/accept") == f"/events/{event_id}/live"
    await service.page("POST", f"{path}/accept", {"subject": "Léa"}, expect=400)
