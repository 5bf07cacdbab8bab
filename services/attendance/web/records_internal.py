"""What registration asks for the documents it issues: how much people attended, and proofs of the facts behind it."""

import asyncio
from datetime import datetime
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Identifier, Instant
from services.attendance.application.attendance_records import FEW, AttendanceRecords
from services.attendance.application.reading import UnknownEventError
from services.attendance.settings import AttendanceSettings
from services.attendance.web.moments import CLOCK, known_moment
from services.attendance.web.record_answers import proofs, records
from services.chassis.access import require_internal
from services.chassis.http import read_json
from services.chassis.problems import not_found

RECORDS: Final = web.AppKey("records", AttendanceRecords)
MOST_PEOPLE: Final = 2000


class RecordsBody(BaseModel):
    """Of which event, and of whom: of all, page by page, if nobody is named. What is known now, without `as_of`."""

    event_id: Identifier
    participant_ids: Annotated[list[Identifier], Field(max_length=MOST_PEOPLE)] | None = None
    as_of: Instant | None = None
    after: Identifier | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_PEOPLE)] = 500


class ProofsBody(BaseModel):
    """Of which event and of whom: of one, or of several, each apart; of the event itself, without anybody.

    What is known now, without `as_of`.
    """

    event_id: Identifier
    participant_id: Identifier | None = None
    participant_ids: Annotated[list[Identifier], Field(max_length=FEW)] | None = None
    as_of: Instant | None = None


def add_records_internal(app: web.Application, settings: AttendanceSettings) -> None:
    """Route it: `POST /internal/attendance-records` and `POST /internal/evidence-proofs`."""

    async def attendance_records(request: web.Request) -> web.Response:
        require_internal(request, settings)
        asked = await read_json(request, RecordsBody)
        try:
            found = await request.app[RECORDS].of(
                asked.event_id,
                as_of=_moment(request, asked.as_of),
                subjects=asked.participant_ids,
                after=asked.after or "",
                limit=asked.limit,
            )
        except UnknownEventError:
            raise not_found("There is no such event.") from None
        # Thousands of people take a moment to write, in which this process has others to answer.
        return web.json_response(text=await asyncio.to_thread(lambda: records(found).model_dump_json()))

    async def evidence_proofs(request: web.Request) -> web.Response:
        require_internal(request, settings)
        asked = await read_json(request, ProofsBody)
        one = asked.participant_id or ""
        several = asked.participant_ids
        try:
            evidence, found = await request.app[RECORDS].proofs(
                asked.event_id, as_of=_moment(request, asked.as_of), subjects=[one] if several is None else several
            )
        except UnknownEventError:
            raise not_found("There is no such event.") from None
        told = proofs(evidence, found.get(one, ()), people={} if several is None else found)
        return web.json_response(text=told.model_dump_json())

    app.router.add_post("/internal/attendance-records", attendance_records)
    app.router.add_post("/internal/evidence-proofs", evidence_proofs)


def _moment(request: web.Request, as_of: datetime | None) -> datetime:
    return request.app[CLOCK]() if as_of is None else known_moment(request, as_of)
