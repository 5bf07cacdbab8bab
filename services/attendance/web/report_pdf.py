"""The report of an event as PDF/UA-1: tables alone, and the report itself attached, as the API answers it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from services.attendance.web.report_answers import EventReportAnswer
from services.attendance.web.report_gathering import QUARTER_SECONDS, gathered
from services.attendance.web.report_parts import tables
from services.attendance.web.report_tables import SECONDS, TIMES, Column, Line, ReportTable, Tongue, state_of
from services.chassis.pages.formats import format_datetime
from services.chassis.pages.languages import mark
from services.chassis.printing import print_pdf
from services.chassis.spreadsheets import Cell

ATTACHMENT: Final = "passerelle-report.json"
_TEMPLATE: Final = Path(__file__).parent / "report.typ"
_MOST_LINES: Final = 60
_OF_PARTS: Final = (0, 1, 2, 3, 7, 8, 9)
"""The columns of half-days and sessions that fit a page; the other files have all."""


def report_pdf(report: EventReportAnswer, tongue: Tongue) -> bytes:
    """Print it. Safe in a thread; the same report in the same language gives the same bytes."""
    event, gettext = report.event, tongue.gettext
    quarters, every = gathered(report.quarter_hours, most=_MOST_LINES)
    found = tables(report.model_copy(update={"quarter_hours": quarters}), tongue)
    printed = [_part(table, tongue, every) for table in [*found[1:], found[0]] if table.lines]
    known_at = tongue.moment(report.as_of)
    words = {
        "title": gettext(mark("Report: %(event)s")) % {"event": event.title},
        "language": tongue.language,
        "banner": state_of(report, tongue),
        "when": " – ".join(
            format_datetime(at, timezone=event.timezone, language=tongue.language)
            for at in (event.starts_at, event.ends_at)
        ),
        "footer": gettext(mark("As known at %(moment)s")) % {"moment": known_at},
        "parts": printed,
    }
    return print_pdf(
        _TEMPLATE, words, stamped_at=report.as_of, attachments={ATTACHMENT: report.model_dump_json().encode()}
    )


def _part(table: ReportTable, tongue: Tongue, every: int) -> dict[str, object]:
    columns = _OF_PARTS if table.key in {"half_days", "sessions"} else range(len(table.columns))
    lines = table.lines[::2] if table.key.startswith("retention") else table.lines
    return {
        "title": table.title,
        "note": _note(table, tongue, every),
        "head": [table.first, *(_heading(table.columns[number]) for number in columns)],
        "rows": [[line.label, *_cells(line, table.columns, columns, tongue)] for line in lines],
    }


def _note(table: ReportTable, tongue: Tongue, every: int) -> str | None:
    if table.key == "quarters" and every > 1:
        words = tongue.gettext(mark("Gathered by %(length)s; the files have each quarter of an hour."))
        return words % {"length": tongue.length(QUARTER_SECONDS * every)}
    if table.key == "shared":
        return tongue.gettext(
            mark(
                "A venue behind one connection. It is counted here alone: "
                "how many people were behind it is only attested."
            )
        )
    return None


def _heading(column: Column) -> str:
    said = column.unit in {SECONDS, TIMES} or column.mode in {"", column.word}
    words = column.word if said else f"{column.word}, {column.mode}"
    return f"{words} (%)" if column.unit == "%" else words


def _cells(line: Line, columns: Sequence[Column], shown: Iterable[int], tongue: Tongue) -> list[str]:
    return [_words(line.cells[number], tongue, time=columns[number].is_time) for number in shown]


def _words(cell: Cell, tongue: Tongue, *, time: bool) -> str:
    match cell:
        case int() | float():
            return tongue.length(cell) if time else tongue.number(cell)
        case None:
            return "–"
        case _:
            return str(cell)
