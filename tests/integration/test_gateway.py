"""The gateway in front of three real HTTP servers: who answers what, streams, and a service that is away."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from deploy.local.gateway import create_gateway, service_of
from services.chassis.settings import CommonSettings

EVENT = "evt_1"


@pytest.mark.parametrize(
    "path, service",
    [
        ("/", "registration"),
        (f"/api/v1/events/{EVENT}", "registration"),
        (f"/api/v1/events/{EVENT}/registrations", "registration"),
        (f"/events/{EVENT}/desk", "registration"),
        (f"/e/{EVENT}", "registration"),
        (f"/e/{EVENT}/live/abc", "registration"),
        ("/beats", "streaming_bridge"),
        ("/beats/me", "registration"),
        (f"/api/v1/events/{EVENT}/timeline", "attendance"),
        (f"/api/v1/events/{EVENT}/presence/par_1", "attendance"),
        (f"/api/v1/events/{EVENT}/stats", "attendance"),
        (f"/api/v1/events/{EVENT}/evidence", "attendance"),
        (f"/api/v1/events/{EVENT}/live", "attendance"),
        (f"/events/{EVENT}/live/people/par_1", "attendance"),
        (f"/api/v1/events/{EVENT}/analysis/minutes.csv", "attendance"),
        (f"/events/{EVENT}/analysis", "attendance"),
        (f"/events/{EVENT}/lively", "registration"),
        ("/webhooks/jaas/main", "streaming_bridge"),
        ("/webhooks/ticket-shops/abc", "registration"),
        ("/api/v1/sources", "streaming_bridge"),
        ("/api/v1/unclaimed-rooms", "streaming_bridge"),
        ("/join/abc", "streaming_bridge"),
        ("/sources/main", "streaming_bridge"),
        (f"/events/{EVENT}/meetings", "streaming_bridge"),
        (f"/events/{EVENT}/reconciliation", "streaming_bridge"),
        (f"/events/{EVENT}/guests", "registration"),
        (f"/api/v1/events/{EVENT}/guests", "registration"),
        (f"/api/v1/events/{EVENT}/meetings", "streaming_bridge"),
        ("/internal/introspect", None),
        ("/metrics", None),
    ],
)
def test_each_path_has_its_service(path: str, service: str | None) -> None:
    assert service_of(path) == service


async def test_a_request_arrives_whole_and_its_answer_comes_back_whole(tmp_path: Path) -> None:
    async with _running(tmp_path) as (origin, client):
        async with client.post(
            URL(f"{origin}/webhooks/jaas/main?a=1%2F2", encoded=True),
            data=b"\x00raw",
            headers={"X-Signature": "s", "Connection": "x-hop"},
        ) as answer:
            said = await answer.json()
        assert answer.status == 202
        assert said["service"] == "streaming_bridge"
        assert said["path"] == "/webhooks/jaas/main?a=1%2F2"
        assert said["body"] == "\x00raw"
        assert said["signature"] == "s"
        assert said["host"] == origin.removeprefix("http://")
        assert answer.headers["X-From"] == "streaming_bridge"


async def test_nothing_is_said_that_the_caller_did_not_say(tmp_path: Path) -> None:
    async with _running(tmp_path) as (origin, client):
        async with client.post(
            f"{origin}/x", data=b"x", skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
        ) as answer:
            said = await answer.json()
        assert {name.lower() for name in said["headers"]} == {
            "host",
            "content-length",
            "x-forwarded-for",
            "x-forwarded-proto",
        }


async def test_a_request_may_name_the_whole_address(tmp_path: Path) -> None:
    async with _running(tmp_path) as (origin, _):
        url = URL(origin)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        try:
            writer.write(b"GET http://elsewhere.example/webhooks/jaas/main?a=1%2F2 HTTP/1.1\r\n")
            writer.write(b"Host: a\r\nConnection: close\r\n\r\n")
            async with asyncio.timeout(60):
                answer = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 202 ")
    assert b'"path": "/webhooks/jaas/main?a=1%2F2"' in answer


async def test_a_redirect_and_its_cookie_pass_through_unfollowed(tmp_path: Path) -> None:
    async with (
        _running(tmp_path) as (origin, client),
        client.get(f"{origin}/redirect", allow_redirects=False) as answer,
    ):
        assert answer.status == 303
        assert answer.headers["Location"] == "/elsewhere"
        assert answer.cookies["session"].value == "1"


async def test_a_stream_of_events_comes_as_it_is_sent(tmp_path: Path) -> None:
    async with (
        _running(tmp_path) as (origin, client),
        client.get(f"{origin}/api/v1/events/{EVENT}/live") as answer,
        asyncio.timeout(60),
    ):
        assert await answer.content.readany() == b"data: 1\n\n"  # the server sends no more until we close


async def test_what_services_keep_for_themselves_is_out_of_reach(tmp_path: Path) -> None:
    async with _running(tmp_path) as (origin, client):
        for path in ("/internal/introspect", "/metrics", "/%6detrics", "/internal", "/static/../metrics"):
            async with client.get(URL(f"{origin}{path}", encoded=True)) as answer:
                assert answer.status == 404, path


async def test_a_body_over_1_mib_is_refused(tmp_path: Path) -> None:
    async with (
        _running(tmp_path) as (origin, client),
        client.post(f"{origin}/webhooks/jaas/main", data=io.BytesIO(b"x" * (1024 * 1024 + 1))) as answer,
    ):
        assert answer.status == 413
        assert answer.content_type == "application/problem+json"


async def test_a_service_that_is_away_is_503_to_be_tried_again(tmp_path: Path) -> None:
    async with (
        _running(tmp_path, away=("attendance",)) as (origin, client),
        client.get(f"{origin}/api/v1/events/{EVENT}/stats") as answer,
    ):
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        assert (await answer.json())["detail"] == "The attendance service does not answer right now."
        async with client.get(f"{origin}/events/{EVENT}/live", headers={"Accept": "text/html"}) as page:
            assert page.status == 503
            assert page.content_type == "text/html"


async def test_readiness_names_the_service_that_is_not_ready(tmp_path: Path) -> None:
    async with (
        _running(tmp_path, away=("attendance",)) as (origin, client),
        client.get(f"{origin}/health/ready") as answer,
    ):
        assert answer.status == 503
        assert (await answer.json())["checks"] == {
            "registration": "ready",
            "streaming_bridge": "ready",
            "attendance": "no answer",
        }


async def test_one_description_joins_those_of_all_services(tmp_path: Path) -> None:
    async with _running(tmp_path) as (origin, client), client.get(f"{origin}/api/v1/openapi.json") as answer:
        document = await answer.json()
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {"/of/registration", "/of/streaming_bridge", "/of/attendance"}


@asynccontextmanager
async def _running(data_dir: Path, *, away: tuple[str, ...] = ()) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """The gateway before three services that say what they were asked."""
    async with AsyncExitStack() as stack:
        urls = {}
        for service in ("registration", "streaming_bridge", "attendance"):
            if service in away:
                urls[f"{service}_url"] = f"http://127.0.0.1:{unused_port()}"
            else:
                server = await stack.enter_async_context(TestServer(_service(service)))
                urls[f"{service}_url"] = str(server.make_url("/")).rstrip("/")
        settings = CommonSettings.model_validate({"data_dir": data_dir, **urls})
        gateway = await stack.enter_async_context(TestServer(create_gateway(settings)))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        yield str(gateway.make_url("/")).rstrip("/"), client


def _service(name: str) -> web.Application:
    async def echo(request: web.Request) -> web.Response:
        said = {
            "service": name,
            "path": request.raw_path,
            "body": (await request.read()).decode(),
            "signature": request.headers.get("X-Signature"),
            "host": request.host,
            "headers": list(request.headers),
        }
        return web.json_response(said, status=202, headers={"X-From": name})

    async def ready(_: web.Request) -> web.Response:
        return web.json_response({"status": "ready", "checks": {}})

    async def redirect(_: web.Request) -> web.Response:
        answer = web.Response(status=303, headers={"Location": "/elsewhere"})
        answer.set_cookie("session", "1")
        return answer

    async def live(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(b"data: 1\n\n")
        await asyncio.Event().wait()
        return stream

    async def openapi(_: web.Request) -> web.Response:
        info = {"title": name, "version": "1"}
        return web.json_response(
            {"openapi": "3.1.0", "info": info, "paths": {f"/of/{name}": {}}, "components": {"schemas": {name: {}}}}
        )

    app = web.Application(client_max_size=4 * 1024 * 1024, handler_args={"handler_cancellation": True})
    app.router.add_get("/health/ready", ready)
    app.router.add_get("/internal/openapi.json", openapi)
    app.router.add_get("/redirect", redirect)
    app.router.add_get(f"/api/v1/events/{EVENT}/live", live)
    app.router.add_route("*", "/{path:.*}", echo)
    return app
