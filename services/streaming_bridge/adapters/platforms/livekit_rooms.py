"""LiveKit's RoomService: https://docs.livekit.io/reference/other/roomservice-api/. Twirp, so JSON by POST.

Its answers name fields as the protocol does (`joined_at_ms`), where webhooks write `joinedAtMs`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json
from yarl import URL

from services.chassis.clock import Clock
from services.streaming_bridge.adapters.platforms.anatomy import CLOCK_SKEW
from services.streaming_bridge.adapters.platforms.livekit import Participant, room_at
from services.streaming_bridge.adapters.platforms.room_service import Answer, Present, ask
from services.streaming_bridge.adapters.platforms.signed_tokens import sign_token
from services.streaming_bridge.domain.errors import PlatformAwayError, PlatformRefusedError
from services.streaming_bridge.domain.sources import Source

_TOKEN_LIFETIME: Final = timedelta(minutes=5)
_KEPT_EMPTY: Final = timedelta(hours=1)
"""How long an opened room waits for the first who comes; LiveKit's own five minutes are short for a rehearsal."""
_ACTIVE: Final = "ACTIVE"
"""The state in which a webhook tells of somebody: before it they are still connecting."""

Answered = TypeVar("Answered", bound=BaseModel)


class _Participant(Participant):
    model_config = ConfigDict(validate_by_alias=True, validate_by_name=True)

    state: str = ""


class _Room(BaseModel):
    name: str


class _Rooms(BaseModel):
    rooms: list[_Room] = []


class _Participants(BaseModel):
    participants: list[_Participant] = []


class _TwirpError(BaseModel):
    code: str = ""


class LivekitRooms:
    """Asks a LiveKit server; implements `RoomService`."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock) -> None:
        """`session` is of `room_service.new_session`."""
        self._session = session
        self._clock = clock

    async def open_room(self, source: Source, room: str, *, title: str) -> None:  # noqa: ARG002  (it shows none)
        """See the protocol."""
        request = {"name": room_at(room), "emptyTimeout": int(_KEPT_EMPTY.total_seconds())}
        _require_done(await self._call(source, "CreateRoom", request, grant={"roomCreate": True}))

    async def close_room(self, source: Source, room: str) -> None:
        """See the protocol."""
        answer = await self._call(source, "DeleteRoom", {"room": room_at(room)}, grant={"roomCreate": True})
        if not _is_unknown_room(answer):
            _require_done(answer)

    async def present(self, source: Source, room: str) -> Sequence[Present] | None:
        """See the protocol. A server of one's own lists nobody in a room that is not open, instead of saying so."""
        name = room_at(room)
        rooms = await self._call(source, "ListRooms", {"names": [name]}, grant={"roomList": True})
        if not _read(_Rooms, rooms).rooms:
            return None
        answer = await self._call(source, "ListParticipants", {"room": name}, grant={"roomAdmin": True, "room": name})
        if _is_unknown_room(answer):
            return None
        return [
            Present(connection=each.connection(), since=each.came_at())
            for each in _read(_Participants, answer).participants
            if each.state == _ACTIVE and not each.is_machine()
        ]

    async def _call(
        self, source: Source, method: str, request: Mapping[str, Any], *, grant: Mapping[str, object]
    ) -> Answer:
        server, key = source.settings.get("server_url"), source.settings.get("api_key")
        if server is None or key is None or not source.webhook_secrets:
            raise PlatformRefusedError("not_set_up")
        token = sign_token(_claims(key, grant, now=self._clock()), source.webhook_secrets[0])
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        # `ws` is to `http` as `wss` is to `https`.
        url = URL(f"http{server.removeprefix('ws')}/twirp/livekit.RoomService/{method}")
        return await ask(self._session, "POST", url, headers=headers, body=to_json(request))


def _claims(key: str, grant: Mapping[str, object], *, now: datetime) -> dict[str, object]:
    return {"iss": key, "nbf": now - CLOCK_SKEW, "exp": now + _TOKEN_LIFETIME, "video": dict(grant)}


def _is_unknown_room(answer: Answer) -> bool:
    """Whether the server answers that it has no such room; where no server is, 404 comes without its code."""
    if answer.status != HTTPStatus.NOT_FOUND:
        return False
    try:
        return _TwirpError.model_validate_json(answer.body).code == "not_found"
    except ValidationError:
        return False


def _require_done(answer: Answer) -> None:
    if answer.status == HTTPStatus.NOT_FOUND:
        raise PlatformRefusedError("no_api_there")
    if answer.status != HTTPStatus.OK:
        raise PlatformRefusedError("refused")


def _read(model: type[Answered], answer: Answer) -> Answered:
    _require_done(answer)
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        raise PlatformAwayError("not_understood") from None
