"""A BigBlueButton server as its API behaves: which checksums it takes, what it makes, and how it answers.

async with bigbluebutton_server() as server:
    server.let_in("seminaire", user_id="par_1")
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.fakes.platforms.bigbluebutton import BigBlueButtonShapes

_ALGORITHMS: Final = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_MADE_FIRST: Final = 1_795_000_000_000


@dataclass(slots=True, kw_only=True)
class Meeting:
    """A meeting of the server; whoever makes it again must not want another password, where passwords are given."""

    name: str
    made_at: int
    password: str = "made-by-the-server"
    ended: bool = False
    attendees: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class BigBlueButtonServer:
    """The meetings that are open, the hooks that are registered; `fault` is answered instead, when it is set.

    `wants_passwords`: as servers before 2.5 did.
    """

    secret: str = BigBlueButtonShapes.secret
    url: str = ""
    wants_passwords: bool = False
    meetings: dict[str, Meeting] = field(default_factory=dict)
    hooks: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    let_in_by_link: list[Mapping[str, str]] = field(default_factory=list)
    fault: Callable[[], web.StreamResponse] | None = None

    def let_in(self, meeting: str, *, user_id: str) -> None:
        """Put somebody into a meeting, which is made by that."""
        self._make(meeting, {"name": meeting}).attendees.append(user_id)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call of the API."""
        name = request.match_info["call"]
        self.calls.append(name)
        if self.fault is not None:
            return self.fault()
        if not self._is_signed(name, request.rel_url.raw_query_string):
            return _failed("checksumError")
        return self._done(name, {key: value for key, value in request.query.items() if key != "checksum"})

    def _is_signed(self, name: str, query: str) -> bool:
        """Whether the checksum is that of the call's name, the query as it came without it, and the secret."""
        rest, _, given = query.rpartition("checksum=")
        algorithm = _ALGORITHMS.get(len(given))
        text = f"{name}{rest.removesuffix('&')}{self.secret}"
        return algorithm is not None and hashlib.new(algorithm, text.encode()).hexdigest() == given

    def _done(self, name: str, asked: Mapping[str, str]) -> web.StreamResponse:
        calls: dict[str, Callable[[Mapping[str, str]], web.StreamResponse]] = {
            "create": self._created,
            "getMeetingInfo": self._told,
            "end": self._ended,
            "join": self._joined,
            "hooks/list": self._listed,
            "hooks/create": self._hooked,
            "hooks/destroy": self._destroyed,
        }
        return calls[name](asked) if name in calls else _failed("unsupportedRequest")

    def _told(self, asked: Mapping[str, str]) -> web.Response:
        meeting = self.meetings.get(asked["meetingID"])
        return _failed("notFound") if meeting is None else _succeeded(_information(asked["meetingID"], meeting))

    def _listed(self, asked: Mapping[str, str]) -> web.Response:
        assert not asked
        return _succeeded(f"<hooks>{''.join(map(_hook, self.hooks.items()))}</hooks>")

    def _destroyed(self, asked: Mapping[str, str]) -> web.Response:
        known = self.hooks.get(asked["hookID"])
        if known is None or known["permanentHook"] == "true":
            return _failed("destroyMissingHook")
        del self.hooks[asked["hookID"]]
        return _succeeded("<removed>true</removed>")

    def _created(self, asked: Mapping[str, str]) -> web.Response:
        if "," in asked["meetingID"] or len(asked["name"]) < 2:
            return _failed("validationError")
        known = self.meetings.get(asked["meetingID"])
        if known is not None and not known.ended and self.wants_passwords:
            return _failed("idNotUnique")
        meeting = self._make(asked["meetingID"], asked)
        return _succeeded(f"<createTime>{meeting.made_at}</createTime>")

    def _make(self, meeting_id: str, asked: Mapping[str, str]) -> Meeting:
        known = self.meetings.get(meeting_id)
        if known is None or known.ended:
            known = Meeting(name=asked["name"], made_at=_MADE_FIRST + len(self.calls))
            self.meetings[meeting_id] = known
        return known

    def _ended(self, asked: Mapping[str, str]) -> web.Response:
        meeting = self.meetings.get(asked["meetingID"])
        if meeting is None:
            return _failed("notFound")
        if self.wants_passwords and asked.get("password") != meeting.password:
            return _failed("invalidPassword")
        meeting.ended = True
        return _succeeded("<messageKey>sentEndMeetingRequest</messageKey>")

    def _joined(self, asked: Mapping[str, str]) -> web.StreamResponse:
        meeting = self.meetings.get(asked["meetingID"])
        if meeting is None:
            return _failed("invalidMeetingIdentifier")
        if asked.get("createTime", str(meeting.made_at)) != str(meeting.made_at):
            return _failed("mismatchCreateTimeParam")
        if asked.get("role") not in {"VIEWER", "MODERATOR"} or not asked["fullName"].strip():
            return _failed("validationError")
        self.let_in_by_link.append(asked)
        return web.Response(status=302, headers={"Location": "/html5client/join?sessionToken=x"})

    def _hooked(self, asked: Mapping[str, str]) -> web.Response:
        for hook_id, known in self.hooks.items():
            if known["callbackURL"] == asked["callbackURL"]:
                return _succeeded(f"<hookID>{hook_id}</hookID><messageKey>duplicateWarning</messageKey>")
        return _succeeded(f"<hookID>{self.hook(asked['callbackURL'], eventID=asked.get('eventID', ''))}</hookID>")

    def hook(self, callback_url: str, **more: str) -> str:
        """Register a hook, as its administrator can with all that is said of it."""
        hook_id = f"hook-{len(self.hooks) + 1}"
        self.hooks[hook_id] = {"callbackURL": callback_url, "permanentHook": "false", "rawData": "false"} | more
        return hook_id


def _succeeded(content: str) -> web.Response:
    return _xml(f"<response><returncode>SUCCESS</returncode>{content}</response>")


def _failed(key: str) -> web.Response:
    said = f"<messageKey>{key}</messageKey><message>In words.</message>"
    return _xml(f"<response><returncode>FAILED</returncode>{said}</response>")


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml")


def _information(meeting_id: str, meeting: Meeting) -> str:
    attendees = "".join(
        f"<attendee><userID>{escape(user_id)}</userID><fullName>Somebody</fullName><role>VIEWER</role></attendee>"
        for user_id in meeting.attendees
    )
    told: dict[str, Any] = {
        "meetingName": meeting.name,
        "meetingID": meeting_id,
        "createTime": meeting.made_at,
        "moderatorPW": meeting.password,
        "running": str(bool(meeting.attendees)).lower(),
        "hasBeenForciblyEnded": str(meeting.ended).lower(),
        "endTime": meeting.made_at + 1 if meeting.ended else 0,
    }
    fields = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in told.items())
    return f"{fields}<attendees>{attendees}</attendees>"


def _hook(item: tuple[str, Mapping[str, str]]) -> str:
    hook_id, known = item
    told = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in known.items() if value)
    return f"<hook><hookID>{hook_id}</hookID>{told}</hook>"


@asynccontextmanager
async def bigbluebutton_server() -> AsyncIterator[BigBlueButtonServer]:
    """A server that listens on this machine; `url` is where."""
    server = BigBlueButtonServer()
    app = web.Application()
    app.router.add_get("/bigbluebutton/api/{call:.+}", server.answer)
    async with TestServer(app) as listening:
        server.url = str(listening.make_url("/bigbluebutton"))
        yield server
