"""The API of what counts at an event of rooms that it has no more: read it, and take it back."""

from datetime import datetime
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Identifier, Instant
from services.chassis.access import Role, require
from services.chassis.clock import Clock
from services.chassis.http import read_json, read_query
from services.chassis.noted_acts import NotedAct
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, decode_cursor, page_of
from services.streaming_bridge.adapters.former_rooms import SqlFormerRooms
from services.streaming_bridge.domain.former_rooms import FormerRoom
from services.streaming_bridge.web.noting import note_first

_ALL: Final = "/api/v1/events/{event_id}/meetings/former-rooms"


class HeirView(BaseModel):
    """An event that has the room now, and what would count there."""

    event_id: str
    title: str | None
    movements: int


class FormerRoomView(BaseModel):
    """A room that the event had; `movements` are the arrivals and departures that still count there."""

    source: str
    room: str = Field(description="As the platform names it.")
    movements: int
    connections: int
    people: int
    participants: int = Field(description="Registered at this event, and so guests at another.")
    first: Instant
    last: Instant
    heirs: list[HeirView] = Field(description="Empty where no event has the room now.")

    @classmethod
    def of(cls, room: FormerRoom) -> "FormerRoomView":
        """The view of a room."""
        return cls(
            source=room.source,
            room=room.room,
            movements=room.movements,
            connections=room.connections,
            people=room.people,
            participants=room.participants,
            first=room.first,
            last=room.last,
            heirs=[HeirView(event_id=one.event_id, title=one.title, movements=one.movements) for one in room.heirs],
        )


class TakeRoomBackBody(BaseModel):
    """Which room, as the list names it."""

    source: Identifier
    room: Annotated[str, Field(min_length=1, max_length=500)]


class RoomTakenBackView(BaseModel):
    """How many arrivals and departures count there no more by it."""

    taken_back: int


def add_former_rooms_operations(api: Api, rooms: SqlFormerRooms, clock: Clock) -> None:
    """Add them; to take something back is for who organizes everything, since another event gets it."""

    @api.route(
        "GET",
        _ALL,
        summary="List what counts of rooms that the event has no more",
        roles=[Role.ORGANIZER],
        query=PageQuery,
        answers={200: Page[FormerRoomView]},
        problems=(503,),
    )
    async def list_former_rooms(request: web.Request) -> web.StreamResponse:
        """By source and room."""
        query = read_query(request, PageQuery)
        found = await rooms.of_event(request.match_info["event_id"])
        if query.after is not None:
            after = decode_cursor(query.after, str, str)
            found = [room for room in found if (room.source, room.room_key) > after]
        kept, following = page_of(
            found[: query.limit + 1], limit=query.limit, key=lambda room: (room.source, room.room_key)
        )
        items = [FormerRoomView.of(room) for room in kept]
        return web.json_response(text=Page[FormerRoomView](items=items, next=following).model_dump_json())

    @api.route(
        "POST",
        f"{_ALL}/take-back",
        summary="Take back what a room counted that the event has no more",
        roles=[Role.ORGANIZER],
        body=TakeRoomBackBody,
        answers={200: RoomTakenBackView},
        problems=(503,),
    )
    async def take_room_back(request: web.Request) -> web.StreamResponse:
        """It counts at the event that has the room now, or waits for the one that gets it; again, it changes nothing.

        To undo it, give the room back to the event, and take back what counts at the other one.
        """
        require(request)
        body = await read_json(request, TakeRoomBackBody)
        count = await take_back_noted(request, rooms, body.source, body.room, now=clock())
        return web.json_response(text=RoomTakenBackView(taken_back=count).model_dump_json())


async def take_back_noted(request: web.Request, rooms: SqlFormerRooms, source: str, room: str, *, now: datetime) -> int:
    """Take back what a room told the event of the address, once it is noted who does it; how much it was."""
    event_id = request.match_info["event_id"]
    mine = [one for one in await rooms.of_event(event_id) if one.source == source and one.room == room]
    if not mine:
        return 0
    await note_first(request, NotedAct.ROOM_COUNT_TAKEN_BACK, event_id=event_id, subject=event_id)
    return sum([await rooms.take_back(event_id, (one.source, one.room_key), now=now) for one in mine])
