"""A LiveKit server as its RoomService behaves: which tokens it takes, what they must grant, and how it answers.

async with livekit_server(clock=clock) as server:
    server.let_in("amphi", sid="PA_1", identity="ada")
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from jwt.types import Options

from tests.fakes.platforms.livekit import API_KEY, LivekitShapes

_UNTIMED: Final = Options(verify_exp=False, verify_nbf=False, require=["exp"])
_LEEWAY: Final = timedelta(minutes=1)
_GRANTS: Final = {
    "CreateRoom": "roomCreate",
    "DeleteRoom": "roomCreate",
    "ListRooms": "roomList",
    "ListParticipants": "roomAdmin",
}


@dataclass(slots=True, kw_only=True)
class LivekitServer:
    """The rooms that are open, and who is in them; `fault` is answered instead, when it is set."""

    clock: Callable[[], datetime]
    keys: Mapping[str, str] = field(default_factory=lambda: {API_KEY: LivekitShapes.secret})
    url: str = ""
    rooms: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    empty_timeouts: dict[str, int] = field(default_factory=dict)
    fault: Callable[[], web.StreamResponse] | None = None

    def let_in(self, room: str, *, sid: str, identity: str, **more: Any) -> None:  # noqa: ANN401
        """Put somebody into a room, which opens by that."""
        participant = {
            "sid": sid,
            "identity": identity,
            "state": "ACTIVE",
            "name": "",
            "kind": "STANDARD",
            "joined_at": "0",
            "joined_at_ms": "0",
            "metadata": "",
        }
        self.rooms.setdefault(room, []).append(participant | more)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call of the RoomService."""
        if self.fault is not None:
            return self.fault()
        method, asked = request.match_info["method"], await request.json()
        grants = self._grants(request)
        if grants is None:
            return web.json_response({"code": "unauthenticated", "msg": "invalid token"}, status=401)
        wanted = _GRANTS.get(method)
        if wanted is None:
            return web.json_response({"code": "bad_route", "msg": "no handler for path"}, status=404)
        if grants.get(wanted) is not True or (wanted == "roomAdmin" and grants.get("room") != asked.get("room")):
            return web.json_response({"code": "unauthenticated", "msg": "permissions denied"}, status=401)
        return self._done(method, asked)

    def _grants(self, request: web.Request) -> dict[str, Any] | None:
        """What the token grants, if it is one: signed with the secret of the key that it names, and valid now."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            key = jwt.decode(token, options={"verify_signature": False})["iss"]
            claims = jwt.decode(token, self.keys[key], algorithms=["HS256"], options=_UNTIMED)
        except (jwt.PyJWTError, KeyError):
            return None
        now, begins = self.clock().timestamp(), claims.get("nbf", 0)
        timely = begins - _LEEWAY.total_seconds() <= now <= claims["exp"] + _LEEWAY.total_seconds()
        return claims.get("video") or {} if scheme == "Bearer" and timely else None

    def _done(self, method: str, asked: Mapping[str, Any]) -> web.Response:
        match method:
            case "CreateRoom":
                self.rooms.setdefault(asked["name"], [])
                self.empty_timeouts[asked["name"]] = asked.get("emptyTimeout") or 300
                return web.json_response(self._room(asked["name"]))
            case "DeleteRoom":
                if self.rooms.pop(asked["room"], None) is None:
                    return web.json_response({"code": "not_found", "msg": "requested room does not exist"}, status=404)
                return web.json_response({})
            case "ListRooms":
                return web.json_response({"rooms": [self._room(name) for name in asked["names"] if name in self.rooms]})
        return web.json_response({"participants": self.rooms.get(asked["room"], [])})

    def _room(self, name: str) -> dict[str, Any]:
        return {"sid": "RM_1", "name": name, "num_participants": len(self.rooms[name]), "turn_password": "secret"}


@asynccontextmanager
async def livekit_server(*, clock: Callable[[], datetime]) -> AsyncIterator[LivekitServer]:
    """A server that listens on this machine; `url` is where."""
    server = LivekitServer(clock=clock)
    app = web.Application()
    app.router.add_post("/twirp/livekit.RoomService/{method}", server.answer)
    async with TestServer(app) as listening:
        server.url = str(listening.make_url("/")).replace("http://", "ws://").rstrip("/")
        yield server
