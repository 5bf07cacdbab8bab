"""What people take along: all that is known of them in every service, and what is missing if one is away."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.chassis.access import INTERNAL_HEADER, Role
from services.registration.bootstrap import MIGRATIONS
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.attendance_facts import guest
from tests.integration.running_registration import RunningRegistration, running_registration

GUEST = guest(1)
ATTENDED = {
    "presence": {
        "participant_id": "par_1",
        "status": "away",
        "registered_mode": "remote",
        "seconds": {"in_person": 0.0, "remote": 3600.0, "both": 0.0, "total": 3600.0},
        "intervals": [
            {
                "mode": "remote",
                "start": "2037-11-23T08:00:00.000Z",
                "end": "2037-11-23T09:00:00.000Z",
                "via": "/bridge/jitsi/main/plenary",
                "start_inferred": False,
                "end_inferred": "room_closed",
                "grade": "inferred",
                "facts": ["1"],
            }
        ],
    },
    "horizon": "2037-11-23T09:00:00.000Z",
    "facts": [
        {
            "id": "1",
            "time": "2037-11-23T08:00:00.000Z",
            "recorded_time": "2037-11-23T08:00:01.000Z",
            "type": "passerelle.participation.joined.v1",
            "source": "/bridge/jitsi/main",
            "guest_id": GUEST,
            "mode": "remote",
            "room": "plenary",
            "gate": None,
        }
    ],
    "more_facts": False,
}


@dataclass(slots=True)
class Others:
    """Attendance and the bridge in one, as the export asks them; either can be away."""

    url: str = ""
    away: set[str] = field(default_factory=set)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        if request.path in self.away:
            return web.Response(status=503)
        assert INTERNAL_HEADER in request.headers
        self.asked.append((request.path, await request.json()))
        return web.json_response(ATTENDED if request.path == "/internal/participant" else {"names": {GUEST: "Léa M."}})


@pytest_asyncio.fixture
async def others() -> AsyncIterator[Others]:
    others = Others()
    app = web.Application()
    app.router.add_post("/internal/{what}", others.answer)
    async with TestServer(app) as server:
        others.url = str(server.make_url("")).rstrip("/")
        yield others


@pytest_asyncio.fixture
async def beside(tmp_path: Path, new_database: NewDatabase, others: Others) -> AsyncIterator[RunningRegistration]:
    """The registration service beside the others."""
    database = await new_database(MIGRATIONS)
    async with running_registration(
        tmp_path, database=database, attendance_url=others.url, streaming_bridge_url=others.url
    ) as running:
        yield running


async def a_participant(service: RunningRegistration) -> tuple[str, str, str]:
    """An event, somebody who did what one can do there, and the address of their personal page."""
    contact = {"controller": "Association Passerelle", "email": "donnees@example.org"}
    event_id = await service.event(data_contact=contact)
    registered = await service.register(event_id)
    participant = registered["participant_id"]
    await service.check_in(event_id, ticket=registered["ticket"], gate="Nord")
    await service.api(
        "POST", f"/events/{event_id}/links", {"guest_id": GUEST, "participant_id": participant}, expect=201
    )
    return event_id, participant, registered["confirmation_url"].removeprefix(service.settings.public_url)


@ON_BOTH
async def test_a_person_takes_along_what_every_service_knows_of_them(
    beside: RunningRegistration, others: Others
) -> None:
    event_id, participant, personal = await a_participant(beside)
    async with beside.client.get(f"{personal}/data.json") as answer:
        assert answer.headers["Content-Disposition"] == f'attachment; filename="passerelle-{participant}.json"'
        assert answer.headers["Cache-Control"] == "no-store"
        data = json.loads(await answer.text())
    assert (data["format"], data["format_version"], data["missing"]) == ("passerelle-personal-data", 2, [])
    assert data["event"]["data_contact"]["email"] == "donnees@example.org"
    assert data["attendance"]["presence"]["seconds"]["remote"] == 3600
    assert data["attendance"]["presence"]["intervals"][0]["end_inferred"] == "room_closed"
    assert [fact["room"] for fact in data["attendance"]["facts"]] == ["plenary"]
    assert [(known["guest_id"], known["name"]) for known in data["guests"]] == [(GUEST, "Léa M.")]
    assert [(letter["kind"], letter["subject"]) for letter in data["letters"]] == [
        ("registered", "Votre billet : Colloque")
    ]
    assert [(done["act"], done["by"]) for done in data["history"]] == [
        ("registration.registered", "public"),
        ("check_in.in", "staff"),
        ("guest.linked", "staff"),
    ]
    assert others.asked[-2:] == [
        ("/internal/participant", {"event_id": event_id, "participant_id": participant}),
        ("/internal/guest-names", {"event_id": event_id, "ids": [GUEST]}),
    ]
    async with beside.client.get(f"{personal}/data.json") as again:
        assert list(json.loads(await again.text())) == list(data)


async def test_the_same_is_read_on_the_page_and_in_a_file_by_itself(beside: RunningRegistration) -> None:
    _, participant, personal = await a_participant(beside)
    page = await beside.page("GET", f"{personal}/data")
    async with beside.client.get(f"{personal}/data.html", headers={"Accept-Language": "en"}) as answer:
        assert answer.headers["Content-Disposition"] == f'attachment; filename="passerelle-{participant}.html"'
        file = await answer.text()
    for text in (page, file):
        for words in (
            "Léa M.",
            "joined the video meeting · plenary",
            "1 hr",
            "Votre billet : Colloque",
            "let in, by an organizer or at the desk",
        ):
            assert words in text
        assert "Association Passerelle answers for your data." in text
    assert "/static/" not in file
    assert "took all data of the person along, by you" in await beside.page("GET", f"{personal}/data")


@pytest.mark.parametrize(
    "away,missing,words",
    [
        ("/internal/participant", "attendance", "When you came and went: what keeps it does not answer."),
        ("/internal/guest-names", "guest_names", "By what names you joined video meetings"),
    ],
)
async def test_what_a_service_that_is_away_knows_is_said_to_be_missing(
    beside: RunningRegistration, others: Others, away: str, missing: str, words: str
) -> None:
    event_id, participant, personal = await a_participant(beside)
    others.away = {away}
    data = await beside.api("GET", f"/events/{event_id}/registrations/{participant}/data")
    assert data["missing"] == [missing]
    assert (data["attendance"] is None) == (missing == "attendance")
    assert [known["name"] for known in data["guests"]] == [None if missing == "guest_names" else "Léa M."]
    assert words in await beside.page("GET", f"{personal}/data")


async def test_an_organizer_answers_a_request_and_the_audit_log_says_so(beside: RunningRegistration) -> None:
    event_id, participant, _ = await a_participant(beside)
    here = f"/events/{event_id}/registrations/{participant}"
    await beside.sign_in()
    assert f'href="{here}/data"' in await beside.page("GET", here)
    page = await beside.page("GET", f"{here}/data", lang="fr")
    assert "Tout ce que l’on sait de Léa Martin" in page
    for kind in ("json", "html"):
        assert "Léa M." in await beside.page("GET", f"{here}/data.{kind}")
    log = (await beside.api("GET", f"/events/{event_id}/audit-log?act=person.exported"))["items"]
    assert [entry["subject"] for entry in log] == [participant] * 3
    await beside.sign_in(Role.DESK, event_id)
    await beside.page("GET", f"{here}/data", expect=403)


async def test_of_somebody_erased_only_what_proves_attendance_is_left(beside: RunningRegistration) -> None:
    event_id, participant, _ = await a_participant(beside)
    await beside.api("DELETE", f"/events/{event_id}/registrations/{participant}?erase=true", expect=204)
    data = await beside.api("GET", f"/events/{event_id}/registrations/{participant}/data")
    assert (data["name"], data["email"], data["consents"]) == (None, None, [])
    assert {letter["subject"] for letter in data["letters"]} == {None}
    assert data["attendance"]["presence"]["seconds"]["remote"] == 3600
    await beside.sign_in()
    assert "All that is known of Erased person" in await beside.page(
        "GET", f"/events/{event_id}/registrations/{participant}/data"
    )
