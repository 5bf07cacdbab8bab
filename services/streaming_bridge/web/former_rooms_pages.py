"""The page of rooms that an event had and has no more: what still counts of them, and taking it back."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Identifier
from services.chassis.access import require
from services.chassis.clock import Clock
from services.chassis.http import read_query
from services.chassis.pages import render
from services.chassis.pages.forms import read_form
from services.chassis.problems import Problem
from services.streaming_bridge.adapters.former_rooms import SqlFormerRooms
from services.streaming_bridge.application.meetings import Meetings
from services.streaming_bridge.web.former_rooms_api import TakeRoomBackBody, take_back_noted
from services.streaming_bridge.web.meetings_api import known_event

_PATH: Final = "/events/{event_id}/meetings/former"


class FormerRoomsQuery(BaseModel):
    """What was done just before: how many arrivals and departures of which room were taken back, and where they are."""

    taken_back: Annotated[int, Field(ge=0)] | None = None
    source: Identifier | None = None
    room: Annotated[str, Field(max_length=500)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerRoomsPages:
    """The page, with what is behind it."""

    meetings: Meetings
    former: SqlFormerRooms
    clock: Clock

    def route(self, app: web.Application) -> None:
        """Route it, and its button."""
        app.router.add_get(_PATH, self.show)
        app.router.add_post(_PATH, self.take_back)

    async def show(self, request: web.Request) -> web.Response:
        """The rooms, each with how much counts here, and where it would count."""
        grant = require(request, event_id=request.match_info["event_id"])
        event, query = await known_event(request, self.meetings), read_query(request, FormerRoomsQuery)
        rooms = await self.former.of_event(event.event_id)
        return render(
            request,
            "former_rooms.html",
            event=event,
            rooms=rooms,
            query=query,
            gives_rooms=grant.reach is None,
        )

    async def take_back(self, request: web.Request) -> web.Response:
        """Take back what a room counted here; it is for who organizes everything, since another event gets it."""
        require(request)
        event, form = await known_event(request, self.meetings), (await read_form(request, TakeRoomBackBody)).model
        if form is None:
            raise Problem(422, detail="Choose a room.")
        count = await take_back_noted(request, self.former, form.source, form.room, now=self.clock())
        done = urlencode({"taken_back": count, "source": form.source, "room": form.room})
        raise web.HTTPSeeOther(f"{_PATH.format(event_id=event.event_id)}?{done}")
