"""The evidence of an event: the root that anybody can compute again from its facts, and compare with a document's."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Instant
from services.attendance.adapters.tables import to_column
from services.attendance.application.translation import instant
from services.attendance.web.api import READERS, READING, TIMELINE, PastQuery, known_event
from services.attendance.web.moments import CLOCK, WhyEmpty, known_moment, why_empty
from services.chassis.http import read_query
from services.chassis.openapi import Api

evidence_api: Final = Api(tag="attendance")


class EventEvidence(BaseModel):
    """The facts of an event as known at `as_of`; `horizon` is the time of the latest sighting among them."""

    event_id: str
    as_of: Annotated[Instant, Field(description="The instant asked for, or that of the answer.")]
    horizon: Instant | None
    root: Annotated[str, Field(description="Of a Merkle tree (RFC 6962, SHA-256) over the facts by id; hexadecimal.")]
    facts: int
    why_empty: WhyEmpty | None = None


@evidence_api.route(
    "GET",
    "/api/v1/events/{event_id}/evidence",
    summary="The root of the evidence of an event",
    roles=READERS,
    query=PastQuery,
    answers={200: EventEvidence},
)
async def show_evidence(request: web.Request) -> web.Response:
    """Of all facts recorded up to the instant, a hash that changes with any of them."""
    query = read_query(request, PastQuery)
    as_of = request.app[CLOCK]() if query.as_of is None else known_moment(request, query.as_of)
    event_id = (await known_event(request)).event_id
    known, evidence = await request.app[READING].facts.evidence(event_id, as_of=to_column(as_of))
    horizon = await request.app[TIMELINE].horizon(event_id, as_of=as_of)
    first = await request.app[TIMELINE].first_recorded(event_id)
    body = EventEvidence(
        event_id=event_id,
        as_of=instant(known.as_of),
        horizon=None if horizon is None else instant(horizon),
        root=evidence.root,
        facts=evidence.facts,
        why_empty=why_empty(first, query.as_of),
    )
    return web.json_response(text=body.model_dump_json())
