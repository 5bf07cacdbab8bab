"""Rows in columns as CSV, as a spreadsheet and as Parquet, in constant memory."""

# ruff: noqa: PLC0415  (the services that share this package must not load the two libraries, which are large)

import csv
import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any, BinaryIO, Final, TextIO, TypeAlias

from schemas.envelope import format_instant
from services.attendance.domain.errors import AttendanceError


class Kind(Enum):
    """What a column holds; any may be empty."""

    TEXT = auto()
    INSTANT = auto()
    NUMBER = auto()
    TRUTH = auto()


Columns: TypeAlias = Mapping[str, Kind]

COLUMNS: Final[Columns] = {
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
    "suspect_time": Kind.TEXT,
    "accepted": Kind.TRUTH,
    "ends_reason": Kind.TEXT,
    "ends_start": Kind.INSTANT,
    "ends_facts": Kind.TEXT,
    "withdrawn_at": Kind.INSTANT,
    "inferred": Kind.TEXT,
}
"""Those of a timeline."""

SHEET_ROWS: Final = 1_048_576
"""How many rows a sheet of Excel has, its header among them."""

_ROW_GROUP: Final = 10_000
_CHARACTERS_WIDE: Final = 22
_FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")


class TooManyEntriesError(AttendanceError):
    """A sheet holds fewer entries than there are."""

    def __init__(self, most: int) -> None:
        """Keep how many it holds."""
        super().__init__(f"more than {most} entries")
        self.most = most


async def write_csv(rows: AsyncIterator[Mapping[str, Any]], out: TextIO, columns: Columns = COLUMNS) -> int:
    """A header and a line for each row; gives the number of rows.

    A text that a spreadsheet would take for a formula gets an apostrophe before it: people name gates and rooms.
    """
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    count = 0
    async for row in rows:
        writer.writerow({name: _plain(row.get(name)) for name in columns})
        count += 1
    return count


async def write_xlsx(
    rows: AsyncIterator[Mapping[str, Any]],
    out: BinaryIO,
    columns: Columns = COLUMNS,
    *,
    name: str = "timeline",
    sheet_rows: int = SHEET_ROWS,
) -> int:
    """One sheet, `name`, under a frozen header with filters; gives the number of rows.

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
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, _CHARACTERS_WIDE)
        for column, (title, kind) in enumerate(columns.items()):
            sheet.write_string(0, column, f"{title} (UTC)" if kind is Kind.INSTANT else title, header)
        count = 0
        async for row in rows:
            count += 1
            if count >= sheet_rows:
                raise TooManyEntriesError(sheet_rows - 1)
            for column, title in enumerate(columns):
                match row.get(title):
                    case None:
                        pass
                    case datetime() as instant:
                        sheet.write_datetime(count, column, instant, moment)
                    case bool() as truth:
                        sheet.write_boolean(count, column, truth)
                    case float() as number:
                        sheet.write_number(count, column, number)
                    case text:
                        sheet.write_string(count, column, text)
        sheet.autofilter(0, 0, count, len(columns) - 1)
    return count


async def write_parquet(rows: AsyncIterator[Mapping[str, Any]], out: BinaryIO, columns: Columns = COLUMNS) -> int:
    """Columns of text, of instants in UTC to the millisecond, of doubles and truths; gives the number of rows."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    types = {
        Kind.TEXT: pa.string(),
        Kind.INSTANT: pa.timestamp("ms", tz="UTC"),
        Kind.NUMBER: pa.float64(),
        Kind.TRUTH: pa.bool_(),
    }
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
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


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return format_instant(value)
        case bool():
            return "true" if value else "false"
        case str() if value.startswith(_FORMULA_MARKS):
            return f"'{value}"
        case _:
            return str(value)
