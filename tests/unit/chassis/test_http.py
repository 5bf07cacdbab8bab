import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
import structlog
from aiohttp import ClientPayloadError, web
from aiohttp.test_utils import TestClient
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from services.chassis.http import create_app, listening
from services.chassis.problems import Problem
from services.chassis.settings import CommonSettings

Client = TestClient[web.Request, web.Application]
NewClient = Callable[[web.Application], Awaitable[Client]]

SETTINGS = CommonSettings.model_validate({"secret_key": "k" * 32, "public_url": "https://events.example.org"})
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def fail(request: web.Request) -> web.Response:
    raise RuntimeError("the password is hunter2")


async def be_gone(request: web.Request) -> web.Response:
    raise Problem(410, detail="This was here once.", headers={"Retry-After": "5"})


async def leave(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther("/elsewhere")


async def fail_midway(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"half an answer")
    raise RuntimeError("the password is hunter2")


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: 1\n\n")
    return response


@pytest.fixture
def app() -> web.Application:
    app = create_app(SETTINGS, service="sample")
    app.router.add_get("/fail", fail)
    app.router.add_get("/gone/{token}", be_gone)
    app.router.add_get("/leave", leave)
    app.router.add_get("/stream", stream)
    app.router.add_get("/midway", fail_midway)
    return app


@pytest.fixture
async def client(app: web.Application, aiohttp_client: NewClient) -> Client:
    return await aiohttp_client(app)


async def test_an_unexpected_error_tells_nothing_but_the_request_id(client: Client) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        response = await client.get("/fail")

    body = await response.text()
    assert response.status == 500
    assert response.content_type == "application/problem+json"
    assert "hunter2" not in body
    assert "Traceback" not in body
    failed = next(line for line in logs if line["event"] == "http.failed")
    assert failed["log_level"] == "error"
    assert failed["exc_info"]
    assert json.loads(body)["request_id"] == failed["request_id"] == response.headers["X-Request-Id"]


async def test_a_person_with_a_browser_gets_a_page_instead(client: Client) -> None:
    response = await client.get("/fail", headers=BROWSER | {"Accept-Language": "fr-FR,fr;q=0.9"})

    body = await response.text()
    assert response.status == 500
    assert response.content_type == "text/html"
    assert '<html lang="fr">' in body
    assert "Un problème est survenu de notre côté" in body
    assert response.headers["X-Request-Id"] in body
    assert "hunter2" not in body


async def test_an_answer_that_fails_midway_breaks_off(client: Client) -> None:
    with capture_logs() as logs:
        response = await client.get("/midway")
        with pytest.raises(ClientPayloadError):
            await response.read()

    assert [line["event"] for line in logs] == ["http.failed", "http.request"]
    assert logs[1]["status"] == 499


async def test_a_problem_keeps_its_status_detail_and_headers(client: Client) -> None:
    response = await client.get("/gone/secret")
    page = await client.get("/gone/secret", headers=BROWSER)

    assert response.status == page.status == 410
    assert response.headers["Retry-After"] == page.headers["Retry-After"] == "5"
    assert (await response.json())["detail"] == "This was here once."
    assert "This link is no longer valid" in await page.text()


@pytest.mark.parametrize("method,path,status", [("GET", "/nowhere", 404), ("DELETE", "/fail", 405)])
async def test_errors_of_the_server_library_are_problems_too(
    client: Client, method: str, path: str, status: int
) -> None:
    response = await client.request(method, path)

    assert response.status == status
    assert response.content_type == "application/problem+json"
    assert (await response.json())["status"] == status


async def test_a_method_not_allowed_names_those_that_are(client: Client) -> None:
    response = await client.delete("/fail")

    assert set(response.headers["Allow"].split(",")) == {"GET", "HEAD"}


async def test_a_redirect_stays_a_redirect(client: Client) -> None:
    response = await client.get("/leave", allow_redirects=False)

    assert (response.status, response.headers["Location"]) == (303, "/elsewhere")


@pytest.mark.parametrize("path", ["/fail", "/nowhere", "/leave", "/stream", "/health/live"])
async def test_every_answer_is_hardened_and_shows_no_banner(client: Client, path: str) -> None:
    headers = (await client.get(path, allow_redirects=False)).headers

    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Permissions-Policy" in headers
    assert "Server" not in headers


async def test_the_log_names_the_route_and_never_the_address(client: Client) -> None:
    with capture_logs() as logs:
        await client.get("/gone/a-secret-token?name=ada")
        await client.get("/nowhere/a-secret-token")

    lines = [line for line in logs if line["event"] == "http.request"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/gone/{token}", 410),
        ("GET", "unmatched", 404),
    ]
    assert all(line["ms"] >= 0 for line in lines)
    assert "secret" not in repr(logs)
    assert "ada" not in repr(logs)


async def test_requests_are_counted_by_route_and_status(client: Client) -> None:
    await client.get("/gone/one")
    await client.get("/gone/two")
    await client.request("PROPFIND", "/gone/three")

    metrics = await (await client.get("/metrics")).text()

    assert 'passerelle_http_requests_total{method="GET",route="/gone/{token}",status="410"} 2.0' in metrics
    assert 'method="other"' in metrics
    assert "PROPFIND" not in metrics
    assert 'passerelle_http_request_duration_seconds_count{method="GET",route="/gone/{token}"} 2.0' in metrics


async def test_two_applications_may_live_in_one_process(aiohttp_client: NewClient) -> None:
    registry = CollectorRegistry()
    first = await aiohttp_client(create_app(SETTINGS, service="one", registry=registry))
    second = await aiohttp_client(create_app(SETTINGS, service="two"))

    assert (await first.get("/health/live")).status == (await second.get("/health/live")).status == 200


async def test_readiness_says_which_part_is_missing(aiohttp_client: NewClient) -> None:
    async def here() -> None:
        return None

    async def away() -> None:
        raise ConnectionError("Kafka does not answer")

    async def silent() -> None:
        await asyncio.Event().wait()

    checks = {"database": here, "kafka": away, "names": silent}
    client = await aiohttp_client(create_app(SETTINGS, service="sample", checks=checks, check_seconds=0.01))

    response = await client.get("/health/ready")

    assert response.status == 503
    assert (await response.json())["checks"] == {
        "database": "ready",
        "kafka": "Kafka does not answer",
        "names": "no answer within 0.01 s",
    }


async def test_a_service_whose_parts_all_answer_is_ready(client: Client) -> None:
    assert (await client.get("/health/ready")).status == 200


async def test_it_listens_where_the_settings_say_and_stops(app: web.Application, unused_tcp_port: int) -> None:
    settings = SETTINGS.model_copy(update={"port": unused_tcp_port})

    async with listening(app, settings) as address:
        _, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.close()
        await writer.wait_closed()

    assert address == f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", unused_tcp_port)


async def test_what_is_not_http_is_logged_without_its_text(
    app: web.Application, unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SETTINGS.model_copy(update={"port": unused_tcp_port})

    async with listening(app, settings):
        for line in (
            b"GET /join/secret HTTP/1.1\r\nHost: a\r\nx y: z\r\n\r\n",
            b"secret /join/secret HTTP/1.1\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
            writer.write(line)
            assert b" 400 " in await reader.readline()
            writer.close()
            await writer.wait_closed()

    assert "127.0.0.1" not in caplog.text
    assert "secret" not in caplog.text
