"""The register asked over HTTP: what counts as its word, and what is no answer."""

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.attendance.adapters.register_calls import HttpRegister, RegisterAwayError
from tests.fakes.issued_evidence import CODE, ISSUED_AT, registering

TOLD = {
    "kind": "attendance_certificate",
    "standing": "current",
    "as_of": ISSUED_AT.isoformat(),
    "root": "ab" * 32,
    "facts": 2,
    "figures": "cd" * 32,
}


async def in_pieces(request: web.Request) -> web.StreamResponse:
    """As a proxy may hand it on."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    content = json.dumps(TOLD).encode()
    for start in range(0, len(content), 20):
        await response.write(content[start : start + 20])
    return response


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(40):
        await response.write(b" " * 65_536)
    return response


async def nothing_here(request: web.Request) -> web.Response:
    return web.Response(status=404, text="<h1>Not found</h1>", content_type="text/html")


async def test_only_a_register_says_that_it_issued_nothing() -> None:
    async with registering() as register:
        assert await HttpRegister(server=register.url).look_up(CODE, sha256=None) is None
        with pytest.raises(RegisterAwayError, match="it answered 404"):
            await HttpRegister(server=f"{register.url}/elsewhere").look_up(CODE, sha256=None)
    app = web.Application()
    app.router.add_get("/{path:.*}", nothing_here)
    async with TestServer(app) as other:
        with pytest.raises(RegisterAwayError, match="it answered 404"):
            await HttpRegister(server=str(other.make_url(""))).look_up(CODE, sha256=None)


async def test_an_answer_is_read_to_its_end_and_no_further_than_a_register_goes() -> None:
    app = web.Application()
    app.router.add_get("/pieces/api/v1/verify/{code}", in_pieces)
    app.router.add_get("/endless/api/v1/verify/{code}", endless)
    async with TestServer(app) as server:
        known = await HttpRegister(server=str(server.make_url("/pieces"))).look_up(CODE, sha256=None)
        assert known is not None
        assert (known.facts, known.root) == (2, "ab" * 32)
        with pytest.raises(RegisterAwayError, match="more than a register"):
            await HttpRegister(server=str(server.make_url("/endless"))).look_up(CODE, sha256=None)
