"""Rows of a timeline as a spreadsheet and as Parquet, in constant memory."""

# ruff: noqa: PLC0415  (the services that share this package must not load the two libraries, which are large)

import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any, BinaryIO, Final

from services.attendance.domain.errors import AttendanceError


class Kind(Enum):
    """What a column holds; any may be empty."""

    TEXT = auto()
    INSTANT = auto()
    NUMBER = auto()


COLUMNS: Final[Mapping[str, Kind]] = {
    "id": Kind.TEXT,
    "time": Kind.INSTANT,
    "recorded_time": Kind.INSTANT,
    "type": Kind.TEXT,
    "source": Kind.TEXT,
    "participant_id": Kind.TEXT,
    "guest_id": Kind.TEXT,
    "mode": Kind.TEXT,
    "room": Kind.TEXT,
    "gate": Kind.TEXT,
    "status": Kind.TEXT,
    "seconds_in_person": Kind.NUMBER,
    "seconds_remote": Kind.NUMBER,
    "seconds_both": Kind.NUMBER,
    "seconds_total": Kind.NUMBER,
}

SHEET_ROWS: Final = 1_048_576
"""How many rows a sheet of Excel has, its header among them."""

_ROW_GROUP: Final = 10_000
_CHARACTERS_WIDE: Final = 22


class TooManyEntriesError(AttendanceError):
    """A sheet holds fewer entries than there are."""

    def __init__(self, most: int) -> None:
        """Keep how many it holds."""
        super().__init__(f"more than {most} entries")
        self.most = most


async def write_xlsx(rows: AsyncIterator[Mapping[str, Any]], out: BinaryIO, *, sheet_rows: int = SHEET_ROWS) -> int:
    """One sheet, `timeline`, under a frozen header with filters; gives the number of rows.

    Instants, which are in UTC, become date-times, of which a sheet knows no time zone: their header says UTC. A text is
    never a formula or a link, whatever it begins with.

    Raises:
        TooManyEntriesError: if there are more rows than a sheet has.
    """
    from xlsxwriter import Workbook

    texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with (
        tempfile.TemporaryDirectory() as rows_written,
        Workbook(out, {**texts, "constant_memory": True, "tmpdir": rows_written, "remove_timezone": True}) as book,
    ):
        header = book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        sheet = book.add_worksheet("timeline")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(COLUMNS) - 1, _CHARACTERS_WIDE)
        for column, (name, kind) in enumerate(COLUMNS.items()):
            sheet.write_string(0, column, f"{name} (UTC)" if kind is Kind.INSTANT else name, header)
        count = 0
        async for row in rows:
            count += 1
            if count >= sheet_rows:
                raise TooManyEntriesError(sheet_rows - 1)
            for column, name in enumerate(COLUMNS):
                match row.get(name):
                    case None:
                        pass
                    case datetime() as instant:
                        sheet.write_datetime(count, column, instant, moment)
                    case float() as number:
                        sheet.write_number(count, column, number)
                    case text:
                        sheet.write_string(count, column, text)
        sheet.autofilter(0, 0, count, len(COLUMNS) - 1)
    return count


async def write_parquet(rows: AsyncIterator[Mapping[str, Any]], out: BinaryIO) -> int:
    """Columns of text, of instants in UTC to the millisecond, and of doubles; gives the number of rows."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    types = {Kind.TEXT: pa.string(), Kind.INSTANT: pa.timestamp("ms", tz="UTC"), Kind.NUMBER: pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    count = 0
    with ParquetWriter(out, schema, compression="zstd") as writer:
        batch: list[Mapping[str, Any]] = []
        async for row in rows:
            batch.append(row)
            count += 1
            if len(batch) == _ROW_GROUP:
                writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
                batch.clear()
        if batch:
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
    return count
