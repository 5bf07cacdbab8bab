"""BigBlueButton's meetings by API: made, ended, looked into; and the way in, for which a meeting must have been made.

No password is given or asked for: a link names its role instead, which servers know since version 2.4.
"""

import re
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element

import aiohttp

from services.chassis.clock import Clock
from services.streaming_bridge.adapters.platforms.anatomy import Visitor
from services.streaming_bridge.adapters.platforms.bigbluebutton import join_address
from services.streaming_bridge.adapters.platforms.bigbluebutton_api import CallFailedError, call
from services.streaming_bridge.adapters.platforms.room_service import Present
from services.streaming_bridge.domain.errors import NoMeetingError, PlatformAwayError, PlatformRefusedError
from services.streaming_bridge.domain.observations import Connection
from services.streaming_bridge.domain.sources import Source

_INTERNAL_USER: Final = re.compile(r"[wv]_[a-z0-9]+")
"""The id of a connection, which stands for that of whoever came without one of their own."""
_SHORTEST_TITLE: Final = 2
_LONGEST_TITLE: Final = 256


class BigBlueButtonRooms:
    """Asks a BigBlueButton server; implements `RoomService` and `Usher`."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock) -> None:
        """`session` is of `room_service.new_session`; the server's own clock is the only one that matters."""
        del clock
        self._session = session

    async def open_room(self, source: Source, room: str, *, title: str) -> None:
        """See `RoomService`."""
        await self._made(source, room, title)

    async def close_room(self, source: Source, room: str) -> None:
        """See `RoomService`. Servers before 2.5 want the moderators' password, which they tell."""
        meeting = await self._meeting(source, room)
        if meeting is None:
            return
        password = meeting.findtext("moderatorPW")
        given = {} if not password else {"password": password}
        try:
            await call(self._session, source, "end", {"meetingID": room, **given})
        except CallFailedError as error:
            if not _is_unknown(error):
                raise PlatformRefusedError("refused") from None

    async def present(self, source: Source, room: str) -> Sequence[Present] | None:
        """See `RoomService`. The server names people, each as often as they are there, and not their connections."""
        meeting = await self._meeting(source, room)
        if meeting is None:
            return None
        ids = [attendee.findtext("userID") or "" for attendee in meeting.iterfind("attendees/attendee")]
        return [Present(connection=_connection(user_id), since=None, by_person=True) for user_id in ids if user_id]

    async def way_in(self, source: Source, visitor: Visitor, *, title: str, may_open: bool) -> str:
        """See `Usher`."""
        if "server_url" not in source.settings:
            raise NoMeetingError("source_without_server")
        if may_open and source.settings.get("creates_meetings") != "no":
            return _address(source, visitor, await self._made(source, visitor.room, title))
        meeting = await self._meeting(source, visitor.room)
        if meeting is None:
            raise NoMeetingError("not_open")
        return _address(source, visitor, meeting.findtext("createTime"))

    async def _made(self, source: Source, room: str, title: str) -> str | None:
        """Have the meeting made; when it was, if the server says so."""
        name = title if len(title) >= _SHORTEST_TITLE else f"{title} {room}"
        try:
            meeting = await call(self._session, source, "create", {"meetingID": room, "name": name[:_LONGEST_TITLE]})
        except CallFailedError as error:
            # Servers that want passwords say so of a meeting that is there: it was made with others.
            if error.key != "idNotUnique":
                raise PlatformRefusedError("refused") from None
            there = await self._meeting(source, room)
            return None if there is None else there.findtext("createTime")
        return meeting.findtext("createTime")

    async def _meeting(self, source: Source, room: str) -> Element | None:
        """What the server tells of a meeting; an ended one stays in its memory for a minute."""
        try:
            meeting = await call(self._session, source, "getMeetingInfo", {"meetingID": room})
        except CallFailedError as error:
            if _is_unknown(error):
                return None
            raise PlatformRefusedError("refused") from None
        ended = meeting.findtext("hasBeenForciblyEnded") == "true" or (meeting.findtext("endTime") or "0") != "0"
        return None if ended else meeting


def _address(source: Source, visitor: Visitor, made_at: str | None) -> str:
    """A participant's link is good for one meeting: without the instant it was made it would be for all to come."""
    if not made_at and not visitor.moderates:
        raise PlatformAwayError("not_understood")
    return join_address(source, visitor, made_at=made_at or None)


def _is_unknown(error: CallFailedError) -> bool:
    return error.key in {"notFound", "invalidMeetingIdentifier", "meetingForciblyEnded"}


def _connection(user_id: str) -> Connection:
    return Connection(key=user_id, user_id=None if _INTERNAL_USER.fullmatch(user_id) else user_id)
