"""The registration service on a database of its own, spoken to over HTTP as its users do."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from schemas.decode import KnownFact, decode
from services.chassis.access import Role
from services.chassis.clock import Clock, system_clock
from services.registration.adapters.tables import OUTBOX
from services.registration.bootstrap import Parts, assembled
from services.registration.settings import RegistrationSettings
from tests.builders import settings_for

START: Final = datetime(2037, 11, 23, 8, 0, tzinfo=UTC)
"""Far ahead of the day on which the tests run, and a Monday, as 23 November 2026 was."""
_ROUTABLE_PORT: Final = 8081


class MovedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRegistration:
    """A running service; `api` speaks as an organizer unless another token is given."""

    parts: Parts
    client: TestClient[Any, Any]
    organizer: str
    settings: RegistrationSettings
    _people: Counter[str] = field(default_factory=Counter)

    async def api(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        expect: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the API answers)
        """The answer's JSON, if its status is the one expected; `token=None` is nobody's."""
        given = dict(headers or {})
        if token is not None:
            given["Authorization"] = f"Bearer {token or self.organizer}"
        async with self.client.request(method, f"/api/v1{path}", headers=given, json=body) as response:
            text = await response.text()
            assert response.status == expect, text
            return json.loads(text) if text else None

    async def page(
        self, method: str, path: str, form: Mapping[str, str] | None = None, *, expect: int = 200, lang: str = "en"
    ) -> str:
        """A page as a browser gets it (without following redirects: `redirect` tells where to)."""
        response = await self._browse(method, path, form, lang)
        text = await response.text()
        assert response.status == expect, text
        return text

    async def redirect(self, method: str, path: str, form: Mapping[str, str] | None = None) -> str:
        """Where a page leads."""
        response = await self._browse(method, path, form, "en")
        assert response.status == 303, await response.text()
        return response.headers["Location"]

    async def _browse(self, method: str, path: str, form: Mapping[str, str] | None, lang: str) -> ClientResponse:
        headers = {"Accept": "text/html", "Accept-Language": lang, "Sec-Fetch-Site": "same-origin"}
        return await self.client.request(method, path, data=form, headers=headers, allow_redirects=False)

    async def sign_in(self, role: Role = Role.ORGANIZER, event_id: str | None = None) -> None:
        """Let the browser sign in."""
        token = await self.parts.use_cases.tokens.create(role, event_id=event_id)
        assert await self.redirect("POST", "/sign-in", {"token": token}) == "/"

    async def event(self, *, publish: bool = True, **changed: object) -> str:
        """The id of a new event."""
        created = await self.api("POST", "/events", an_event(**changed), expect=201)
        if publish:
            await self.api("POST", f"/events/{created['event_id']}/publish")
        event_id: str = created["event_id"]
        return event_id

    async def register(self, event_id: str, *, mode: str = "in_person", name: str = "Léa Martin") -> Any:  # noqa: ANN401
        """A new registration: from this machine, or by the organizer where tickets leave by mail alone.

        Everybody at an event has an address of their own.
        """
        number = self._people[event_id] = self._people[event_id] + 1
        body = a_registration(mode=mode, name=name, email=f"lea{number if number > 1 else ''}@example.org")
        token = None if self.settings.smtp_server is None else ""
        return await self.api("POST", f"/events/{event_id}/registrations", body, token=token, expect=201)

    async def check_in(self, event_id: str, expect: int = 200, **body: object) -> Any:  # noqa: ANN401
        """The desk's answer."""
        return await self.api("POST", f"/events/{event_id}/check-ins", {"action": "in"} | body, expect=expect)

    async def outbox(self) -> list[KnownFact]:
        """What waits to be sent to Kafka, in order."""
        engine = create_async_engine(self.settings.registration_database)
        async with engine.connect() as connection:
            rows = (await connection.execute(select(OUTBOX).order_by(OUTBOX.c.position))).all()
        await engine.dispose()
        facts = [decode(row.value) for row in rows]
        assert all(row.key == fact.data.event_id.encode() for row, fact in zip(rows, facts, strict=True))
        return facts


@asynccontextmanager
async def running_registration(
    data_dir: Path,
    *,
    clock: Clock = system_clock,
    kafka: str = "127.0.0.1:9",
    database: str | None = None,
    listen: int | None = None,
    **given: object,
) -> AsyncIterator[RunningRegistration]:
    """The service, with Kafka away unless one is given; nothing is sent there until a test lets the drain run.

    Its database is a file in `data_dir`, unless the URL of another is given; `given` are further settings.
    It listens on any free port, or on `listen`.
    """
    elsewhere = {} if database is None else {"registration_database": database}
    settings = settings_for(
        RegistrationSettings, data_dir=data_dir, port=_ROUTABLE_PORT, kafka=kafka, **elsewhere, **given
    )
    async with assembled(settings, clock=clock) as parts:
        server = TestServer(parts.app, port=listen)
        async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client:
            organizer = await parts.use_cases.tokens.create(Role.ORGANIZER)
            yield RunningRegistration(parts=parts, client=client, organizer=organizer, settings=settings)


def an_event(**changed: object) -> dict[str, object]:
    """A body that creates an event."""
    return {
        "title": "Colloque",
        "starts_at": START.isoformat(),
        "ends_at": (START + timedelta(hours=8)).isoformat(),
        "timezone": "Europe/Paris",
        "capacity": {"in_person": 100, "remote": 100},
        "rooms": [{"name": "Amphi", "conference": {"source": "main", "room": "plenary"}}],
        "sessions": [
            {
                "title": "Plénière",
                "starts_at": START.isoformat(),
                "ends_at": (START + timedelta(hours=2)).isoformat(),
                "room": "Amphi",
            }
        ],
    } | changed


def a_registration(**changed: object) -> dict[str, object]:
    """A body that registers somebody."""
    return {
        "mode": "in_person",
        "name": "Léa Martin",
        "email": "lea@example.org",
        "language": "fr",
        "consents": {},
    } | changed


def kinds(facts: Sequence[KnownFact]) -> list[str]:
    """The facts' types without what all of them share: `checkin.checked_in`."""
    return [fact.type.removeprefix("passerelle.").removesuffix(".v1") for fact in facts]
