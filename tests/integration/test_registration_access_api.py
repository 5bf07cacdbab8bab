"""Who may see and do what over the API of registration."""

from typing import Any

from services.chassis.access import Role, internal_headers
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration

pytestmark = ON_BOTH


async def test_the_public_sees_published_events_without_their_conferences(service: RunningRegistration) -> None:
    draft, published = await service.event(publish=False), await service.event()
    await service.api("GET", f"/events/{draft}", token=None, expect=404)
    seen = await service.api("GET", f"/events/{published}", token=None)
    assert seen["rooms"][0]["conference"] is None
    listed = await service.api("GET", "/events", token=None)
    assert [event["event_id"] for event in listed["items"]] == [published]


async def test_a_registration_opens_to_its_own_token_only(service: RunningRegistration) -> None:
    event_id = await service.event()
    mine, other = await service.register(event_id), await service.register(event_id)
    path = f"/events/{event_id}/registrations/{mine['participant_id']}"
    assert (await service.api("GET", path, token=mine["personal_token"]))["name"] == "Léa Martin"
    await service.api("GET", path, token=other["personal_token"], expect=403)
    await service.api("GET", path, token=None, expect=401)
    await service.api("GET", path, token="gAAAA" + "x" * 300, expect=401)
    changed = await service.api("PATCH", path, {"name": "Léa Roux", "mode": "remote"}, token=mine["personal_token"])
    assert (changed["name"], changed["mode"]) == ("Léa Roux", "remote")
    await service.api("GET", f"/events/{event_id}/registrations", token=mine["personal_token"], expect=401)


async def test_a_desk_sees_names_and_tickets_and_changes_only_modes(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": None})
    desk = await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id)
    remote, second = [await service.register(event_id, mode="remote") for _ in range(2)]
    people = f"/events/{event_id}/registrations"
    seen = (await service.api("GET", people, token=desk))["items"][0]
    assert (seen["name"], seen["email"], seen["consents"], seen["confirmation_url"]) == ("Léa Martin", None, None, None)
    path = f"{people}/{remote['participant_id']}"
    await service.api("PATCH", path, {"mode": "in_person"}, token=desk)
    await service.api("PATCH", path, {"name": "x"}, token=desk, expect=403)
    await service.api("DELETE", path, token=desk, expect=403)
    problem = await service.api(
        "PATCH", f"{people}/{second['participant_id']}", {"mode": "in_person"}, token=desk, expect=409
    )
    assert problem["reason"] == "mode_full"
    await service.api("POST", f"/events/{event_id}/close", token=desk, expect=403)
    other_event = await service.event()
    await service.api("GET", f"/events/{other_event}/registrations", token=desk, expect=403)


async def test_tokens_are_introspected_for_the_services_and_die_when_revoked(service: RunningRegistration) -> None:
    event_id = await service.event()
    tokens = service.parts.use_cases.tokens
    token = await tokens.create(Role.ANALYST, event_id=event_id)

    async def introspect(asked: str, headers: dict[str, str]) -> tuple[int, Any]:
        async with service.client.post("/internal/introspect", json={"token": asked}, headers=headers) as response:
            return response.status, await response.json()

    known = internal_headers(service.settings)
    status, answer = await introspect(token, known)
    assert status == 200
    assert (answer["active"], answer["role"], answer["event_id"]) == (True, "analyst", event_id)
    assert (await introspect("psr_unknown", known))[1]["active"] is False
    assert (await introspect(token, {}))[0] == 403
    assert await tokens.revoke(answer["token_id"])
    assert (await introspect(token, known))[1]["active"] is False


async def test_whoever_has_the_secret_of_the_services_gets_in(service: RunningRegistration) -> None:
    async def secret(kind: str) -> str:
        async with service.client.post(f"/internal/{kind}", headers=internal_headers(service.settings)) as response:
            return str((await response.json())["secret"])

    grant = await service.parts.use_cases.tokens.verify(await secret("organizer-token"))
    assert grant is not None
    assert grant.role is Role.ORGANIZER
    code = await secret("sign-in-code")
    async with service.client.get("/sign-in", params={"code": code}, allow_redirects=False) as response:
        assert response.status < 400
    for kind in ("organizer-token", "sign-in-code"):
        async with service.client.post(f"/internal/{kind}") as response:
            assert response.status == 403
