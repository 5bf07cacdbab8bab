"""The timeline of an event, and what changed in it, written out for people and for other programs."""

import io
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO, Final, TextIO, TypeAlias

from rich.console import Console
from rich.table import Table

from schemas.envelope import format_instant
from services.attendance.adapters.timeline import Filter, SqlTimeline
from services.attendance.application.changes import Changes
from services.attendance.application.reading import UnknownEventError
from services.attendance.application.timeline_files import COLUMNS, Columns, Kind, write_csv, write_parquet, write_xlsx
from services.attendance.application.timeline_items import change_of, item_of
from services.attendance.domain.reading import Entry

_PAGE: Final = 1000
_PIPE_WIDTH: Final = 240
"""A pipe has no width: whole lines then, for grep."""
_MODES: Final = ("in_person", "remote", "both", "total")
_OF_FACT: Final = ("time", "recorded_time", "type", "source", "mode", "room", "gate")

Item: TypeAlias = Mapping[str, Any]

CHANGE_COLUMNS: Final[Columns] = {
    "participant_id": Kind.TEXT,
    "guest_id": Kind.TEXT,
    "cause": Kind.TEXT,
    "fact_id": Kind.TEXT,
    **{name: COLUMNS[name] for name in _OF_FACT},
    **{f"seconds_{mode}_{side}": Kind.NUMBER for side in ("before", "after") for mode in _MODES},
}


class Format(StrEnum):
    """How a timeline is written."""

    TABLE = "table"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """How items are written: `rows` spreads one over rows of `columns`; `line` is a row for a terminal, if any."""

    name: str
    columns: Columns
    rows: Callable[[Item], Iterable[Item]]
    heads: Sequence[str] = ()
    line: Callable[[Item], Sequence[str]] = lambda _: ()


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
    items = (item_of(entry) async for entry in _all(timeline, event_id, as_of))
    return await write_items(items, _TIMELINE, form, out)


async def write_changes(
    timeline: SqlTimeline, event_id: str, *, earlier: datetime, later: datetime, form: Format, out: BinaryIO
) -> int:
    """Write whose seconds differ between what was known at two instants, and the facts that made it so.

    `ndjson` has the items of the changes API, a person a line; the others have a line for each of a person's facts.
    Gives the number of lines.

    Raises:
        UnknownEventError: if no fact tells of such an event; nothing is written then.
        TooManyEntriesError: if a sheet cannot hold them all; what is in `out` is of no use then.
    """
    if await timeline.event(event_id) is None:
        raise UnknownEventError(event_id)
    changed = Changes(timeline).between(event_id, earlier=earlier, later=later)
    return await write_items((change_of(explained) async for explained in changed), _CHANGES, form, out)


async def _all(timeline: SqlTimeline, event_id: str, as_of: datetime | None) -> AsyncIterator[Entry]:
    after = None
    while True:
        page = await timeline.forward(event_id, after=after, limit=_PAGE, wanted=Filter(as_of=as_of))
        for entry in page:
            yield entry
        if len(page) < _PAGE:
            return
        after = (page[-1].time, page[-1].id)


async def write_items(items: AsyncIterator[Item], sheet: Sheet, form: Format, out: BinaryIO) -> int:
    """Write items in one format: as they are to `ndjson`, in rows to the others. Gives the number of lines.

    Raises:
        TooManyEntriesError: if a sheet cannot hold them all; what is in `out` is of no use then.
    """
    rows = (row async for item in items for row in sheet.rows(item))
    if form is Format.XLSX:
        return await write_xlsx(rows, out, sheet.columns, name=sheet.name)
    if form is Format.PARQUET:
        return await write_parquet(rows, out, sheet.columns)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    try:
        if form is Format.NDJSON:
            return await _write_ndjson(items, text)
        if form is Format.CSV:
            return await write_csv(rows, text, sheet.columns)
        return await _write_table(rows, sheet, text)
    finally:
        text.detach()  # flushed, and left open for whoever opened it


async def _write_ndjson(items: AsyncIterator[Item], out: TextIO) -> int:
    count = 0
    async for item in items:
        out.write(json.dumps(item, ensure_ascii=False, separators=(",", ":"), default=format_instant) + "\n")
        count += 1
    return count


async def _write_table(rows: AsyncIterator[Item], sheet: Sheet, out: TextIO) -> int:
    table = Table(*sheet.heads, box=None, pad_edge=False, header_style="bold")
    count = 0
    async for row in rows:
        table.add_row(*sheet.line(row))
        count += 1
    Console(file=out, width=None if out.isatty() else _PIPE_WIDTH, highlight=False, markup=False).print(table)
    return count


def _timeline_rows(item: Item) -> Iterable[Item]:
    """One, with what is within the item spread over columns."""
    presence = item["presence"] or {"status": None, "seconds": {}}
    ends = item["ends"] or {}
    yield {
        **item,
        "status": presence["status"],
        **{f"seconds_{mode}": length for mode, length in presence["seconds"].items()},
        "ends_reason": ends.get("reason"),
        "ends_start": ends.get("start"),
        "ends_facts": " ".join(ends["facts"]) if ends else None,
    }


def _timeline_line(row: Item) -> Sequence[str]:
    return (
        format_instant(row["time"]),
        _who(row),
        f"{_short(row['type'])}{_remark(row)}",
        row["gate"] or row["room"] or "",
        row["status"] or "",
    )


def _remark(row: Item) -> str:
    """What needs said of an entry that does not count, or did not at first, or that nobody saw."""
    if row["withdrawn_at"] is not None:
        return f" (withdrawn {format_instant(row['withdrawn_at'])})"
    if row["suspect_time"] is not None:
        return f" ({row['suspect_time']}: {'accepted' if row['accepted'] else 'left out'})"
    return "" if row["inferred"] is None else f" (inferred: {row['inferred']})"


def _change_rows(item: Item) -> Iterable[Item]:
    """One for each step, or one for all that was too much to tell."""
    whose = {"participant_id": item["participant_id"], "guest_id": item["guest_id"]}
    if not item["steps"]:
        yield {**whose, "cause": "unweighed", **_sides(item)}
    for step in item["steps"]:
        fact = step["fact"]
        told = {name: fact[name] for name in _OF_FACT}
        yield {**whose, "cause": step["cause"], "fact_id": fact["id"], **told, **_sides(step)}


def _sides(compared: Item) -> Item:
    return {f"seconds_{mode}_{side}": compared[side][mode] for side in ("before", "after") for mode in _MODES}


def _change_line(row: Item) -> Sequence[str]:
    recorded = row.get("recorded_time")
    what = "too many facts to tell" if recorded is None else _short(row["type"])
    return (
        _who(row),
        "" if recorded is None else format_instant(recorded),
        f"counted on to {what}" if row["cause"] == "horizon" else what,
        row.get("gate") or row.get("room") or "",
        _clock(row["seconds_total_before"]),
        _clock(row["seconds_total_after"]),
    )


def _who(row: Item) -> str:
    return row["participant_id"] or row["guest_id"] or ""


def _short(kind: str) -> str:
    return kind.removeprefix("passerelle.").removesuffix(".v1")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


_TIMELINE: Final = Sheet(
    name="timeline",
    columns=COLUMNS,
    rows=_timeline_rows,
    heads=("Time (UTC)", "Who", "What", "Where", "Now"),
    line=_timeline_line,
)
_CHANGES: Final = Sheet(
    name="changes",
    columns=CHANGE_COLUMNS,
    rows=_change_rows,
    heads=("Who", "Recorded (UTC)", "What", "Where", "Before", "After"),
    line=_change_line,
)
