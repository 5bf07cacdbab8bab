"""Signing in, and what the pages of registration keep closed."""

import pytest

from services.chassis.access import Role
from services.registration.bootstrap import create_token
from services.registration.domain.errors import EventNotFoundError
from tests.integration.running_registration import RunningRegistration


async def test_signing_in_with_a_token_or_a_one_time_code(service: RunningRegistration) -> None:
    event_id = await service.event()
    to = await service.redirect("GET", f"/events/{event_id}")
    assert to == f"/sign-in?next=/events/{event_id}"
    assert "This token is not valid" in await service.page("POST", to, {"token": "psr_wrong"}, expect=403)
    code = await service.parts.use_cases.tokens.create_sign_in_code()
    assert await service.redirect("GET", f"/sign-in?code={code}") == "/"
    assert "Colloque" in await service.page("GET", f"/events/{event_id}")
    assert "was used already" in await service.page("GET", f"/sign-in?code={code}", expect=403)
    assert await service.redirect("POST", "/sign-out") == "/"
    assert await service.redirect("GET", f"/events/{event_id}") == to
    token = await create_token(service.settings, role=Role.ORGANIZER, event_id=None)
    assert await service.redirect("POST", to, {"token": token}) == f"/events/{event_id}"
    assert await service.redirect("POST", "/sign-in?next=//evil.example", {"token": token}) == "/"
    with pytest.raises(EventNotFoundError):
        await create_token(service.settings, role=Role.DESK, event_id="evt_unknown")


async def test_pages_of_the_organizer_are_closed_to_the_desk_and_to_strangers(service: RunningRegistration) -> None:
    event_id = await service.event()
    for path in ("/events/new", f"/events/{event_id}", f"/events/{event_id}/edit", f"/events/{event_id}/desk"):
        assert (await service.redirect("GET", path)).startswith("/sign-in?next=")
    await service.page("POST", f"/events/{event_id}/close", {}, expect=401)
    await service.sign_in(Role.DESK, event_id)
    await service.page("GET", f"/events/{event_id}/desk")
    await service.page("GET", f"/events/{event_id}", expect=403)
    await service.page("POST", f"/events/{event_id}/close", {}, expect=403)


async def test_another_site_cannot_act_for_somebody_signed_in(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in()
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
    async with service.client.post(f"/events/{event_id}/cancel", headers=headers) as response:
        assert response.status == 403
    assert (await service.api("GET", f"/events/{event_id}"))["status"] == "published"
