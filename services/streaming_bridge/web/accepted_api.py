"""The API of what was accepted of reports: read it, and take it back."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Instant
from services.chassis.access import Role
from services.chassis.http import read_json, read_query
from services.chassis.noted_acts import NotedAct
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, decode_cursor, page_of
from services.streaming_bridge.application.reconciling import Reconciling
from services.streaming_bridge.application.report_ports import AcceptedStay
from services.streaming_bridge.web.noting import note_first

_ALL: Final = "/api/v1/events/{event_id}/reconciliation/accepted"


class AcceptedStayView(BaseModel):
    """A stay that counts since it was accepted; `name` is what whoever it is about is called, where that is known."""

    stay_id: str
    source: str
    room: str
    subject: str
    name: str | None
    start: Instant
    end: Instant
    accepted_at: Instant

    @classmethod
    def of(cls, stay: AcceptedStay, name: str | None) -> "AcceptedStayView":
        """A stay."""
        return cls(
            stay_id=stay.stay_id,
            source=stay.source,
            room=stay.room,
            subject=stay.subject,
            name=name,
            start=stay.start,
            end=stay.end,
            accepted_at=stay.accepted_at,
        )


class TakeBackBody(BaseModel):
    """Which stays, by `stay_id`."""

    stays: Annotated[list[str], Field(min_length=1, max_length=500)]


class TakenBackView(BaseModel):
    """How many stays count no more by it."""

    taken_back: int


def add_accepted_operations(api: Api, reconciling: Reconciling) -> None:
    """Add them, for organizers; before the operations on single reports."""

    @api.route(
        "GET",
        _ALL,
        summary="List what was accepted of reports",
        roles=[Role.ORGANIZER],
        query=PageQuery,
        answers={200: Page[AcceptedStayView]},
        problems=(503,),
    )
    async def list_accepted(request: web.Request) -> web.StreamResponse:
        """The latest accepted first; what was taken back is not among it."""
        event_id, query = request.match_info["event_id"], read_query(request, PageQuery)
        before = None if query.after is None else int(decode_cursor(query.after, int)[0])
        found, names = await reconciling.latest_accepted(event_id, limit=query.limit + 1, before=before)
        stays, following = page_of(found, limit=query.limit, key=lambda stay: (stay.position,))
        items = [AcceptedStayView.of(stay, names.get(stay.subject)) for stay in stays]
        return web.json_response(text=Page[AcceptedStayView](items=items, next=following).model_dump_json())

    @api.route(
        "POST",
        f"{_ALL}/take-back",
        summary="Take back what was accepted of reports",
        roles=[Role.ORGANIZER],
        body=TakeBackBody,
        answers={200: TakenBackView},
        problems=(503,),
    )
    async def take_accepted_back(request: web.Request) -> web.StreamResponse:
        """It is as if it had never been accepted, and may be accepted again; again, it changes nothing."""
        event_id, body = request.match_info["event_id"], await read_json(request, TakeBackBody)
        count = await reconciling.take_back(
            event_id,
            body.stays,
            noted=lambda: note_first(request, NotedAct.REPORT_TAKEN_BACK, event_id=event_id, subject=event_id),
        )
        return web.json_response(text=TakenBackView(taken_back=count).model_dump_json())
