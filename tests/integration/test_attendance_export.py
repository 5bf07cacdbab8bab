"""The timeline written out for the command line."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from schemas.envelope import format_instant
from services.attendance.application.reading import UnknownEventError
from services.attendance.application.timeline_export import Format, write_timeline
from tests.fakes.attendance_facts import ANNE, small_event
from tests.fakes.attendance_web import Attendance, attending

EVENT = "evt_" + "a" * 32


@pytest.fixture
async def attendance(tmp_path: Path) -> AsyncIterator[Attendance]:
    async with attending(tmp_path) as running:
        yield running


async def written(attendance: Attendance, form: Format, *, as_of: datetime | None = None) -> str:
    out = io.StringIO()
    await write_timeline(attendance.timeline, EVENT, as_of=as_of, form=form, out=out)
    return out.getvalue()


@pytest.mark.parametrize("minutes, entries", [(12, 7), (1000, 11)])
async def test_the_lines_are_the_items_of_the_api(attendance: Attendance, minutes: float, entries: int) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    as_of = facts.at(minutes)
    _, page = await attendance.ask(f"/api/v1/events/{EVENT}/timeline", as_of=format_instant(as_of))
    lines = (await written(attendance, Format.NDJSON, as_of=as_of)).splitlines()
    assert [json.loads(line) for line in lines] == page["items"]
    assert len(lines) == entries


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
    assert len(lines) == 12
    assert any(f"2026-11-24T08:00:00.000Z  {ANNE}  checkin.checked_in" in line for line in lines)


async def test_an_unknown_event_has_no_export(attendance: Attendance) -> None:
    with pytest.raises(UnknownEventError):
        await written(attendance, Format.CSV)
