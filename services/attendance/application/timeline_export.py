"""The timeline of an event, written out for people and for other programs."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO, Final, TextIO

from rich.console import Console
from rich.table import Table

from schemas.envelope import format_instant
from services.attendance.adapters.timeline import Filter, SqlTimeline
from services.attendance.application.reading import UnknownEventError
from services.attendance.application.timeline_files import COLUMNS, write_parquet, write_xlsx
from services.attendance.application.translation import instant
from services.attendance.domain.reading import Entry

_PAGE: Final = 1000


class Format(StrEnum):
    """How a timeline is written."""

    TABLE = "table"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


async def write_timeline(
    timeline: SqlTimeline, event_id: str, *, as_of: datetime | None, form: Format, out: BinaryIO
) -> int:
    """Write the entries recorded up to `as_of` to `out`, by (time, id); gives their number.

    `ndjson` has the items of the timeline API, a line each; `csv`, `xlsx` and `parquet` the same in columns; `table`
    is for a terminal. Text is UTF-8.

    Raises:
        UnknownEventError: if no fact tells of such an event; nothing is written then.
        TooManyEntriesError: if a sheet cannot hold them all; what is in `out` is of no use then.
    """
    if await timeline.event(event_id) is None:
        raise UnknownEventError(event_id)
    entries = _all(timeline, event_id, as_of)
    if form is Format.XLSX:
        return await write_xlsx(_typed_rows(entries), out)
    if form is Format.PARQUET:
        return await write_parquet(_typed_rows(entries), out)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    try:
        return await _write_text(entries, form, text)
    finally:
        text.detach()  # flushed, and left open for whoever opened it


async def _write_text(entries: AsyncIterator[Entry], form: Format, out: TextIO) -> int:
    if form is Format.NDJSON:
        return await _write_ndjson(entries, out)
    if form is Format.CSV:
        return await _write_csv(entries, out)
    return await _write_table(entries, out)


async def _all(timeline: SqlTimeline, event_id: str, as_of: datetime | None) -> AsyncIterator[Entry]:
    after = None
    while True:
        page = await timeline.forward(event_id, after=after, limit=_PAGE, wanted=Filter(as_of=as_of))
        for entry in page:
            yield entry
        if len(page) < _PAGE:
            return
        after = (page[-1].time, page[-1].id)


async def _write_ndjson(entries: AsyncIterator[Entry], out: TextIO) -> int:
    count = 0
    async for entry in entries:
        out.write(json.dumps(_item(entry), ensure_ascii=False, separators=(",", ":")) + "\n")
        count += 1
    return count


async def _write_csv(entries: AsyncIterator[Entry], out: TextIO) -> int:
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    count = 0
    async for entry in entries:
        writer.writerow(_row(entry))
        count += 1
    return count


async def _write_table(entries: AsyncIterator[Entry], out: TextIO) -> int:
    table = Table("Time (UTC)", "Who", "What", "Where", "Now", box=None, pad_edge=False, header_style="bold")
    count = 0
    async for entry in entries:
        item = _item(entry)
        table.add_row(
            item["time"],
            item["participant_id"] or item["guest_id"] or "",
            entry.type.removeprefix("passerelle.").removesuffix(".v1"),
            item["gate"] or item["room"] or "",
            "" if item["presence"] is None else item["presence"]["status"],
        )
        count += 1
    # A pipe has no width: whole lines then, for grep.
    Console(file=out, width=None if out.isatty() else 240, highlight=False).print(table)
    return count


def _item(entry: Entry) -> dict[str, Any]:
    """An entry as the timeline API answers it."""
    presence = None
    if entry.reached is not None:
        lengths = entry.reached.durations
        seconds = {mode: getattr(lengths, mode) / 1000 for mode in ("in_person", "remote", "both", "total")}
        presence = {"status": entry.reached.status.value, "seconds": seconds}
    return {
        "id": entry.id,
        "time": format_instant(instant(entry.time)),
        "recorded_time": format_instant(instant(entry.recorded)),
        "type": entry.type,
        "source": entry.source,
        "participant_id": entry.participant_id,
        "guest_id": None if entry.participant_id else entry.guest_id,
        "mode": entry.mode,
        "room": entry.told("room"),
        "gate": entry.told("gate"),
        "presence": presence,
    }


def _row(entry: Entry) -> dict[str, Any]:
    """The same, with presence spread over columns."""
    item = _item(entry)
    presence = item.pop("presence") or {"status": None, "seconds": {}}
    seconds = {f"seconds_{mode}": length for mode, length in presence["seconds"].items()}
    return {**item, "status": presence["status"], **seconds}


async def _typed_rows(entries: AsyncIterator[Entry]) -> AsyncIterator[dict[str, Any]]:
    async for entry in entries:
        yield {**_row(entry), "time": instant(entry.time), "recorded_time": instant(entry.recorded)}
