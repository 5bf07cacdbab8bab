"""The API of reconciliation: bring a platform's report, read what differs, accept what is missing."""

from datetime import timedelta
from typing import Annotated, Final
from zoneinfo import available_timezones

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Instant
from services.chassis.access import Role
from services.chassis.http import read_json, read_query
from services.chassis.noted_acts import NotedAct
from services.chassis.openapi import Api
from services.chassis.problems import FieldError, bad_request, not_found
from services.streaming_bridge.application.reconciling import Comparison, Reconciling
from services.streaming_bridge.domain.reconciliation import KnownBy, Row, RowState, Span, union
from services.streaming_bridge.domain.reports import LineTrouble, UnreadableReportError
from services.streaming_bridge.web.accepted_api import add_accepted_operations
from services.streaming_bridge.web.noting import note_first
from services.streaming_bridge.web.report_bringing import OTHER_ROOM, TROUBLES, OtherRoomError, bring_report

_ALL: Final = "/api/v1/events/{event_id}/reconciliation"
_ONE: Final = f"{_ALL}/{{report_id}}"

Minutes = Annotated[int, Field(ge=0, le=30, description="What differs for less is not told.")]


class ReportQuery(BaseModel):
    """Of which room a report is that does not name its meeting, and the zone of instants that name none."""

    room_id: str = ""
    zone: str = "UTC"


class ToleranceQuery(BaseModel):
    """In minutes."""

    tolerance: Minutes = 2


class SpanView(BaseModel):
    """From when to when."""

    start: Instant
    end: Instant

    @classmethod
    def of(cls, spans: list[Span]) -> "list[SpanView]":
        """Some of them."""
        return [cls(start=start, end=end) for start, end in spans]


class RowView(BaseModel):
    """Somebody on both sides, or on one of them. `key` is what accepts them; `subject` is whom facts would be about."""

    key: str | None
    name: str | None
    subject: str | None
    state: RowState
    known_by: KnownBy | None
    reported: list[SpanView]
    delivered: list[SpanView]
    missing: list[SpanView]
    extra: list[SpanView]

    @classmethod
    def of(cls, row: Row) -> "RowView":
        """A row."""
        stays = row.person.stays if row.person is not None else ()
        return cls(
            key=row.person.key if row.person is not None else None,
            name=row.person.name if row.person is not None else row.known.name if row.known is not None else None,
            subject=row.person.subject if row.person is not None else None,
            state=row.state,
            known_by=row.known_by,
            reported=SpanView.of(union((stay.start, stay.end) for stay in stays)),
            delivered=SpanView.of(list(row.known.spans if row.known is not None else ())),
            missing=SpanView.of(list(row.missing)),
            extra=SpanView.of(list(row.extra)),
        )


class ComparisonView(BaseModel):
    """A report beside what was delivered; `refused` names the lines that say nothing."""

    report_id: str
    room_id: str
    zone: str
    lines: int
    within: int = Field(description="How many lines are while the event is held; few of them: a wrong time zone.")
    refused: dict[int, LineTrouble]
    rows: list[RowView]

    @classmethod
    def of(cls, comparison: Comparison) -> "ComparisonView":
        """A comparison."""
        brought = comparison.brought
        return cls(
            report_id=brought.report_id,
            room_id=brought.room_id,
            zone=brought.zone,
            lines=comparison.lines,
            within=comparison.within,
            refused=dict(brought.report.refused),
            rows=[RowView.of(row) for row in comparison.rows],
        )


class AcceptBody(BaseModel):
    """Whose missing presence is accepted, by `key`."""

    keys: Annotated[list[str], Field(min_length=1, max_length=10_000)]
    tolerance: Minutes = 2


class AcceptedView(BaseModel):
    """How many stays are new by it."""

    accepted: int


def reconciliation_api(reconciling: Reconciling) -> Api:
    """The operations on reports, for organizers."""
    api = Api(tag="reconciliation")
    organizer = [Role.ORGANIZER]
    add_accepted_operations(api, reconciling)

    @api.route(
        "POST",
        _ALL,
        summary="Bring a platform's report",
        roles=organizer,
        query=ReportQuery,
        answers={201: ComparisonView},
        problems=(400, 413, 503),
    )
    async def bring(request: web.Request) -> web.StreamResponse:
        """The body is the file: CSV, XLSX or JSON. It is kept, sealed, for a day; nothing counts by itself."""
        query, event = read_query(request, ReportQuery), await reconciling.events.event(request.match_info["event_id"])
        if event is None:
            raise not_found("There is no such event.")
        if query.zone not in available_timezones():
            wrong = FieldError(parameter="zone", detail="not a time zone such as Europe/Paris")
            raise bad_request("The query is not valid: see zone.", errors=[wrong])
        rooms, raw = await reconciling.events.rooms(event.event_id), await request.read()
        try:
            report_id = await bring_report(reconciling, event, rooms, raw, zone=query.zone, room_id=query.room_id)
        except UnreadableReportError as error:
            raise bad_request(TROUBLES[error.trouble]) from error
        except OtherRoomError as error:
            raise bad_request(OTHER_ROOM % {"theirs": error.theirs or "?"}) from error
        view = ComparisonView.of(await reconciling.compare(event.event_id, report_id))
        headers = {"Location": f"{request.path}/{report_id}"}
        return web.json_response(text=view.model_dump_json(), status=201, headers=headers)

    @api.route(
        "GET",
        _ONE,
        summary="Compare a report",
        roles=organizer,
        query=ToleranceQuery,
        answers={200: ComparisonView},
        problems=(503,),
    )
    async def compare(request: web.Request) -> web.StreamResponse:
        """Everybody of both sides once, whoever needs a decision first."""
        match, tolerance = request.match_info, timedelta(minutes=read_query(request, ToleranceQuery).tolerance)
        comparison = await reconciling.compare(match["event_id"], match["report_id"], tolerance=tolerance)
        return web.json_response(text=ComparisonView.of(comparison).model_dump_json())

    @api.route(
        "POST",
        f"{_ONE}/accept",
        summary="Accept what is missing",
        roles=organizer,
        body=AcceptBody,
        answers={200: AcceptedView},
        problems=(503,),
    )
    async def accept(request: web.Request) -> web.StreamResponse:
        """Again, it changes nothing."""
        match, body = request.match_info, await read_json(request, AcceptBody)
        event_id, report_id = match["event_id"], match["report_id"]
        count = await reconciling.accept(
            event_id,
            report_id,
            set(body.keys),
            tolerance=timedelta(minutes=body.tolerance),
            noted=lambda: note_first(request, NotedAct.REPORT_ACCEPTED, event_id=event_id, subject=report_id),
        )
        return web.json_response(text=AcceptedView(accepted=count).model_dump_json())

    return api
