"""`/join/{grant}`: from a personal link to the meeting.

Registration checked the personal link and sealed a grant, good for a minute. Neither the grant nor the address it leads
to is ever logged: both let somebody in.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from services.chassis.clock import Clock
from services.chassis.pages import render
from services.chassis.secrets import BrokenSealError, ExpiredTokenError, SecretBox
from services.streaming_bridge.application.joining import Joining, MeetingRoom
from services.streaming_bridge.domain.errors import NoMeetingError
from services.streaming_bridge.web.moderating import add_moderators_way_in, see_other

_TIME_TO_CHOOSE: Final = timedelta(minutes=10)
_LONGEST_GRANT: Final = 6000
_FOR_A_WHILE: Final = frozenset({"no_room", "not_open", "platform_away", "platform_refused"})
"""Why there is no meeting now, though there may be one in a few minutes."""

log = structlog.stdlib.get_logger(__name__)


class JoinGrant(BaseModel):
    """What registration vouches for. A personal link, sealed alike, has no name in it and is no grant.

    When the event begins, and whom to write to, is for the page of those who cannot be let in.
    """

    event_id: str
    participant_id: str
    display_name: str
    moderator: bool = False
    language: str | None = None
    room_id: str | None = None
    starts_at: datetime | None = None
    timezone: str = "UTC"
    contact: str | None = None


def add_join_page(app: web.Application, joining: Joining, *, box: SecretBox, clock: Clock) -> None:
    """Route `/join/{grant}`, and the moderators' way in; `box` is the one that registration seals its grants with."""

    async def join(request: web.Request) -> web.StreamResponse:
        grant = _open(request.match_info["grant"])
        if grant is None:
            return render(request, "join_expired.html", status=410)
        try:
            rooms = await joining.rooms(grant.event_id)
            room = _chosen(rooms, grant.room_id or request.query.get("room"))
            if room is None:
                return render(request, "join_rooms.html", rooms=_choices(grant, rooms))
            address = await joining.address(
                room,
                participant_id=grant.participant_id,
                display_name=grant.display_name,
                starts_at=grant.starts_at,
            )
        except NoMeetingError as error:
            log.warning("join.no_meeting", event_id=grant.event_id, reason=error.reason)
            return render(
                request,
                "join_no_room.html",
                status=404,
                # Registration lets nobody through without a room: what lacks it here is the latest change, on its way.
                connected=error.reason in _FOR_A_WHILE,
                reason=error.reason,
                expected=grant.starts_at if grant.starts_at and clock() < grant.starts_at else None,
                begun=grant.starts_at is not None and grant.starts_at <= clock(),
                join=grant,
            )
        log.info("join.sent", event_id=grant.event_id)
        return see_other(address)

    def _open(sealed: str) -> JoinGrant | None:
        if len(sealed) > _LONGEST_GRANT:
            return None
        try:
            return JoinGrant.model_validate(box.open_token(sealed, now=clock()))
        except (BrokenSealError, ExpiredTokenError, ValidationError):
            return None

    def _choices(grant: JoinGrant, rooms: Sequence[MeetingRoom]) -> list[tuple[str, str]]:
        """The rooms with a link for each, which leads into that room alone and cannot be prolonged."""
        until = clock() + _TIME_TO_CHOOSE
        return [
            (room.label, box.seal_token({**grant.model_dump(mode="json"), "room_id": room.room_id}, expires_at=until))
            for room in rooms
        ]

    app.router.add_get("/join/{grant}", join)
    add_moderators_way_in(app, joining)


def _chosen(rooms: Sequence[MeetingRoom], room_id: str | None) -> MeetingRoom | None:
    """The only room, or the one that was chosen."""
    if len(rooms) == 1:
        return rooms[0]
    return next((room for room in rooms if room.room_id == room_id), None)
