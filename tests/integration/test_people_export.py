"""`passerelle export`: presence and minutes in every format, of the read model that a service made."""

import csv
import json
from pathlib import Path

import pytest
from pyarrow import parquet

from schemas.registration import EventStatus
from services.attendance.adapters.tables import MIGRATIONS
from tests.builders import SECRET_KEY
from tests.databases import NewDatabase
from tests.fakes.attendance_facts import ANNE, SESSIONS, small_event
from tests.fakes.attendance_web import attending
from tests.fakes.passerelle import passerelle
from tests.fakes.spreadsheet import read_sheet

EVENT = "evt_" + "a" * 32


@pytest.fixture
async def data_dir(tmp_path: Path, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory, beside a read model of one event."""
    database = await new_database(MIGRATIONS)
    async with attending(database) as running:
        await running.store(small_event(EVENT).written)
    monkeypatch.setenv("PASSERELLE_ATTENDANCE_DATABASE", database)
    return tmp_path


async def _export(data_dir: Path, what: str, form: str, *more: str) -> Path:
    file = data_dir / f"{what}.{form}"
    options = ("--what", what, "--format", form, "-o", str(file), "--data-dir", str(data_dir), *more)
    finished = await passerelle("export", EVENT, *options, settings={})
    assert finished.code == 0, finished.said
    assert finished.said.endswith(f" rows are in {file}\n")
    return file


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


async def test_presence_is_the_same_in_each_format(data_dir: Path) -> None:
    lines = (await _export(data_dir, "presence", "ndjson")).read_text().splitlines()
    people = {one["participant_id"] or one["guest_id"]: one for one in map(json.loads, lines)}
    assert people[ANNE]["intervals"]
    count = sum(len(one["intervals"]) or 1 for one in people.values())
    rows = _rows(await _export(data_dir, "presence", "csv"))
    columns = parquet.ParquetFile(await _export(data_dir, "presence", "parquet")).read().to_pylist()
    sheet = read_sheet((await _export(data_dir, "presence", "xlsx")).read_bytes())
    assert len(rows) == len(columns) == len(sheet.rows) - 1 == count
    for row, typed in zip(rows, columns, strict=True):
        whose = people[row["participant_id"] or row["guest_id"]]
        assert (row["status"], typed["seconds_total"]) == (whose["status"], whose["seconds"]["total"])


async def test_minutes_are_told_of_the_event_its_half_days_and_its_sessions(data_dir: Path) -> None:
    rows = _rows(await _export(data_dir, "minutes", "csv"))
    assert {row["part"] for row in rows} == {"whole", "half_day", "session"}
    assert {row["part_id"] for row in rows if row["part"] == "half_day"} == {
        "2026-11-24/morning",
        "2026-11-24/afternoon",
    }
    of_anne = [row for row in rows if row["participant_id"] == ANNE]
    (whole,) = [row for row in of_anne if row["part"] == "whole"]
    halves = [float(row["seconds_total"]) for row in of_anne if row["part"] == "half_day"]
    assert float(whole["seconds_total"]) == sum(halves) > 0
    assert float(whole["minutes"]) == float(whole["seconds_total"]) // 60


async def test_an_export_tells_what_was_known(data_dir: Path) -> None:
    early = ("--as-of", "2026-11-01T00:00:00Z")
    assert (await _export(data_dir, "presence", "ndjson", *early)).read_text() == ""
    assert (await _export(data_dir, "timeline", "ndjson", *early)).read_text() == ""


async def test_who_is_unknown_is_named(data_dir: Path) -> None:
    for what in ("timeline", "presence", "minutes"):
        finished = await passerelle("export", "evt_none", "--what", what, "--data-dir", str(data_dir), settings={})
        assert (finished.code, finished.out) == (1, "")
        assert finished.said == "There is no event evt_none in the read model.\n"


async def test_a_record_store_gets_the_statements_that_the_api_gives(
    tmp_path: Path, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await new_database(MIGRATIONS)
    monkeypatch.setenv("PASSERELLE_ATTENDANCE_DATABASE", database)
    asked = ("export", EVENT, "--format", "xapi", "--data-dir", str(tmp_path))
    settings = {"PASSERELLE_SECRET_KEY": SECRET_KEY, "PASSERELLE_PUBLIC_URL": "http://127.0.0.1"}
    async with attending(database) as running:
        facts = small_event(EVENT)
        await running.store(facts.written)
        finished = await passerelle(*asked, settings=settings)
        assert (finished.code, finished.out) == (1, "")
        assert finished.said.startswith(f"{EVENT} is not closed")
        facts.event(EventStatus.CLOSED, minutes=500)
        await running.store(facts.written)
        _, told = await running.ask(f"/api/v1/events/{EVENT}/xapi")
    finished = await passerelle(*asked, settings=settings)
    assert [json.loads(line) for line in finished.out.splitlines()] == told["statements"]
    assert len(told["statements"]) > len(SESSIONS)


@pytest.mark.parametrize(
    "options, said",
    [
        ([], "say what to export"),
        (["--format", "xapi", "--what", "minutes"], "leave out --what"),
        (["--format", "xapi", "--as-of", "2026-01-01T00:00:00Z"], "leave out --as-of"),
    ],
)
async def test_what_cannot_be_exported_is_told(options: list[str], said: str, tmp_path: Path) -> None:
    finished = await passerelle("export", EVENT, *options, "--data-dir", str(tmp_path), settings={"COLUMNS": "250"})
    assert finished.code == 2
    assert said in finished.said
