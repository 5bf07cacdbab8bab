"""The page that gives a platform's room, in which people were and that no event has, to one; and takes it back."""

from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, Field

from schemas.envelope import Identifier
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import read_form
from services.chassis.problems import Problem
from services.registration.application.room_claims import RoomClaims, holds
from services.registration.domain.agenda import Conference
from services.registration.domain.errors import InvalidValueError
from services.registration.domain.event import EventStatus
from services.registration.domain.instants import of_our_times
from services.registration.web.answers import see
from services.registration.web.event_form import sentence_of
from services.registration.web.use_cases import use_cases

HERE: Final = "/rooms/claim"
_EDITABLE: Final = (EventStatus.DRAFT, EventStatus.PUBLISHED)


class RoomQuery(BaseModel):
    """Which room, and when somebody was in it: the events nearest to that are shown.

    `done` is what was done just before, with the event `of`.
    """

    source: Identifier
    room: Annotated[str, Field(min_length=1, max_length=500)]
    seen_at: AwareDatetime | None = None
    done: Literal["claimed", "released"] | None = None
    of: Identifier | None = None

    def conference(self) -> Conference:
        """The room."""
        return Conference(source=self.source, room=self.room)


class ClaimForm(BaseModel):
    """Which event; `room_id` is a room of it that gets this conference, else there is one more room."""

    act: Literal["claim", "release"]
    event_id: Identifier
    room_id: Identifier | None = None


async def choose(request: web.Request) -> web.StreamResponse:
    """The events to choose from."""
    require(request)
    query = read_query(request, RoomQuery)
    claims, conference = RoomClaims(events=use_cases(request).events), query.conference()
    events = await claims.candidates(seen_at=_moment(request, query))
    return render(
        request,
        "room_claim.html",
        conference=conference,
        events=events,
        holding=[event.event_id for event in events if holds(event, conference)],
        done=query.done,
        of=next((event for event in events if event.event_id == query.of), None),
        editable=_EDITABLE,
    )


async def act(request: web.Request) -> web.StreamResponse:
    """Give the room to an event, or take it back; the page then says so."""
    require(request)
    query, form = read_query(request, RoomQuery), (await read_form(request, ClaimForm)).model
    if form is None:
        raise Problem(422, detail="Choose an event.")
    claims, conference = RoomClaims(events=use_cases(request).events), query.conference()
    try:
        if form.act == "claim":
            await claims.claim(form.event_id, conference, room_id=form.room_id)
            done = "claimed"
        else:
            await claims.release(form.event_id, conference)
            done = "released"
    except InvalidValueError as error:
        raise Problem(422, detail=sentence_of(error, texts_of(request))) from None
    shown = query.model_dump(mode="json", include={"source", "room", "seen_at"}, exclude_none=True)
    return see(f"{HERE}?{urlencode({**shown, 'done': done, 'of': form.event_id})}")


def add_room_claim_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(HERE, choose)
    app.router.add_post(HERE, act)


def _moment(request: web.Request, query: RoomQuery) -> datetime:
    now = use_cases(request).events.clock()
    return query.seen_at if query.seen_at is not None and of_our_times(query.seen_at) else now
