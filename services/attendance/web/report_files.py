"""The report of an event to take along: CSV, one row for each value; XLSX, a sheet for each part; PDF."""

import asyncio
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from services.attendance.web.api import COUNTERS, known_event
from services.attendance.web.known_at import asked_moment
from services.attendance.web.moments import refused
from services.attendance.web.report_answers import EventReportAnswer
from services.attendance.web.report_api import report_of
from services.attendance.web.report_parts import tables
from services.attendance.web.report_pdf import report_pdf
from services.attendance.web.report_tables import ReportTable, Tongue, state_of, tidy, unit_of
from services.chassis.access import require
from services.chassis.pages import language_of, texts_of
from services.chassis.pages.downloads import file_name
from services.chassis.pages.languages import mark
from services.chassis.spreadsheets import CSV_TYPE, XLSX_TYPE, Sheet, write_book, write_csv

PDF_TYPE: Final = "application/pdf"
_HEADINGS: Final = (mark("Part"), mark("What"), mark("Mode"), mark("Value"), mark("Unit"))


def add_report_files(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/events/{event_id}/report.{kind:csv|pdf|xlsx}", take_report)


async def take_report(request: web.Request) -> web.Response:
    """What the page shows of the same instant, all of it; the same bytes for the same instant, reader and language.

    Raises:
        Problem: 400 if `as_of` is no instant that has come.
    """
    require(request, *COUNTERS, event_id=request.match_info["event_id"])
    event = await known_event(request)
    known = asked_moment(request, request.query.get("as_of", ""), timezone=event.timezone)
    if known.error:
        raise refused("as_of", known.error)
    report = await report_of(request, known.moment)
    kind, tongue = request.match_info["kind"], tongue_of(request, report)
    if kind == "pdf":
        body = await asyncio.to_thread(report_pdf, report, tongue)
        return as_file(report, body, kind=kind, media=PDF_TYPE)
    found = tables(report, tongue)
    if kind == "csv":
        separator = ";" if tongue.language == "fr" else ","
        headings = [tongue.gettext(heading) for heading in _HEADINGS]
        body = await asyncio.to_thread(write_csv, headings, list(tidy(found, tongue)), separator=separator)
    else:
        body = await asyncio.to_thread(_book, report, found, tongue)
    return as_file(report, body, kind=kind, media=CSV_TYPE if kind == "csv" else XLSX_TYPE)


def tongue_of(request: web.Request, report: EventReportAnswer) -> Tongue:
    """How the report is worded for this reader."""
    return Tongue(language=language_of(request), timezone=report.event.timezone, gettext=texts_of(request).gettext)


def as_file(report: EventReportAnswer, body: bytes, *, kind: str, media: str) -> web.Response:
    """The answer that a browser keeps as a file."""
    day = str(report.event.starts_at.astimezone(ZoneInfo(report.event.timezone)).date())
    name = file_name("report", report.event.title, day, kind=kind)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(body=body, content_type=media, charset="utf-8" if media == CSV_TYPE else None, headers=headers)


def _book(report: EventReportAnswer, found: list[ReportTable], tongue: Tongue) -> bytes:
    heading = state_of(report, tongue) or ""
    sheets = [
        Sheet(
            name=f"{number} {table.title}",
            headings=[table.first, *(_heading(table, number, tongue) for number in range(len(table.columns)))],
            rows=[[line.label, *line.cells] for line in table.lines],
            heading=heading,
        )
        for number, table in enumerate(found, start=1)
    ]
    return write_book(sheets, title=report.event.title, created=report.as_of)


def _heading(table: ReportTable, number: int, tongue: Tongue) -> str:
    column = table.columns[number]
    words = column.word if column.mode in {"", column.word} else f"{column.word}, {column.mode}"
    return f"{words} ({unit_of(column, tongue)})" if column.unit else words
