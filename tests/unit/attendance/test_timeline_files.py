"""The timeline as a spreadsheet and as Parquet: types, and what a cell may not do."""

import io
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow.parquet import ParquetFile

from services.attendance.application.timeline_files import COLUMNS, TooManyEntriesError, write_parquet, write_xlsx
from tests.fakes.spreadsheet import Sheet, read_sheet

AT = datetime(2026, 11, 24, 8, 0, 0, 123_000, tzinfo=UTC)


async def rows(*given: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    for row in given:
        yield row


async def sheet(*given: Mapping[str, Any]) -> Sheet:
    out = io.BytesIO()
    assert await write_xlsx(rows(*given), out) == len(given)
    return read_sheet(out.getvalue())


async def parquet(*given: Mapping[str, Any]) -> ParquetFile:
    out = io.BytesIO()
    assert await write_parquet(rows(*given), out) == len(given)
    return ParquetFile(io.BytesIO(out.getvalue()))


async def test_the_header_stays_in_sight_and_filters() -> None:
    found = await sheet({"id": "a"}, {"id": "b"})
    assert '<pane ySplit="1" topLeftCell="A2"' in found.xml
    assert '<autoFilter ref="A1:V3"/>' in found.xml
    assert found.rows[0][:3] == ["id", "time (UTC)", "recorded_time (UTC)"]


async def test_an_instant_keeps_its_milliseconds_and_seconds_are_numbers() -> None:
    found = await sheet({"time": AT, "seconds_total": 1.25})
    assert [cell for cell in found.rows[1] if cell is not None] == [AT, 1.25]
    assert 'formatCode="yyyy-mm-dd hh:mm:ss.000"' in found.styles


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "https://example.org", "12", "\t=1"])
async def test_a_text_is_only_ever_a_text(text: str) -> None:
    found = await sheet({"gate": text})
    assert found.rows[1][list(COLUMNS).index("gate")] == text
    assert "<f>" not in found.xml
    assert "hyperlink" not in found.xml


async def test_more_entries_than_a_sheet_holds_are_refused() -> None:
    with pytest.raises(TooManyEntriesError) as caught:
        await write_xlsx(rows({"id": "a"}, {"id": "b"}, {"id": "c"}), io.BytesIO(), sheet_rows=3)
    assert caught.value.most == 2


async def test_the_columns_of_parquet_have_types() -> None:
    file = await parquet({"time": AT, "id": "=1+1", "seconds_total": 1.25})
    schema = file.schema_arrow
    assert schema.names == list(COLUMNS)
    assert (schema.field("time").type, schema.field("id").type) == (pa.timestamp("ms", tz="UTC"), pa.string())
    assert schema.field("seconds_total").type == pa.float64()
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    (row,) = file.read().to_pylist()
    assert (row["time"], row["id"], row["seconds_total"], row["gate"]) == (AT, "=1+1", 1.25, None)


async def test_a_long_timeline_is_written_in_batches() -> None:
    file = await parquet(*({"id": str(number)} for number in range(10_001)))
    assert file.num_row_groups == 2
    assert file.read(["id"]).column("id").to_pylist() == [str(number) for number in range(10_001)]


def test_a_service_does_not_load_the_libraries() -> None:
    loaded = "import sys, services.attendance.bootstrap; print({'pyarrow', 'xlsxwriter'} & sys.modules.keys())"
    finished = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "set()"


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_a_terminal_gets_one_line_instead_of_bytes(form: str, tmp_path: Path) -> None:
    command = ["-m", "services.command_line", "timeline", "evt_x", "--format", form, "--data-dir", str(tmp_path)]
    ours, terminal = pty.openpty()
    try:
        finished = subprocess.run(
            [sys.executable, *command], stdout=terminal, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(terminal)
        os.close(ours)
    assert finished.returncode == 2
    assert finished.stderr == f"{form} is not for a terminal: name a file with -o FILE.\n"
