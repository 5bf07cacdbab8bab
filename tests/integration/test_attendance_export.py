"""The timeline written out for the command line."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet
import pytest

from schemas.envelope import format_instant
from services.attendance.adapters.tables import MIGRATIONS
from services.attendance.application.reading import UnknownEventError
from services.attendance.application.timeline_export import Format, write_timeline
from services.attendance.application.timeline_files import COLUMNS
from services.attendance.settings import AttendanceSettings
from services.chassis.database import upgrade
from tests.builders import settings_for
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import ANNE, small_event
from tests.fakes.attendance_web import Attendance
from tests.fakes.passerelle import passerelle
from tests.fakes.spreadsheet import read_sheet

EVENT = "evt_" + "a" * 32


async def written(attendance: Attendance, form: Format, *, as_of: datetime | None = None) -> str:
    return (await written_bytes(attendance, form, as_of=as_of)).decode()


async def written_bytes(attendance: Attendance, form: Format, *, as_of: datetime | None = None) -> bytes:
    out = io.BytesIO()
    await write_timeline(attendance.timeline, EVENT, as_of=as_of, form=form, out=out)
    return out.getvalue()


@ON_BOTH
@pytest.mark.parametrize("minutes, entries", [(12, 7), (1000, 13)])
async def test_the_lines_are_the_items_of_the_api(attendance: Attendance, minutes: float, entries: int) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    as_of = facts.at(minutes)
    _, page = await attendance.ask(f"/api/v1/events/{EVENT}/timeline", as_of=format_instant(as_of))
    lines = (await written(attendance, Format.NDJSON, as_of=as_of)).splitlines()
    assert [json.loads(line) for line in lines] == page["items"]
    assert len(lines) == entries


@ON_BOTH
async def test_the_columns_hold_the_same(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    _, page = await attendance.ask(f"/api/v1/events/{EVENT}/timeline")
    rows = list(csv.DictReader(io.StringIO(await written(attendance, Format.CSV))))
    assert [(row["id"], row["participant_id"] or None, row["gate"] or None) for row in rows] == [
        (item["id"], item["participant_id"], item["gate"]) for item in page["items"]
    ]
    assert {row["status"] for row in rows} == {"", "absent", "on_site", "remote", "both", "away"}


async def test_the_table_for_the_terminal_has_a_line_for_each_entry(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    lines = (await written(attendance, Format.TABLE)).splitlines()
    assert len(lines) == 14
    assert any(f"2026-11-24T08:00:00.000Z  {ANNE}  checkin.checked_in" in line for line in lines)


async def test_an_unknown_event_has_no_export(attendance: Attendance) -> None:
    with pytest.raises(UnknownEventError):
        await written(attendance, Format.CSV)


@ON_BOTH
@pytest.mark.parametrize("minutes, entries", [(12, 7), (1000, 13)])
async def test_parquet_holds_what_the_columns_of_text_hold(
    attendance: Attendance, minutes: float, entries: int
) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    as_of = facts.at(minutes)
    table = pyarrow.parquet.read_table(io.BytesIO(await written_bytes(attendance, Format.PARQUET, as_of=as_of)))
    rows = [as_text(row) for row in table.to_pylist()]
    assert rows == list(csv.DictReader(io.StringIO(await written(attendance, Format.CSV, as_of=as_of))))
    assert len(rows) == entries


@ON_BOTH
@pytest.mark.parametrize("minutes, entries", [(12, 7), (1000, 13)])
async def test_the_sheet_holds_what_the_columns_of_text_hold(
    attendance: Attendance, minutes: float, entries: int
) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    as_of = facts.at(minutes)
    _, *cells = read_sheet(await written_bytes(attendance, Format.XLSX, as_of=as_of)).rows
    rows = [as_text(dict(zip(COLUMNS, row, strict=True))) for row in cells]
    assert rows == list(csv.DictReader(io.StringIO(await written(attendance, Format.CSV, as_of=as_of))))
    assert len(rows) == entries


@ON_BOTH
@pytest.mark.parametrize("form", [Format.XLSX, Format.PARQUET])
async def test_before_the_first_fact_a_file_has_its_columns_alone(attendance: Attendance, form: Format) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    file = await written_bytes(attendance, form, as_of=datetime(2020, 1, 1, tzinfo=UTC))
    if form is Format.XLSX:
        assert [len(row) for row in read_sheet(file).rows] == [len(COLUMNS)]
    else:
        table = pyarrow.parquet.read_table(io.BytesIO(file))
        assert (table.num_rows, table.column_names) == (0, list(COLUMNS))


@pytest.mark.parametrize("form", [Format.XLSX, Format.PARQUET])
async def test_an_unknown_event_has_no_file(attendance: Attendance, form: Format) -> None:
    out = io.BytesIO()
    with pytest.raises(UnknownEventError):
        await write_timeline(attendance.timeline, EVENT, as_of=None, form=form, out=out)
    assert out.getvalue() == b""


def as_text(row: Mapping[str, object]) -> dict[str, str]:
    """A row of typed values as the CSV writes it."""
    texts = {}
    for name, value in row.items():
        match value:
            case None:
                texts[name] = ""
            case datetime():
                texts[name] = format_instant(value)
            case bool():
                texts[name] = str(value).lower()
            case _:
                texts[name] = str(value)
    return texts


async def test_a_failed_export_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "kept.xlsx"
    kept.write_bytes(b"what was there")
    await upgrade(settings_for(AttendanceSettings, data_dir=tmp_path).attendance_database, MIGRATIONS)
    options = ["--format", "xlsx", "-o", str(kept), "--data-dir", str(tmp_path)]
    finished = await passerelle("timeline", EVENT, *options, settings={})
    assert (finished.code, kept.read_bytes()) == (1, b"what was there")
    assert EVENT in finished.said
