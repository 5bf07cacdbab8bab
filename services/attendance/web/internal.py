"""What only the other services of the deployment may ask: all that attendance knows of one participant."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Identifier, Instant
from services.attendance.adapters.timeline import Filter
from services.attendance.application.reading import UnknownPersonError
from services.attendance.settings import AttendanceSettings
from services.attendance.web.answers import PersonItem, TimelineItem, horizon_of, person_item, timeline_item
from services.attendance.web.api import READING, TIMELINE
from services.chassis.access import require_internal
from services.chassis.http import read_json

MOST_FACTS: Final = 5000


class ParticipantBody(BaseModel):
    """Whom it is about."""

    event_id: Identifier
    participant_id: Identifier


class AllOfParticipant(BaseModel):
    """Their presence, null if no fact is known of them yet, and the facts behind it, the earliest first.

    What they did as a guest, before somebody knew who they were, is theirs too.
    """

    presence: PersonItem | None
    horizon: Instant | None
    facts: list[TimelineItem]
    more_facts: Annotated[bool, Field(description="Whether there are facts beyond those.")]


def add_internal(app: web.Application, settings: AttendanceSettings) -> None:
    """Route it: `POST /internal/participant {event_id, participant_id}`."""

    async def all_of_participant(request: web.Request) -> web.Response:
        require_internal(request, settings)
        asked = await read_json(request, ParticipantBody)
        return web.json_response(text=(await _known_of(request.app, asked)).model_dump_json())

    app.router.add_post("/internal/participant", all_of_participant)


async def _known_of(app: web.Application, asked: ParticipantBody) -> AllOfParticipant:
    timeline, whose = app[TIMELINE], asked.participant_id
    try:
        report = await app[READING].person(asked.event_id, whose)
    except UnknownPersonError:
        return AllOfParticipant(presence=None, horizon=None, facts=[], more_facts=False)
    known_as = frozenset({whose, *await timeline.guests_of(asked.event_id, whose)})
    entries = await timeline.forward(asked.event_id, after=None, limit=MOST_FACTS + 1, wanted=Filter(subjects=known_as))
    return AllOfParticipant(
        presence=person_item(report.standings[0], horizon=report.horizon),
        horizon=horizon_of(report),
        facts=[timeline_item(entry) for entry in entries[:MOST_FACTS]],
        more_facts=len(entries) > MOST_FACTS,
    )
