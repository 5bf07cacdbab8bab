"""The guests of an event, for registration: it knows who is registered, and draws the page that says who they are."""

from aiohttp import web
from pydantic import BaseModel

from schemas.envelope import Identifier, Instant
from services.chassis.access import require_internal
from services.chassis.http import read_json
from services.streaming_bridge.application.event_guests import EventGuests
from services.streaming_bridge.settings import BridgeSettings


class EventOfGuests(BaseModel):
    """The event whose guests are asked for."""

    event_id: Identifier


class SeenGuestView(BaseModel):
    """A guest, where they were, from when to when, and for how long."""

    guest_id: str
    name: str | None
    source: str
    room: str
    first_seen: Instant
    last_seen: Instant
    seconds: int
    here: bool


class SeenGuestsView(BaseModel):
    """All guests of an event, the first seen first."""

    guests: list[SeenGuestView]


def add_event_guests(app: web.Application, guests: EventGuests, settings: BridgeSettings) -> None:
    """`POST /internal/event-guests {event_id}` → `{guests: […]}`, for the other services alone."""

    async def event_guests(request: web.Request) -> web.StreamResponse:
        require_internal(request, settings)
        asked = await read_json(request, EventOfGuests)
        seen = await guests.of(asked.event_id)
        view = SeenGuestsView(guests=[SeenGuestView.model_validate(one, from_attributes=True) for one in seen])
        return web.json_response(text=view.model_dump_json())

    app.router.add_post("/internal/event-guests", event_guests)
