"""What the inbox knows that others need: rooms that nobody claims, and what guests called themselves."""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Identifier, Instant
from services.chassis.access import Role, require_internal
from services.chassis.http import read_json, read_query
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, decode_cursor, page_of
from services.streaming_bridge.adapters.claims import SqlClaims
from services.streaming_bridge.adapters.guests import SqlGuests
from services.streaming_bridge.settings import BridgeSettings


class UnclaimedRoomView(BaseModel):
    """A room that a platform tells about and no event claims; an event that names it gets all its deliveries.

    `told` were told to an event that claimed it before, and stay there: they are not among `deliveries`.
    """

    source: str
    room: str
    deliveries: int
    told: int
    participants: int
    first_seen: Instant
    last_seen: Instant


class GuestIds(BaseModel):
    """The guests somebody draws a page about."""

    ids: Annotated[list[Identifier], Field(max_length=5000)]


class GuestNames(BaseModel):
    """Their names, by id; those who gave none are absent."""

    names: dict[str, str]


def rooms_api(claims: SqlClaims) -> Api:
    """The list of unclaimed rooms, for organizers."""
    api = Api(tag="rooms")

    @api.route(
        "GET",
        "/api/v1/unclaimed-rooms",
        summary="List the rooms that no event claims",
        roles=[Role.ORGANIZER],
        query=PageQuery,
        answers={200: Page[UnclaimedRoomView]},
        problems=(503,),
    )
    async def list_unclaimed_rooms(request: web.Request) -> web.StreamResponse:
        query = read_query(request, PageQuery)
        after = None
        if query.after is not None:
            source, key = decode_cursor(query.after, str, str)
            after = (str(source), str(key))
        found = await claims.unclaimed(after=after, limit=query.limit + 1)
        rows, following = page_of(found, limit=query.limit, key=lambda room: (room.source, room.room_key))
        items = [UnclaimedRoomView.model_validate(room, from_attributes=True) for room in rows]
        return web.json_response(text=Page[UnclaimedRoomView](items=items, next=following).model_dump_json())

    return api


def add_guest_names(app: web.Application, guests: SqlGuests, settings: BridgeSettings) -> None:
    """`POST /internal/guest-names {ids}` → `{names: {id: name}}`, for the other services alone."""

    async def guest_names(request: web.Request) -> web.StreamResponse:
        require_internal(request, settings)
        asked = await read_json(request, GuestIds)
        names = await guests.names(asked.ids)
        return web.json_response(text=GuestNames(names=names).model_dump_json())

    app.router.add_post("/internal/guest-names", guest_names)
