from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from services.chassis.access import (
    INTERNAL_HEADER,
    SESSION_COOKIE,
    Grant,
    Introspected,
    RemoteTokenVerifier,
    Role,
    clear_session_cookie,
    internal_headers,
    local_path,
    require,
    require_internal,
    set_session_cookie,
)
from services.chassis.http import create_app
from services.chassis.settings import CommonSettings

Client = TestClient[web.Request, web.Application]
NewClient = Callable[[web.Application], Awaitable[Client]]

PUBLIC_URL = "https://events.example.org"
SETTINGS = CommonSettings.model_validate({"secret_key": "k" * 32, "public_url": PUBLIC_URL})
BROWSER = {"Accept": "text/html"}
COOKIE = {"Cookie": f"{SESSION_COOKIE}=org-token"}


class KnownTokens:
    """A verifier that knows a few tokens."""

    def __init__(self) -> None:
        self.grants = {
            "org-token": Grant(token_id="t1", role=Role.ORGANIZER),
            "desk-token": Grant(token_id="t2", role=Role.DESK),
            "one-event-token": Grant(token_id="t3", role=Role.DESK, event_id="evt_1"),
            "one-event-organizer-token": Grant(token_id="t4", role=Role.ORGANIZER, event_id="evt_1"),
            "analyst-token": Grant(token_id="t5", role=Role.ANALYST),
            "account": Grant(token_id="s6", roles={"evt_1": Role.DESK, "evt_2": Role.ANALYST}, holder="acc_1"),
        }

    async def verify(self, token: str) -> Grant | None:
        return self.grants.get(token)


async def at_the_desk(request: web.Request) -> web.Response:
    return web.json_response({"token_id": require(request, Role.DESK, event_id=request.match_info["event"]).token_id})


async def in_the_office(request: web.Request) -> web.Response:
    require(request)
    return web.Response()


@pytest.fixture
async def client(aiohttp_client: NewClient) -> Client:
    app = create_app(SETTINGS, service="sample", verifier=KnownTokens())
    app.router.add_route("*", "/events/{event}/desk", at_the_desk)
    app.router.add_route("*", "/office", in_the_office)
    app.router.add_get("/api/v1/secret", in_the_office)
    app.router.add_get("/webhooks/secret", in_the_office)
    return await aiohttp_client(app)


@pytest.mark.parametrize(
    "token,event,status",
    [
        ("org-token", "evt_1", 200),
        ("desk-token", "evt_1", 200),
        ("one-event-token", "evt_1", 200),
        ("one-event-token", "evt_2", 403),
        ("one-event-organizer-token", "evt_1", 200),
        ("one-event-organizer-token", "evt_2", 403),
        ("analyst-token", "evt_1", 403),
        ("account", "evt_1", 200),
        ("account", "evt_2", 403),
        ("account", "evt_3", 403),
        ("unknown-token", "evt_1", 401),
        ("x" * 5000, "evt_1", 401),
        ("t\u00f8ken", "evt_1", 401),
    ],
)
async def test_a_token_opens_what_its_role_and_event_allow(client: Client, token: str, event: str, status: int) -> None:
    response = await client.get(f"/events/{event}/desk", headers={"Authorization": f"Bearer {token}"})
    assert response.status == status


async def test_a_token_for_one_event_does_not_reach_what_belongs_to_no_event(client: Client) -> None:
    headers = {"Authorization": "Bearer one-event-organizer-token"}
    assert (await client.get("/office", headers=headers)).status == 403


async def test_without_a_token_a_program_is_told_how_to_bring_one(client: Client) -> None:
    response = await client.get("/office")
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.content_type == "application/problem+json"


async def test_in_the_api_and_at_webhooks_nobody_is_taken_for_a_person(client: Client) -> None:
    for path in ("/api/v1/secret", "/webhooks/secret"):
        response = await client.get(path, headers=BROWSER, allow_redirects=False)

        assert response.status == 401
        assert response.content_type == "application/problem+json"


async def test_without_a_token_a_person_is_sent_to_sign_in_and_back(client: Client) -> None:
    response = await client.get("/events/evt_1/desk?a=1", headers=BROWSER, allow_redirects=False)
    assert response.status == 303
    target = URL(response.headers["Location"])
    assert (target.path, target.query["next"]) == ("/sign-in", "/events/evt_1/desk?a=1")


async def test_a_person_whose_grant_is_too_small_gets_a_page(client: Client) -> None:
    headers = {"Cookie": f"{SESSION_COOKIE}=analyst-token"} | BROWSER

    response = await client.get("/office", headers=headers)
    assert response.status == 403
    assert "This page is not open to you" in await response.text()


@pytest.mark.parametrize(
    "headers,status",
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 200, id="our own page"),
        pytest.param({"Sec-Fetch-Site": "none"}, 200, id="the person themselves"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC_URL}, 403, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="a neighbour"),
        pytest.param({"Origin": PUBLIC_URL}, 200, id="our origin, without TLS"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="another origin"),
        pytest.param({"Origin": "null"}, 403, id="an origin that hides"),
        pytest.param({}, 403, id="no sign of where from"),
    ],
)
async def test_a_cookie_writes_only_from_our_own_pages(client: Client, headers: dict[str, str], status: int) -> None:
    assert (await client.post("/office", headers=COOKIE | headers)).status == status


async def test_a_cookie_writes_from_the_name_by_which_this_machine_was_reached(client: Client) -> None:
    headers = COOKIE | {"Host": "192.168.1.5:8080", "Origin": "http://192.168.1.5:8080"}
    assert (await client.post("/office", headers=headers)).status == 200


async def test_a_cookie_reads_from_anywhere(client: Client) -> None:
    assert (await client.get("/office", headers=COOKIE | {"Sec-Fetch-Site": "cross-site"})).status == 200


async def test_a_program_with_a_token_needs_no_origin(client: Client) -> None:
    assert (await client.post("/office", headers={"Authorization": "bearer org-token"})).status == 200


@pytest.mark.parametrize("public_url,secure", [("https://a.example", True), ("http://127.0.0.1:8080", False)])
def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(public_url: str, secure: bool) -> None:
    response = web.Response()

    set_session_cookie(response, "token", public_url=public_url, max_age=60)

    cookie = response.cookies[SESSION_COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert bool(cookie["secure"]) is secure
    assert (cookie["path"], cookie["max-age"]) == ("/", "60")


def test_signing_out_forgets_the_cookie() -> None:
    response = web.Response()

    clear_session_cookie(response, public_url=PUBLIC_URL)

    assert response.cookies[SESSION_COOKIE]["max-age"] == "0"


@pytest.mark.parametrize(
    "target,path",
    [
        ("/events/evt_1?a=1", "/events/evt_1?a=1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: b", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_after_signing_in_one_stays_on_this_site(target: str | None, path: str) -> None:
    assert local_path(target) == path


async def test_services_know_one_another_by_a_shared_secret(aiohttp_client: NewClient) -> None:
    async def inside(request: web.Request) -> web.Response:
        require_internal(request, SETTINGS)
        return web.Response()

    app = create_app(SETTINGS, service="sample")
    app.router.add_get("/internal/names", inside)
    client = await aiohttp_client(app)
    other = SETTINGS.model_copy(
        update={"secret_key": CommonSettings.model_validate({"secret_key": "o" * 32}).secret_key}
    )

    assert (await client.get("/internal/names", headers=internal_headers(SETTINGS))).status == 200
    assert (await client.get("/internal/names", headers=internal_headers(other))).status == 403
    assert (await client.get("/internal/names", headers={INTERNAL_HEADER: "é"})).status == 403
    assert (await client.get("/internal/names")).status == 403


class Registration:
    """A registration that answers `/internal/introspect`, and counts how often it was asked."""

    def __init__(self) -> None:
        self.known = KnownTokens()
        self.asked: list[str] = []
        self.broken = False

    def app(self) -> web.Application:
        async def introspect(request: web.Request) -> web.Response:
            require_internal(request, SETTINGS)
            if self.broken:
                raise RuntimeError
            token = (await request.json())["token"]
            self.asked.append(token)
            return web.json_response(text=Introspected.of(await self.known.verify(token)).model_dump_json())

        app = create_app(SETTINGS, service="registration")
        app.router.add_post("/internal/introspect", introspect)
        return app


class Watch:
    """A monotonic clock that a test winds."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def registration(aiohttp_server: Callable[[web.Application], Awaitable[TestServer]]) -> tuple[Registration, str]:
    registration = Registration()
    server = await aiohttp_server(registration.app())
    return registration, str(server.make_url("")).rstrip("/")


async def test_a_remote_grant_is_what_registration_says(registration: tuple[Registration, str]) -> None:
    _, address = registration
    verifier = RemoteTokenVerifier(SETTINGS.model_copy(update={"registration_url": address}))

    assert await verifier.verify("one-event-token") == Grant(token_id="t3", role=Role.DESK, event_id="evt_1")
    assert await verifier.verify("account") == KnownTokens().grants["account"]
    assert await verifier.verify("unknown") is None
    await verifier.close()


async def test_registration_is_asked_again_after_ten_seconds_or_two_after_a_refusal(
    registration: tuple[Registration, str],
) -> None:
    asked, address = registration
    watch = Watch()
    verifier = RemoteTokenVerifier(SETTINGS.model_copy(update={"registration_url": address}), monotonic=watch)

    for _ in range(3):
        await verifier.verify("org-token")
        await verifier.verify("unknown")
    assert asked.asked == ["org-token", "unknown"]
    watch.seconds += 2.1
    await verifier.verify("org-token")
    await verifier.verify("unknown")
    assert asked.asked == ["org-token", "unknown", "unknown"]
    watch.seconds += 8
    del asked.known.grants["org-token"]
    assert await verifier.verify("org-token") is None
    await verifier.close()


async def test_while_registration_is_away_the_answer_is_to_come_back(
    registration: tuple[Registration, str], aiohttp_client: NewClient, unused_tcp_port: int
) -> None:
    asked, address = registration
    asked.broken = True
    for url in (address, f"http://127.0.0.1:{unused_tcp_port}"):
        verifier = RemoteTokenVerifier(SETTINGS.model_copy(update={"registration_url": url}))
        app = create_app(SETTINGS, service="attendance", verifier=verifier)
        app.router.add_get("/office", in_the_office)
        client = await aiohttp_client(app)

        response = await client.get("/office", headers={"Authorization": "Bearer org-token"})

        assert response.status == 503
        assert response.headers["Retry-After"] == "2"
        assert response.content_type == "application/problem+json"
