"""Desk links: one event, one day where it takes place, until revoked."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio

from services.registration.bootstrap import MIGRATIONS
from tests.databases import NewDatabase
from tests.integration.running_registration import RunningRegistration, running_registration

EVENING_BEFORE = datetime(2037, 11, 22, 22, 59, tzinfo=UTC)
MIDNIGHT_IN_PARIS = datetime(2037, 11, 22, 23, 0, tzinfo=UTC)
LAST_MOMENT = datetime(2037, 11, 23, 22, 59, 59, tzinfo=UTC)
DAY_AFTER = datetime(2037, 11, 23, 23, 0, tzinfo=UTC)


class Noon:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2037, 11, 23, 11, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest_asyncio.fixture
async def clock() -> Noon:
    return Noon()


@pytest_asyncio.fixture
async def service(tmp_path: Path, new_database: NewDatabase, clock: Noon) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path, clock=clock, database=await new_database(MIGRATIONS)) as running:
        yield running


async def desk_link(service: RunningRegistration, event_id: str, day: str = "2037-11-23", expect: int = 201) -> str:
    """The path of a new link."""
    body = {"day": day, "label": "Camille", "gate": "Entrée nord"}
    made = await service.api("POST", f"/events/{event_id}/desk-links", body, expect=expect)
    return str(made.get("url", "")).removeprefix(service.settings.public_url)


async def test_a_link_opens_one_desk_from_midnight_to_midnight_there(service: RunningRegistration, clock: Noon) -> None:
    event_id, other = await service.event(), await service.event()
    path = await desk_link(service, event_id)
    clock.now = EVENING_BEFORE
    assert "23 November 2037" in await service.page("GET", path)
    assert "Open the desk" not in await service.page("POST", path)
    clock.now = MIDNIGHT_IN_PARIS
    assert "Entrée nord" in await service.page("GET", path)
    assert await service.redirect("POST", path) == f"/events/{event_id}/desk?gate=Entr%C3%A9e+nord"
    clock.now = LAST_MOMENT
    await service.page("GET", f"/events/{event_id}/desk")
    for closed in (f"/events/{other}/desk", f"/events/{event_id}", f"/events/{event_id}/access"):
        await service.page("GET", closed, expect=403)
    clock.now = DAY_AFTER
    assert (await service.redirect("GET", f"/events/{event_id}/desk")).startswith("/sign-in")
    assert "no longer valid" in await service.page("POST", path, expect=410)


async def test_a_revoked_link_closes_every_desk_that_it_opened(service: RunningRegistration) -> None:
    event_id = await service.event()
    path = await desk_link(service, event_id)
    ticket = (await service.register(event_id))["ticket"]
    await service.redirect("POST", path)
    held = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
    scan = {"action": "in", "ticket": ticket}
    async with service.client.post(f"/api/v1/events/{event_id}/check-ins", json=scan, headers=held) as answer:
        assert (await answer.json())["outcome"] == "checked_in"
    (link,) = (await service.api("GET", f"/events/{event_id}/desk-links"))["items"]
    (entry,) = (await service.api("GET", f"/events/{event_id}/audit-log?act=check_in.in"))["items"]
    assert (entry["actor"], link["state"]) == (link["link_id"], "open")
    await service.api("DELETE", f"/events/{event_id}/desk-links/{link['link_id']}", expect=204)
    assert (await service.redirect("GET", f"/events/{event_id}/desk")).startswith("/sign-in")
    assert "no longer valid" in await service.page("GET", path, expect=410)
    assert "no longer valid" in await service.page("GET", path[:-3] + "xxx", expect=410)
    (link,) = (await service.api("GET", f"/events/{event_id}/desk-links"))["items"]
    assert (link["state"], link["url"]) == ("revoked", None)


async def test_the_organizer_makes_shows_and_revokes_links_on_pages(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in()
    here = f"/events/{event_id}/access"
    form = {"day": "2037-11-24", "label": "Basile"}
    assert "does not take place on this day" in await service.page("POST", f"{here}/desk-links", form, expect=422)
    await desk_link(service, event_id, day="2037-11-24", expect=400)
    card = await service.redirect("POST", f"{here}/desk-links", form | {"day": "2037-11-23"})
    shown = await service.page("GET", card)
    found = re.search(r"/desk-link/[\w=-]+", shown)
    assert found
    # Whom it is for is no door: doors are told where nothing can be erased.
    assert await service.redirect("POST", found[0]) == f"/events/{event_id}/desk"
    await service.sign_in()
    assert "<svg" in await service.page("GET", f"{card}/qr.svg")
    assert "Basile" in await service.page("GET", here, lang="fr")
    assert await service.redirect("POST", f"{card}/revoke") == f"{here}#desk-links"
    assert "/desk-link/" not in await service.page("GET", card)


async def test_the_day_proposed_for_a_link_is_the_next_one_of_the_event(
    service: RunningRegistration, clock: Noon
) -> None:
    event_id = await service.event(ends_at="2037-11-25T17:00:00Z", sessions=[])
    await service.sign_in()
    for now, proposed in (("2037-11-20T12:00Z", "2037-11-23"), ("2037-11-23T23:30Z", "2037-11-24")):
        clock.now = datetime.fromisoformat(now)
        page = await service.page("GET", f"/events/{event_id}/access")
        assert re.findall(r'<option value="([\d-]+)" selected', page) == [proposed]


async def test_a_desk_that_lost_its_cookie_goes_on_by_its_pass_until_the_link_is_revoked(
    service: RunningRegistration,
) -> None:
    event_id, other = await service.event(), await service.event()
    path = await desk_link(service, event_id)
    await service.redirect("POST", path)
    headers = {"Sec-Fetch-Site": "same-origin"}
    made = await service.api("POST", f"/events/{event_id}/desk-passes", token=None, headers=headers, expect=201)
    service.client.session.cookie_jar.clear()
    desk_pass = made["token"]
    await service.api("GET", f"/events/{event_id}/desk", token=desk_pass)
    await service.api("GET", f"/events/{other}/desk", token=desk_pass, expect=403)
    await service.api("PATCH", f"/events/{event_id}", {"title": "Mine"}, token=desk_pass, expect=403)
    for forged in (desk_pass[:-1], desk_pass.replace(event_id, other), "pdp_", "pdp_a.b"):
        await service.api("GET", f"/events/{other}/desk", token=forged, expect=401)
    # Who has a token needs no pass; and a pass gives no other.
    await service.api("POST", f"/events/{event_id}/desk-passes", expect=409)
    (link,) = (await service.api("GET", f"/events/{event_id}/desk-links"))["items"]
    await service.api("DELETE", f"/events/{event_id}/desk-links/{link['link_id']}", expect=204)
    await service.api("GET", f"/events/{event_id}/desk", token=desk_pass, expect=401)
