"""The pages of reconciliation: bring a platform's report, see what is missing here, and accept it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final, Literal
from zoneinfo import available_timezones

from aiohttp import web
from pydantic import BaseModel, Field

from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.noted_acts import NotedAct
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.chassis.problems import not_found
from services.streaming_bridge.application.reconciling import Comparison, Reconciling
from services.streaming_bridge.domain.meetings import HeldEvent, RoomOfEvent
from services.streaming_bridge.domain.reconciliation import KnownBy, Row, RowState, Span, union
from services.streaming_bridge.domain.reports import LineTrouble, UnreadableReportError
from services.streaming_bridge.web.accepted_pages import AcceptedPages
from services.streaming_bridge.web.noting import note_first
from services.streaming_bridge.web.report_bringing import OTHER_ROOM, TROUBLES, OtherRoomError, bring_report

_PATH: Final = "/events/{event_id}/reconciliation"
_ROWS_A_PAGE: Final = 10
_SHOWN: Final = 10
"""Refused lines that are named."""
_DECIDABLE: Final = (RowState.MISSING, RowState.PARTLY)
_NO_FILE: Final = mark("Choose a file.")
_NO_ZONE: Final = mark("Choose a time zone such as Europe/Paris.")
REFUSALS: Final[Mapping[LineTrouble, str]] = {
    LineTrouble.NO_NAME: mark("no name"),
    LineTrouble.NO_TIMES: mark("the joining or the leaving is missing, or cannot be read"),
    LineTrouble.BACKWARDS: mark("left before joining"),
    LineTrouble.ANOTHER_DAY: mark("of another day than the event"),
    LineTrouble.WAITING_ROOM: mark("in the waiting room"),
}


class ReportForm(BaseModel):
    """Of which room it is, and the zone of its instants."""

    room_id: str = ""
    zone: Annotated[str, Field(max_length=100)]


class ComparisonQuery(BaseModel):
    """What is shown of a comparison; `accepted` is what was just done."""

    tolerance: Annotated[int, Field(ge=0, le=30)] = 2
    show: Literal["open", "all"] = "open"
    first: Annotated[int, Field(ge=0)] = 0
    accepted: Annotated[int, Field(ge=0)] | None = None


class AcceptForm(BaseModel):
    """Whose missing presence is accepted: some people, by their keys, and maybe all who are not known by an address."""

    tolerance: Annotated[int, Field(ge=0, le=30)] = 2
    key: list[str] = []
    everybody: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row as it is drawn: the name that the report gives, else ours; and who it is by an id or an address.

    Both names are shown: an address in a report may have been typed by anybody.
    """

    row: Row
    name: str | None
    whose: str | None
    reported: Sequence[Span]
    delivered: Sequence[Span]
    missing: float
    extra: float

    @classmethod
    def of(cls, row: Row, names: Mapping[str, str]) -> "ShownRow":
        """A row, with the names of who it may be about."""
        known_name = None if row.known is None else row.known.name
        identified = row.person if row.person is not None and row.person.known_by is not None else None
        return cls(
            row=row,
            name=row.person.name if row.person is not None else known_name,
            whose=None if identified is None else names.get(identified.subject),
            reported=() if row.person is None else union((stay.start, stay.end) for stay in row.person.stays),
            delivered=() if row.known is None else row.known.spans,
            missing=_seconds(row.missing),
            extra=_seconds(row.extra),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationPages:
    """The pages, with the use cases behind them."""

    reconciling: Reconciling

    def route(self, app: web.Application) -> None:
        """Route them."""
        one = f"{_PATH}/{{report_id}}"
        AcceptedPages(reconciling=self.reconciling).route(app)
        app.router.add_get(_PATH, self.new)
        app.router.add_post(_PATH, self.bring)
        app.router.add_get(one, self.show)
        app.router.add_get(f"{one}/accept", self.back)
        app.router.add_post(f"{one}/accept", self.accept)

    async def new(self, request: web.Request) -> web.Response:
        """An empty form."""
        event, rooms = await _own(request, self.reconciling)
        room_id = rooms[0].room_id if rooms else ""
        return _new(request, event, rooms, Form.empty(room_id=room_id, zone=event.timezone))

    async def bring(self, request: web.Request) -> web.Response:
        """Keep what a file says and lead to the comparison, or say what is wrong with it."""
        event, rooms = await _own(request, self.reconciling)
        form = await read_form(request, ReportForm)
        file, texts = (await request.post()).get("file"), texts_of(request)
        if not isinstance(file, web.FileField):
            form = form.with_error("file", texts.gettext(_NO_FILE))
        if form.value("zone") not in available_timezones():
            form = form.with_error("zone", texts.gettext(_NO_ZONE))
        if form.model is None or not isinstance(file, web.FileField):
            return _new(request, event, rooms, form)
        raw, zone, room_id = file.file.read(), form.model.zone, form.model.room_id
        try:
            report_id = await bring_report(self.reconciling, event, rooms, raw, zone=zone, room_id=room_id)
        except UnreadableReportError as error:
            return _new(request, event, rooms, form.with_error("file", texts.gettext(TROUBLES[error.trouble])))
        except OtherRoomError as error:
            sentence = texts.gettext(OTHER_ROOM) % {"theirs": error.theirs or "?"}
            return _new(request, event, rooms, form.with_error("file", sentence))
        raise web.HTTPSeeOther(f"{_PATH.format(event_id=event.event_id)}/{report_id}")

    async def show(self, request: web.Request) -> web.Response:
        """What is missing here, and what the report does not know."""
        await _own(request, self.reconciling)
        query = read_query(request, ComparisonQuery)
        comparison = await _compared(request, self.reconciling, query.tolerance)
        return _comparison(request, comparison, query)

    async def accept(self, request: web.Request) -> web.Response:
        """Ask whether it is meant; once it is, make facts of what is missing."""
        event, _ = await _own(request, self.reconciling)
        form = await read_form(request, AcceptForm)
        said = form.model or AcceptForm()
        here = f"{_PATH.format(event_id=event.event_id)}/{request.match_info['report_id']}"
        comparison = await _compared(request, self.reconciling, said.tolerance)
        chosen = [
            row
            for row in comparison.rows
            if row.state in _DECIDABLE
            and row.person is not None
            and ((said.everybody and _is_sure(row)) or row.person.key in said.key)
        ]
        if not chosen:
            raise web.HTTPSeeOther(f"{here}?tolerance={said.tolerance}")
        if not said.confirmed:
            rows = [ShownRow.of(row, comparison.names) for row in chosen]
            return render(
                request, "reconciliation_confirm.html", comparison=comparison, event=event, rows=rows, said=said
            )
        keys = {row.person.key for row in chosen if row.person is not None}
        event_id, report_id = event.event_id, comparison.brought.report_id
        count = await self.reconciling.accept(
            event_id,
            report_id,
            keys,
            tolerance=timedelta(minutes=said.tolerance),
            noted=lambda: note_first(request, NotedAct.REPORT_ACCEPTED, event_id=event_id, subject=report_id),
        )
        raise web.HTTPSeeOther(f"{here}?tolerance={said.tolerance}&accepted={count}")

    async def back(self, request: web.Request) -> web.Response:
        """The address of a button, opened by a link."""
        raise web.HTTPSeeOther(request.path.removesuffix("/accept"))


async def _own(request: web.Request, reconciling: Reconciling) -> tuple[HeldEvent, Sequence[RoomOfEvent]]:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    event = await reconciling.events.event(event_id)
    if event is None:
        raise not_found("There is no such event.")
    return event, await reconciling.events.rooms(event_id)


async def _compared(request: web.Request, reconciling: Reconciling, tolerance: int) -> Comparison:
    match = request.match_info
    return await reconciling.compare(match["event_id"], match["report_id"], tolerance=timedelta(minutes=tolerance))


def _new(request: web.Request, event: HeldEvent, rooms: Sequence[RoomOfEvent], form: Form[ReportForm]) -> web.Response:
    status = 422 if form.errors else 200
    return render(request, "reconciliation.html", status=status, event=event, rooms=rooms, form=form)


def _comparison(request: web.Request, comparison: Comparison, query: ComparisonQuery) -> web.Response:
    counts = {state.value: 0 for state in RowState}
    for row in comparison.rows:
        counts[row.state.value] += 1
    undecided = [row for row in comparison.rows if row.state in _DECIDABLE]
    rows = [row for row in comparison.rows if query.show == "all" or row.state is not RowState.AGREES]
    shown = [ShownRow.of(row, comparison.names) for row in rows[query.first : query.first + _ROWS_A_PAGE]]
    following = query.first + _ROWS_A_PAGE
    refused = comparison.brought.report.refused
    return render(
        request,
        "reconciliation_report.html",
        event=comparison.event,
        comparison=comparison,
        query=query,
        counts=counts,
        undecided=len(undecided),
        sure=sum(_is_sure(row) for row in undecided),
        rows=shown,
        following=following if following < len(rows) else None,
        refused=sorted(refused.items())[:_SHOWN],
        refused_count=len(refused),
        refusals=REFUSALS,
    )


def _is_sure(row: Row) -> bool:
    """Whether it may be accepted unseen: guests may type any address at the platform, somebody else's too."""
    return row.known_by is not KnownBy.EMAIL


def _seconds(spans: Sequence[Span]) -> float:
    return sum(((end - start).total_seconds() for start, end in spans), 0.0)
