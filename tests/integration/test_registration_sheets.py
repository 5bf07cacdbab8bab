"""Attendance sheets: by half-day and session, blank and known, as page, API and files; issued, and noted as taken."""

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest_asyncio
from pypdf import PdfReader

from services.chassis.access import Role
from services.registration.application.sheets import SheetQuery
from services.registration.bootstrap import MIGRATIONS
from services.registration.domain.signatures import Asked, SheetSettings
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.attendance_records import AttendanceSays, attendance_saying, time_of
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration
from tests.verapdf import assert_pdf_ua

MORNING: Final = "2037-11-23/morning"
AFTERNOON: Final = "2037-11-23/afternoon"
NOW: Final = START + timedelta(hours=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """An event of a day that is over, with what attendance says of it."""

    service: RunningRegistration
    says: AttendanceSays
    event_id: str
    here: str
    afar: str

    async def file(self, path: str, *, expect: int = 200) -> bytes:
        """A file of the API, taken by the organizer."""
        url = f"/api/v1/events/{self.event_id}{path}"
        headers = {"Authorization": f"Bearer {self.service.organizer}"}
        async with self.service.client.get(url, headers=headers) as response:
            assert response.status == expect, await response.text()
            return await response.read()


@pytest_asyncio.fixture
async def training(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[Training]:
    """Somebody in the room all day who signed in the morning, somebody remote in the morning, and an absent one."""
    clock = MovedClock(START - timedelta(days=1))
    async with (
        attendance_saying(AttendanceSays(as_of=NOW.isoformat())) as says,
        running_registration(
            tmp_path, clock=clock, database=await new_database(MIGRATIONS), attendance_url=says.url
        ) as service,
    ):
        event_id = await service.event(sessions=[_session("Accueil", 0, 3), _session("Atelier", 5, 8)])
        settings = SheetSettings(asked=Asked.SCREEN, trainers=("Claire Dupont",))
        signatures = service.parts.use_cases.proofs.signatures
        await signatures.change_settings(event_id, settings)
        here = (await service.register(event_id, name="Zoé Ünal"))["participant_id"]
        afar = (await service.register(event_id, name="Ana Roux", mode="remote"))["participant_id"]
        await service.register(event_id, name="Jean Absent")
        clock.now = START + timedelta(minutes=5)
        scanned = await service.check_in(event_id, participant_id=here, gate="Nord")
        await signatures.sign(event_id, here, MORNING, strokes=(((10, 10), (900, 300)),))
        clock.now = NOW
        says.people = [
            _record(here, _span("in_person", scanned["at"], None), morning=time_of(in_person=10500)),
            _record(afar, _span("remote", _at(0, 10), _at(2)), morning=time_of(remote=6600)),
        ]
        yield Training(service=service, says=says, event_id=event_id, here=here, afar=afar)


@ON_BOTH
async def test_a_sheet_tells_who_came_by_which_door_who_was_connected_and_who_signed(training: Training) -> None:
    listed = await training.service.api("GET", f"/events/{training.event_id}/sheets")
    morning, afternoon = listed["items"]
    assert (morning["half_day_id"], afternoon["half_day_id"]) == (MORNING, AFTERNOON)
    counted = {"present": 2, "in_person": 1, "remote": 1, "signed": 1, "absent": 1}
    assert {name: morning[name] for name in counted} == counted
    assert afternoon["present"] == 1, "who came in the morning and never left is there still"
    paged = await training.service.api("GET", f"/events/{training.event_id}/sheets?limit=1")
    rest = await training.service.api("GET", f"/events/{training.event_id}/sheets?after={paged['next']}")
    assert (paged["items"], rest["items"], rest["next"]) == ([morning], [afternoon], None)
    rows = _rows(await training.file(f"/sheets/{MORNING}.csv"))
    ana, jean, zoe = rows
    assert [row["name"] for row in rows] == ["Ana Roux", "Jean Absent", "Zoé Ünal"]
    assert (zoe["arrival"], zoe["arrival_gate"], zoe["departure"]) == ("2037-11-23 09:05:00", "Nord", "")
    assert (zoe["signed"], zoe["seconds_in_person"], jean["standing"]) == ("drawn", "10500", "absent")
    assert ana["connections"] == "2037-11-23T09:10:00+01:00/2037-11-23T11:00:00+01:00 main/plenary"
    present = _rows(await training.file(f"/sheets/{MORNING}.csv?absent=false"))
    assert [row["name"] for row in present] == ["Ana Roux", "Zoé Ünal"]
    assert len(_rows(await training.file("/sheets.csv"))) == 6
    await training.file("/sheets/2037-11-24/morning.csv", expect=404)
    await training.file("/sheets/nonsense/morning.pdf", expect=404)
    entries = (await training.service.api("GET", f"/events/{training.event_id}/audit-log"))["items"]
    assert [entry["act"] for entry in entries].count("sheets.exported") == 3


async def test_the_pdf_is_issued_once_for_the_same_figures_and_is_accessible(training: Training) -> None:
    issued = await training.file(f"/sheets/{MORNING}.pdf?lang=fr")
    everything = await training.file("/sheets.pdf")
    blank = await training.file("/sheets.pdf?blank=true")
    assert_pdf_ua(issued, everything, blank)
    code, *rest = (
        re.findall(r"\w{5}(?:-\w{5}){3}", page.extract_text()) for page in PdfReader(io.BytesIO(everything)).pages
    )
    assert rest
    assert all(code[0] in on_page for on_page in rest), "pages of a sheet come apart"
    assert await training.file(f"/sheets/{MORNING}.pdf?lang=fr") == issued
    session_id = (await training.service.api("GET", f"/events/{training.event_id}"))["sessions"][0]["session_id"]
    session = await training.file(f"/sessions/{session_id}/sheet.pdf")
    assert session != everything
    await training.service.sign_in()
    listed = await training.service.page("GET", f"/events/{training.event_id}/documents")
    for name in ("Monday, 23 November 2037, morning", "Accueil", "The whole event"):
        assert f"<td>{name}</td>" in listed
    for code in re.findall(r"documents/(\w{5}(?:-\w{5}){3})", listed):
        seen = await training.service.page("GET", f"/verify/{code}")
        assert "genuine and up to date" in seen
        assert not re.search(r"ses_|\d/morning", seen)
    register = training.service.parts.use_cases.proofs.sheets
    asked = len(training.says.asked)
    earlier = await training.file(f"/sheets/{MORNING}.pdf?as_of={(NOW - timedelta(hours=1)).isoformat()[:19]}Z")
    assert earlier.startswith(b"%PDF")
    assert training.says.asked[asked]["as_of"]
    assert register.verify_at("A" * 20).endswith("/verify/AAAAA-AAAAA-AAAAA-AAAAA")


async def test_while_attendance_is_away_only_blank_sheets_are_given(tmp_path: Path) -> None:
    async with running_registration(tmp_path, attendance_url="http://127.0.0.1:9") as service:
        event_id = await service.event()
        await service.register(event_id)
        await service.api("GET", f"/events/{event_id}/sheets", expect=503)
        await service.sign_in(Role.DESK, event_id)
        await service.page("GET", f"/events/{event_id}/sheets", expect=403)
        await service.sign_in()
        page = await service.page("GET", f"/events/{event_id}/sheets")
        assert "only blank sheets can be printed" in page
        assert f"/events/{event_id}/sheets/{MORNING}.pdf?blank" in page
        url = f"/events/{event_id}/sheets/{MORNING}.pdf"
        async with service.client.get(f"{url}?blank") as response:
            assert response.status == 200
            assert (await response.read()).startswith(b"%PDF")
        await service.page("GET", url, expect=503)


async def test_the_page_keeps_how_sheets_are_signed_and_says_what_is_wrong(training: Training) -> None:
    await training.service.sign_in()
    here = f"/events/{training.event_id}/sheets"
    shown = re.search(r">(\d)</td><td>(\d)</td><td>(\d)</td><td>(\d)</td>", await training.service.page("GET", here))
    assert shown is not None
    assert shown.groups() == ("1", "1", "1", "1"), "in the room, remotely, signed, absent"
    assert f'href="{here}"' in await training.service.page("GET", f"/events/{training.event_id}")
    assert "Choose one of the proposed answers." in await training.service.page(
        "POST", f"{here}/settings", {"asked": "stone", "trainers": "Bo"}, expect=422
    )
    typed = {"asked": "paper", "from_afar": "true", "trainers": " Bo  Li \n\nClaire\nBo Li"}
    assert "Saved." in await training.service.page(
        "GET", (await training.service.redirect("POST", f"{here}/settings", typed)).partition("#")[0]
    )
    kept = await training.service.parts.use_cases.proofs.signatures.settings(training.event_id)
    assert kept == SheetSettings(asked=Asked.PAPER, from_afar=True, trainers=("Bo Li", "Claire"))
    assert "Enter a date and a time" in await training.service.page("GET", f"{here}?as_of=soon", expect=400)
    assert "This lies in the future" in await training.service.page("GET", f"{here}?as_of=2038-01-01T00:00", expect=400)


def _session(title: str, start: int, end: int) -> dict[str, object]:
    hours = {"starts_at": START + timedelta(hours=start), "ends_at": START + timedelta(hours=end)}
    return {"title": title, "speakers": ["Ines Faure"], **{name: at.isoformat() for name, at in hours.items()}}


def _at(hours: int, minutes: int = 0) -> str:
    return (START + timedelta(hours=hours, minutes=minutes)).isoformat()


def _span(mode: str, start: str, end: str | None) -> dict[str, Any]:
    via = "gate" if mode == "in_person" else "main/plenary"
    return {"mode": mode, "start": start, "end": end, "via": via, "sources": ["main"], "grade": "observed"}


def _record(participant_id: str, span: dict[str, Any], *, morning: dict[str, Any]) -> dict[str, Any]:
    known = {"participant_id": participant_id, "registration": "confirmed", "mode": span["mode"], "whole": morning}
    return {**known, "half_days": {MORNING: morning}, "sessions": {}, "intervals": [span]}


def _rows(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode().removeprefix("\ufeff"))))


async def test_what_another_event_says_of_its_provider_is_proposed_to_who_organizes_all_and_printed_nowhere(
    training: Training,
) -> None:
    service, proofs = training.service, training.service.parts.use_cases.proofs
    other = await service.event(title="Another event")
    await service.api("PUT", f"/events/{other}/issuer", {"name": "Another association"})
    sheets = await proofs.sheets.gather(SheetQuery(event_id=training.event_id, blank=True))
    assert sheets.issuer is None
    page = f"/events/{training.event_id}/documents"
    await service.sign_in(event_id=training.event_id)
    assert "Another association" not in await service.page("GET", page)
    await service.sign_in()
    assert "Another association" in await service.page("GET", page)


async def test_a_day_that_no_session_is_on_is_named_where_somebody_can_still_give_it_one(
    service: RunningRegistration,
) -> None:
    three_days: dict[str, Any] = {
        "ends_at": _at(2 * 24 + 9),
        "sessions": [_session("Accueil", 0, 3), _session("Atelier", 48, 51)],
    }
    event_id = await service.event(**three_days)
    await service.sign_in()
    for path in ("", "/sheets"):
        page = await service.page("GET", f"/events/{event_id}{path}")
        assert "No session is on the agenda of these days: Tuesday, 24 November 2037." in " ".join(page.split())
    other_id = await service.event(ends_at=_at(2 * 24 + 9), sessions=[])
    assert "No session is on the agenda" not in await service.page("GET", f"/events/{other_id}/sheets")
