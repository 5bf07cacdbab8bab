"""Names of people: asked for in small parts, and where they must be whole, half of them is none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.chassis.neighbour_calls import NeighbourCalls
from services.chassis.settings import CommonSettings
from services.streaming_bridge.adapters.people_names import PeopleNames
from tests.builders import settings_for
from tests.fakes.bridge import EVENT, ORGANIZER, running_bridge
from tests.fakes.platforms.jaas import JaasShapes

SHAPES = JaasShapes()
ADA = "par_" + "a" * 32


@dataclass(slots=True)
class Registration:
    """Registration as far as it knows people."""

    url: str = ""
    names_are_away: bool = False

    async def names(self, request: web.Request) -> web.Response:
        ids = (await request.json())["ids"]
        if self.names_are_away or len(ids) > 5000:
            return web.Response(status=503)
        return web.json_response({"names": dict.fromkeys(ids, "Ada")})

    async def identities(self, _: web.Request) -> web.Response:
        return web.json_response({"links": {}, "addresses": {}})


@pytest_asyncio.fixture
async def registration() -> AsyncIterator[Registration]:
    known = Registration()
    app = web.Application()
    app.router.add_post("/internal/names", known.names)
    app.router.add_post("/internal/identities", known.identities)
    async with TestServer(app) as server:
        known.url = str(server.make_url("")).rstrip("/")
        yield known


async def test_however_many_they_are_all_are_named_or_none(tmp_path: Path, registration: Registration) -> None:
    async with running_bridge(tmp_path, registration_url=registration.url) as bridge:
        settings = settings_for(CommonSettings, data_dir=tmp_path, registration_url=registration.url)
        people = PeopleNames(NeighbourCalls(settings), bridge.bridge.guests, settings)
        everybody = [f"par_{number:032x}" for number in range(5001)]
        assert await people.all_names(EVENT, everybody) == dict.fromkeys(everybody, "Ada")
        registration.names_are_away = True
        assert await people.all_names(EVENT, everybody) is None
        assert await people.names(EVENT, everybody) == {}


async def test_a_report_is_not_compared_nor_accepted_while_names_are_missing(
    tmp_path: Path, registration: Registration
) -> None:
    async with running_bridge(tmp_path, registration_url=registration.url) as bridge:
        await bridge.add_source(platform="jaas", name=SHAPES.source, app_id="x", webhook_secret=SHAPES.secret)
        await bridge.claim((SHAPES.source, SHAPES.room))
        request = SHAPES.request(SHAPES.joined(0, who="ada", user_id=ADA))
        await bridge.post(request.path, request.body, request.headers, status=200)
        api = f"/api/v1/events/{EVENT}/reconciliation"
        report = b"Name,Join Time,Leave Time\nAda,2026-11-23 09:00,2026-11-23 09:20\n"
        told = await bridge.post(f"{api}?room_id=room-1", report, ORGANIZER, status=201)
        assert [row["name"] for row in told["rows"]] == ["Ada"]
        registration.names_are_away = True
        one = f"{api}/{told['report_id']}"
        await bridge.api("GET", one, status=503)
        before = await bridge.facts()
        await bridge.api("POST", f"{one}/accept", {"keys": [told["rows"][0]["key"]]}, status=503)
        assert await bridge.facts() == before
