"""The API that opens and closes the rooms of an event at their platforms."""

from aiohttp import web

from services.chassis.access import Role
from services.chassis.noted_acts import NotedAct
from services.chassis.openapi import Api
from services.streaming_bridge.application.room_control import RoomControl
from services.streaming_bridge.web.noting import note_done


def room_control_api(control: RoomControl) -> Api:
    """Two operations, for the organizers of the event. Either may be repeated: it is done once."""
    api = Api(tag="rooms")
    organizer = [Role.ORGANIZER]
    path = "/api/v1/events/{event_id}/meetings/{room_id}"
    problems = (404, 409, 503)

    @api.route(
        "POST",
        f"{path}/open",
        summary="Open a room at its platform",
        roles=organizer,
        answers={204: None},
        problems=problems,
    )
    async def open_room(request: web.Request) -> web.StreamResponse:
        """For BigBlueButton and LiveKit. 409 says by `reason` why the platform will not; 503 to try again later."""
        await control_room(request, control, opens=True)
        return web.Response(status=204)

    @api.route(
        "POST",
        f"{path}/close",
        summary="Close a room at its platform, and send away who is in it",
        roles=organizer,
        answers={204: None},
        problems=problems,
    )
    async def close_room(request: web.Request) -> web.StreamResponse:
        """As `open`."""
        await control_room(request, control, opens=False)
        return web.Response(status=204)

    return api


async def control_room(request: web.Request, control: RoomControl, *, opens: bool) -> None:
    """Have the room of the path opened or closed, and note it. Raises as `RoomControl.open`."""
    event_id, room_id = request.match_info["event_id"], request.match_info["room_id"]
    await (control.open if opens else control.close)(event_id, room_id)
    act = NotedAct.ROOM_OPENED if opens else NotedAct.ROOM_CLOSED
    await note_done(request, act, event_id=event_id, subject=room_id)
