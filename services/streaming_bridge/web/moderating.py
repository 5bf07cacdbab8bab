"""`/events/{event_id}/meetings/{room_id}/enter`: an organizer goes into a room as its moderator.

A link and no form: what a form leads to on another site, the browser would not follow from here.
"""

from typing import Final

import structlog
from aiohttp import web

from services.chassis.access import require
from services.chassis.noted_acts import NotedAct
from services.chassis.pages import texts_of
from services.chassis.problems import Problem, conflict, not_found
from services.streaming_bridge.application.joining import Joining
from services.streaming_bridge.application.live_checks import NOT_SET_UP
from services.streaming_bridge.domain.errors import NoMeetingError
from services.streaming_bridge.web.noting import note_first
from services.streaming_bridge.web.room_problems import failure_words

_REASONS: Final = {"platform_away": "unreachable", "platform_refused": "refused", "no_source": "no_source"}

log = structlog.stdlib.get_logger(__name__)


def add_moderators_way_in(app: web.Application, joining: Joining) -> None:
    """Route it. Whoever enters so is a guest of the event, the same each time, unless they are linked."""

    async def enter(request: web.Request) -> web.StreamResponse:
        # A link may be followed from anywhere, with the cookie, and this one makes a meeting.
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise Problem(403, detail="This request did not come from a page of this site.")
        event_id, room_id = request.match_info["event_id"], request.match_info["room_id"]
        grant, texts = require(request, event_id=event_id), texts_of(request)
        try:
            room = next((room for room in await joining.rooms(event_id) if room.room_id == room_id), None)
            if room is None:
                raise not_found("This event has no such room on a platform.")
            await note_first(request, NotedAct.ROOM_ENTERED, event_id=event_id, subject=room_id)
            address = await joining.address(
                room,
                participant_id=f"organizer-{grant.holder or grant.token_id}",
                display_name=texts.gettext("Organizer"),
                moderates=True,
            )
        except NoMeetingError as error:
            reason = _REASONS.get(error.reason, NOT_SET_UP)
            raise conflict(texts.gettext(failure_words(reason)), reason=reason) from None
        log.info("moderator.sent", event_id=event_id)
        return see_other(address)

    app.router.add_get("/events/{event_id}/meetings/{room_id}/enter", enter)


def see_other(address: str) -> web.Response:
    """The answer that leads to a meeting: its address lets somebody in, and is nobody else's."""
    headers = {"Location": address, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)
