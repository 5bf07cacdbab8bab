"""Attendance sheets as files: PDF, and tables with what a program needs to go on with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from services.chassis.pages import language_of, texts_of
from services.chassis.pages.downloads import file_name, table_file
from services.chassis.pages.formats import format_date
from services.chassis.pages.languages import mark
from services.chassis.problems import conflict, not_found
from services.chassis.spreadsheets import Cell
from services.registration.application.sheets import (
    MOST_LINES,
    NoSuchSheetError,
    SheetQuery,
    SheetSet,
    TooManyLinesError,
)
from services.registration.domain.agenda import seen_in
from services.registration.domain.attendance_sheets import Connection, Moment, Sheet, SheetRow, Standing
from services.registration.domain.event import Event
from services.registration.domain.half_days import DayPart
from services.registration.domain.seats import Mode
from services.registration.domain.signatures import Way
from services.registration.web.use_cases import use_cases

PDF_TYPE: Final = "application/pdf"
_COLUMNS: Final = {
    "slot": mark("Half-day or session"),
    "starts_at": mark("Start"),
    "ends_at": mark("End"),
    "name": mark("Name"),
    "mode": mark("Mode"),
    "standing": mark("Present or absent"),
    "walk_in": mark("Registered at the door"),
    "headcount": mark("Number of people"),
    "arrival": mark("Arrival"),
    "arrival_gate": mark("Gate of the arrival"),
    "arrival_inferred": mark("Arrival inferred"),
    "departure": mark("Departure"),
    "departure_gate": mark("Gate of the departure"),
    "departure_inferred": mark("Departure inferred"),
    "connections": mark("Remote connections"),
    "seconds_in_person": mark("Seconds in person"),
    "seconds_remote": mark("Seconds remotely"),
    "seconds": mark("Seconds in all"),
    "seconds_inferred": mark("Seconds inferred"),
    "signed": mark("Signature"),
    "signed_at": mark("Signed on"),
    "participant_id": "participant_id",
}
"""The columns as programs know them, each with its heading for people."""
_WORDS: Final = {
    Mode.IN_PERSON: mark("In person"),
    Mode.REMOTE: mark("Remotely"),
    Standing.PRESENT: mark("present"),
    Standing.EXPECTED: mark("expected"),
    Standing.ABSENT: mark("absent"),
    Standing.CANCELLED: mark("cancelled"),
    Way.DRAWN: mark("drawn"),
    Way.CONFIRMED: mark("confirmed by keyboard"),
    Way.ATTESTED: mark("attested by the personal link"),
}


async def sheet_file(request: web.Request, query: SheetQuery, kind: str, *, for_people: bool) -> web.Response:
    """The sheets as `pdf`, `csv` or `xlsx`; `for_people` with headings in their language.

    Raises:
        Problem: 404 if there is no such half-day or session, 409 if it is too much for one file.
    """
    sheets_of = use_cases(request).proofs.sheets
    try:
        if kind != "pdf":
            return await _table(request, await sheets_of.take_along(query), query, kind, for_people=for_people)
        event, pdf = await sheets_of.print(query, language_of(request))
    except TooManyLinesError as error:
        raise conflict(
            f"These sheets have {error.lines} lines, and a file at most {MOST_LINES}: take half-days one by one.",
            reason="too_many_lines",
        ) from None
    except NoSuchSheetError:
        raise not_found("This event has no half-day or session of this name.") from None
    name = file_name("attendance sheet", event.title, query.slot_id or "", kind="pdf")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(body=pdf, content_type=PDF_TYPE, headers=headers)


async def _table(
    request: web.Request, sheets: SheetSet, query: SheetQuery, kind: str, *, for_people: bool
) -> web.Response:
    texts = texts_of(request)
    lines = _Lines(event=sheets.event, gettext=texts.gettext, language=language_of(request), for_people=for_people)
    headings = [texts.gettext(heading) if for_people else name for name, heading in _COLUMNS.items()]
    rows = [lines.of(sheet, row) for sheet in sheets.sheets for row in sheet.rows]
    name = file_name("attendance sheet", sheets.event.title, query.slot_id or "", kind=kind)
    return await table_file(request, headings, rows, name=name, sheet="attendance", for_people=for_people)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """Lines of a table; for people in words of their language, for programs as the API has it."""

    event: Event
    gettext: Callable[[str], str]
    language: str
    for_people: bool

    def of(self, sheet: Sheet, row: SheetRow) -> Sequence[Cell]:
        slot, visit, signed, time = sheet.slot, row.visit, row.signature, row.time
        return [
            self._slot(sheet),
            self._local(slot.starts_at),
            self._local(slot.ends_at),
            row.name,
            self._word(row.mode),
            self._word(row.standing),
            self._truth(row.walk_in),
            row.headcount,
            *self._moment(visit.came if visit else None),
            *self._moment(visit.left if visit else None),
            "; ".join(self._connection(each) for each in row.connections),
            *(time.in_person, time.remote, time.total, time.inferred),
            self._word(signed.way) if signed else None,
            self._local(signed.at) if signed else None,
            row.participant_id,
        ]

    def _word(self, value: Mode | Standing | Way) -> str:
        return self.gettext(_WORDS[value]) if self.for_people else value.value

    def _truth(self, true: bool) -> bool | str:  # noqa: FBT001  (it is what it words)
        words = mark("yes") if true else mark("no")
        return self.gettext(words) if self.for_people else true

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(ZoneInfo(self.event.timezone))

    def _slot(self, sheet: Sheet) -> str | None:
        slot, half = sheet.slot, sheet.slot.half
        if slot.session:
            return slot.session.title
        if half is None or not self.for_people:
            return slot.slot_id
        words = mark("%(day)s, morning") if half.part is DayPart.MORNING else mark("%(day)s, afternoon")
        return self.gettext(words) % {"day": format_date(half.day, language=self.language)}

    def _moment(self, moment: Moment | None) -> tuple[datetime | None, str | None, bool | str | None]:
        if moment is None:
            return None, None, None
        return self._local(moment.at), moment.gate, self._truth(moment.inferred)

    def _connection(self, each: Connection) -> str:
        """An interval as ISO 8601 has it, and where: `2026-11-24T09:02:10+01:00/2026-11-24T12:00:00+01:00 …`."""
        start = self._local(each.start).isoformat(timespec="seconds")
        end = ".." if each.end is None else self._local(each.end).isoformat(timespec="seconds")
        where = seen_in(self.event.rooms, each.via) if self.for_people else each.via
        inferred = self.gettext(mark("inferred")) if self.for_people else "inferred"
        return f"{start}/{end} {where}{f' ({inferred})' if each.inferred else ''}"
