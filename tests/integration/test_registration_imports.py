"""Lists of people brought as files: by API, and on pages without JavaScript."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from xlsxwriter import Workbook

from services.chassis.access import Role
from services.registration.adapters.sheet_reading import read_sheet
from services.registration.domain.errors import ImportNotFoundError
from services.registration.domain.imports import KEPT_FOR, Choices, ImportState, Judgement
from services.registration.domain.letters import LetterState
from services.registration.web.import_lines import read_lines
from tests.databases import ON_BOTH
from tests.integration.running_registration import MovedClock, RunningRegistration, kinds, running_registration
from tests.integration.test_registration_sessions import a_session, an_event_with, standing

FRENCH = "Prénom;Nom;Adresse e-mail;Participation\n"


async def bring(
    service: RunningRegistration, event_id: str, text: str | bytes, query: str = "", expect: int = 201
) -> Any:  # noqa: ANN401  (JSON)
    raw = text.encode() if isinstance(text, str) else text
    headers = {"Authorization": f"Bearer {service.organizer}", "Content-Type": "text/csv"}
    path = f"/api/v1/events/{event_id}/imports{query}"
    async with service.client.post(path, data=io.BytesIO(raw), headers=headers) as response:
        assert response.status == expect, await response.text()
        return await response.json()


async def people(service: RunningRegistration, event_id: str) -> list[tuple[str, str, str, str]]:
    items = (await service.api("GET", f"/events/{event_id}/registrations"))["items"]
    return [(item["name"], item["email"], item["mode"], item["status"]) for item in items]


@ON_BOTH
async def test_a_list_is_registered_as_everybody_is_and_each_refused_line_is_named(
    service: RunningRegistration,
) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": None})
    text = FRENCH + (
        "Zoé;Ünal;zoe@example.org;Sur place\nAnne;Lefèvre;anne@example.org;présentiel\n"
        ";;nobody@example.org;\nLéa;Roux;not an address;\n\nPaul;Petit;paul@example.org;sur la lune\n"
        "Zoé;Ünal;ZOE@example.org;À distance\nKim;Lee;;\nKIM;Lee;;\nIda;Noir;ida@example.org;À distance\n"
    )
    foreseen = await bring(service, event_id, text, "?dry_run=true", expect=200)
    assert await people(service, event_id) == []
    report = await bring(service, event_id, text.encode("cp1252"))
    assert (report["state"], report["lines"], report["new"]) == ("done", 9, 4)
    assert [(line["line"], line["reason"]) for line in report["refused"]] == [
        (4, "name_missing"),
        (5, "email_wrong"),
        (7, "mode_wrong"),
        (8, "twice"),
        (10, "twice"),
    ]
    assert foreseen["refused"] == report["refused"]
    assert await service.api("GET", f"/events/{event_id}/imports/{report['import_id']}") == report
    assert await people(service, event_id) == [
        ("Zoé Ünal", "zoe@example.org", "in_person", "confirmed"),
        ("Anne Lefèvre", "anne@example.org", "in_person", "waitlisted"),
        ("Kim Lee", "", "in_person", "waitlisted"),
        ("Ida Noir", "ida@example.org", "remote", "confirmed"),
    ]
    assert kinds(await service.outbox())[2:] == ["registration.participant.registered"] * 4
    assert (await service.parts.use_cases.letters.counts(event_id))[LetterState.OWED] == 4


@ON_BOTH
async def test_a_list_imported_again_registers_nobody_twice_and_changes_what_was_changed_in_it(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    await service.register(event_id, name="Léa Martin")
    text = FRENCH + "Zoé;Ünal;zoe@example.org;Sur place\nAnne;Lefèvre;anne@example.org;\nL.;Martin;lea@example.org;\n"
    await bring(service, event_id, text, "?letters=false")
    ids = [item["participant_id"] for item in (await service.api("GET", f"/events/{event_id}/registrations"))["items"]]
    path = f"/events/{event_id}/registrations"
    await service.api("PATCH", f"{path}/{ids[1]}", {"name": "Zoé Corrected"})
    before = await service.outbox()
    again = await bring(service, event_id, text.replace("Sur place", "In person"))
    assert (again["new"], again["known"], again["changed"], again["refused"]) == (0, 3, 0, [])
    changed = await bring(service, event_id, text.replace("Lefèvre", "Lefebvre"))
    assert (changed["new"], changed["known"], changed["changed"]) == (0, 2, 1)
    assert [name for name, *_ in await people(service, event_id)] == ["Léa Martin", "Zoé Corrected", "Anne Lefebvre"]
    assert await service.outbox() == before
    await service.api("DELETE", f"{path}/{ids[1]}", expect=204)
    await service.api("DELETE", f"{path}/{ids[2]}?erase=true", expect=204)
    last = await bring(service, event_id, text)
    assert [line["reason"] for line in last["refused"]] == ["cancelled", "erased"]
    assert len(await people(service, event_id)) == 3


async def test_ids_given_elsewhere_tell_apart_those_who_share_an_address(service: RunningRegistration) -> None:
    event_id = await service.event()
    text = "id,name,email\n1,Léa Martin,home@example.org\n2,Tom Martin,home@example.org\n"
    assert (await bring(service, event_id, text))["new"] == 2
    moved = await bring(service, event_id, text.replace("2,Tom Martin,home@", "2,Tom Martin,tom@"))
    assert (moved["known"], moved["changed"]) == (1, 1)
    assert [email for _, email, *_ in await people(service, event_id)] == ["home@example.org", "tom@example.org"]
    without_ids = await bring(service, event_id, "name,email\nTom,tom@example.org\n")
    assert (without_ids["new"], without_ids["known"]) == (0, 1)


async def test_what_is_no_list_is_refused_with_the_reason(service: RunningRegistration) -> None:
    event_id = await service.event()
    for raw, sentence in (
        (b"", "holds no line"),
        (b"name,email\n", "holds no line"),
        (b"PK\x03\x04 broken", "neither CSV nor XLSX"),
        (b"\x00\x01\x02", "neither CSV nor XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1", "locked"),
        (b"mail\nx@example.org\n", "No column is called name"),
        (b"name\n" + b"A\n" * 10_001, "too many lines"),
    ):
        assert sentence in (await bring(service, event_id, raw, expect=400))["detail"]
    await bring(service, event_id, b"x" * 1_100_000, expect=413)
    form = {"Authorization": f"Bearer {service.organizer}", "Content-Type": "multipart/form-data; boundary=b"}
    broken, path = b"--b\r\nNo header\r\n\r\nx\r\n--b--\r\n", f"/api/v1/events/{event_id}/imports"
    async with service.client.post(path, data=broken, headers=form) as response:
        assert response.status == 400
    draft = await service.event(publish=False)
    assert (await bring(service, draft, "name,email\nA,a@example.org\n", expect=409))["reason"] == "event_draft"
    desk = await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id)
    await service.api("POST", f"/events/{event_id}/imports", {}, token=desk, expect=403)


async def test_a_sheet_is_looked_at_its_columns_chosen_and_carried_out_without_javascript(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    await service.sign_in()
    out = io.BytesIO()
    with Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Who", "Courriel", "Reference"])
        sheet.write_row(1, 0, ["Zoé Ünal", "zoe@example.org", 12])
        sheet.write_row(2, 0, ["'=Anne", "wrong", 13])
    form = FormData({"mode": "remote", "language": "fr"})
    form.add_field("file", out.getvalue(), filename="list.xlsx")
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html", "Accept-Language": "en"}
    path = f"/events/{event_id}/imports/new"
    async with service.client.post(path, data=form, headers=headers, allow_redirects=False) as response:
        assert response.status == 303, await response.text()
        here = response.headers["Location"]
    shown = await service.page("GET", here)
    assert "No column holds names" in shown
    assert '<option value="email" selected>' in shown
    choices = {"column.0": "name", "column.1": "email", "column.2": "external_id", "mode": "remote", "language": "fr"}
    # What was not shown yet is not carried out.
    assert await service.redirect("POST", here, choices | {"carry_out": "1"}) == here
    shown = await service.page("GET", here)
    assert "Nobody is registered yet" in shown
    assert "This is no e-mail address." in shown
    assert await service.redirect("POST", here, choices | {"carry_out": "1"}) == here
    assert "All 2 lines are imported" in await service.page("GET", here)
    assert await people(service, event_id) == [("Zoé Ünal", "zoe@example.org", "remote", "confirmed")]
    assert await service.parts.use_cases.letters.counts(event_id) == {}
    refused = (await service.page("GET", f"{here}/refused.csv")).removeprefix("\ufeff")
    assert list(csv.reader(io.StringIO(refused, newline="")))[1:] == [
        ["3", "This is no e-mail address.", "'=Anne", "wrong", "13"]
    ]
    participant = (await service.api("GET", f"/events/{event_id}/registrations"))["items"][0]["participant_id"]
    await service.api("DELETE", f"/events/{event_id}/registrations/{participant}?erase=true", expect=204)
    await service.page("GET", here, expect=404)


async def test_what_was_begun_goes_on_by_itself_and_the_file_is_forgotten_after_a_day(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id, imports = await service.event(), service.parts.use_cases.imports
        text = "name,email\n" + "".join(f"Personne {n},p{n}@example.org\n" for n in range(60)) + ",nobody@example.org\n"
        sheet = read_sheet(text.encode())
        choices = Choices(columns=["name", "email"])
        brought = await imports.bring(event_id, sheet, choices)
        await imports.start(event_id, brought.import_id, read_lines(sheet, choices, imports.keys))
        part = await imports.carry_on(event_id, brought.import_id, seconds=0)
        assert (part.state, part.done) == (ImportState.RUNNING, 25)
        await imports.carry_on_all()
        done, content = await imports.find(event_id, brought.import_id)
        assert (done.state, done.done, done.counts) == (ImportState.DONE, 60, {Judgement.NEW: 60})
        assert list(content.sheet.rows.values()) == [["", "nobody@example.org"]]
        assert content.lines == []
        clock.now += KEPT_FOR + timedelta(seconds=1)
        await imports.carry_on_all()
        with pytest.raises(ImportNotFoundError):
            await imports.find(event_id, brought.import_id)


async def test_who_comes_without_an_address_is_known_by_name_and_gets_the_address_that_the_list_has_later(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    text = "name,email\nKim Lee,\n"
    first, again = await bring(service, event_id, text), await bring(service, event_id, text)
    assert (first["new"], again["new"], again["known"]) == (1, 0, 1)
    later = await bring(service, event_id, "name,email\nKim Lee,kim@example.org\n")
    assert (later["new"], later["changed"]) == (0, 1)
    assert await people(service, event_id) == [("Kim Lee", "kim@example.org", "in_person", "confirmed")]
    await service.sign_in()
    (only,) = (await service.api("GET", f"/events/{event_id}/registrations"))["items"]
    assert "Kim Lee" in await service.page("GET", f"/events/{event_id}/registrations/{only['participant_id']}")


@ON_BOTH
async def test_a_column_of_sessions_chooses_them_and_takes_none_from_who_chose_themselves(
    service: RunningRegistration,
) -> None:
    event_id, (maps, data, _) = await an_event_with(
        service, a_session("Cartes", 0), a_session("Données", 4), a_session("Archives", 5)
    )
    text = "name,email,sessions\nAnne,a@example.org,{}\nBob,b@example.org,{}\nChloé,c@example.org,{}\n"
    await bring(service, event_id, text.format("", "", ""))
    items = (await service.api("GET", f"/events/{event_id}/registrations"))["items"]
    path = f"/events/{event_id}/registrations/{items[1]['participant_id']}"
    await service.api("PATCH", path, {"sessions": [data]})
    chosen = text.format("cartes; Données", "Cartes", "Données;Archives") + "Dan,d@example.org,Rien\n"
    report = await bring(service, event_id, chosen)
    assert [(line["line"], line["reason"]) for line in report["refused"]] == [
        (4, "sessions_at_once"),
        (5, "sessions_wrong"),
    ]
    assert [name for name, *_ in await standing(service, event_id, maps)] == ["Anne"]
    assert [name for name, *_ in await standing(service, event_id, data)] == ["Bob", "Anne"]
    await bring(service, event_id, text.format("Cartes", "Cartes", ""))
    assert [name for name, *_ in await standing(service, event_id, data)] == ["Bob"]
