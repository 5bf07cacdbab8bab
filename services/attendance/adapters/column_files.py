"""Answers in columns as files: Parquet, CSV and a JSON document a line."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import BinaryIO

from pyarrow.parquet import ParquetWriter

from schemas.envelope import format_instant
from services.attendance.adapters.column_forms import Form
from services.attendance.adapters.columns import Answer
from services.chassis.spreadsheets import FORMULA_MARKS


def write_answer(answer: Answer, form: Form, out: BinaryIO) -> int:
    """Write all rows; gives their number. Text is UTF-8, instants are in UTC.

    Raises:
        QueryError: if the query fails half-way; what is in `out` is of no use then.
    """
    match form:
        case Form.PARQUET:
            return _write_parquet(answer, out)
        case Form.CSV:
            return _write_csv(answer, out)
        case Form.NDJSON:
            return _write_ndjson(answer, out)


def as_text(value: object) -> str:
    """A value as a person reads it; nothing is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return _moment(value)
        case list() | dict() | tuple():
            return json.dumps(value, default=as_text, ensure_ascii=False)
        case bytes():
            return value.hex()
        case _:
            return str(value)


def _write_parquet(answer: Answer, out: BinaryIO) -> int:
    count = 0
    with ParquetWriter(out, answer.schema, compression="zstd") as writer:
        for batch in answer.batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _write_csv(answer: Answer, out: BinaryIO) -> int:
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.schema.names)
    count = 0
    for batch in answer.batches:
        writer.writerows(
            zip(*([_cell(value) for value in column.to_pylist()] for column in batch.columns), strict=True)
        )
        count += batch.num_rows
    text.flush()
    text.detach()
    return count


def _write_ndjson(answer: Answer, out: BinaryIO) -> int:
    count = 0
    for batch in answer.batches:
        count += batch.num_rows
        lines = (json.dumps(row, default=_as_json, ensure_ascii=False) for row in batch.to_pylist())
        out.writelines(f"{line}\n".encode() for line in lines)
    return count


def _as_json(value: object) -> object:
    """Sums of whole numbers are decimals to Arrow."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return as_text(value)


def _cell(value: object) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it: people name sessions."""
    text = as_text(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_MARKS) else text


def _moment(value: datetime) -> str:
    return value.isoformat() if value.tzinfo is None else format_instant(value.astimezone(UTC))
