"""LiveKit: a server of one's own, or LiveKit Cloud, with signed webhooks.

Bodies are protojson: integers of 64 bits are text, and what is zero is left out. A delivery says when it was made in
whole seconds (`createdAt`), and that is the only instant of a leave; somebody's coming is known to the millisecond.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import unquote

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, Field, model_validator
from yarl import URL

from services.chassis.pages.languages import mark
from services.streaming_bridge.adapters.platforms.addresses import LOCAL_HOSTS, mistyped, typed_address
from services.streaming_bridge.adapters.platforms.anatomy import (
    CLOCK_SKEW,
    USUAL_REFUSALS,
    AppId,
    Delivery,
    DisplayName,
    EpochMilliseconds,
    EpochSeconds,
    Secret,
    SourceForm,
    Text,
    UserId,
    Visitor,
    read_as,
    read_object,
    wrong,
)
from services.streaming_bridge.adapters.platforms.signed_tokens import read_token, sign_token
from services.streaming_bridge.domain.errors import NoMeetingError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import Connection, Ignored, Kind, Observation, Room
from services.streaming_bridge.domain.sources import PlatformName, Source

_KINDS: Final = {
    "room_started": Kind.ROOM_OPENED,
    "room_finished": Kind.ROOM_CLOSED,
    "participant_joined": Kind.JOINED,
    "participant_left": Kind.LEFT,
}
_PERSONS: Final = frozenset({"STANDARD", "SIP", "CONNECTOR"})
"""Browsers and apps, telephones, and messengers that somebody calls from. All others are machines."""
_MOST_DIGITS: Final = 19


def _server(value: str) -> str:
    """The address that a meeting page connects to; consoles show it with any of these schemes, or with none."""
    otherwise = mark("Enter the address of the server, such as wss://livekit.example.org.")
    url = typed_address(value, schemes={"wss", "ws", "https", "http"}, default="wss", otherwise=otherwise)
    scheme = {"https": "wss", "http": "ws"}.get(url.scheme, url.scheme)
    if url.query_string:
        raise mistyped(otherwise)
    return str(url.with_scheme(scheme)).rstrip("/")


def _page(value: str) -> str:
    otherwise = mark("Enter the address of a page, such as https://meet.example.org/custom.")
    url = typed_address(value, schemes={"https", "http"}, default="https", otherwise=otherwise)
    if url.scheme == "http" and url.host not in LOCAL_HOSTS:
        # Browsers give a camera to no page without TLS, and the token would be read on its way.
        raise mistyped(mark("A meeting page needs an address that begins with https://."))
    return str(url)


Server = Annotated[str, Field(max_length=500), AfterValidator(_server)]
Page = Annotated[str, Field(max_length=500), AfterValidator(_page)]


class LivekitForm(SourceForm):
    """A LiveKit server; `api_key` and `server_url` let rooms be opened and closed, `meeting_page` leads into them."""

    shown: ClassVar = ("api_key", "server_url", "meeting_page")

    platform: Literal["livekit"]
    api_secret: Annotated[Secret, Field(validation_alias=AliasChoices("api_secret", "secret"))]
    api_key: AppId | None = None
    server_url: Server | None = None
    meeting_page: Page | None = None

    @model_validator(mode="after")
    def _whole(self) -> "LivekitForm":
        if (self.api_key is None) != (self.server_url is None):
            raise wrong("api_key and server_url belong together: give both or neither")
        if self.meeting_page is not None and self.server_url is None:
            raise wrong("api_key and server_url are needed to make join links with meeting_page")
        return self

    def delivery_secret(self) -> str:
        """The secret of the API key that signs webhooks."""
        return self.api_secret

    def secrets(self) -> dict[str, str]:
        """What signs join links, where there are any: the same secret."""
        return {"api_secret": self.api_secret} if self.meeting_page is not None else {}


def _int64(value: object) -> object:
    """Protojson writes integers of 64 bits as text; zero is as good as left out."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        value = int(value)
    if isinstance(value, int) and value >= 10**_MOST_DIGITS:
        raise wrong("not a number of 64 bits")
    return None if value == 0 else value


class RoomDetails(BaseModel):
    """`room` of a delivery, as far as it matters; its `turnPassword` is a live secret, and is not even read."""

    name: Text
    sid: Text | None = None


class Participant(BaseModel):
    """`participant` of a delivery; the other fields are personal or say nothing, and stay behind."""

    sid: Text
    identity: UserId = None
    name: DisplayName = None
    kind: str | int = "STANDARD"
    joined_at: Annotated[EpochSeconds | None, BeforeValidator(_int64), Field(alias="joinedAt")] = None
    joined_at_ms: Annotated[EpochMilliseconds | None, BeforeValidator(_int64), Field(alias="joinedAtMs")] = None

    def came_at(self) -> datetime | None:
        """When they came, as exactly as the server says it."""
        return self.joined_at_ms or self.joined_at

    def connection(self) -> Connection:
        """The connection; every one has a `sid` of its own."""
        return Connection(key=self.sid, user_id=self.identity, display_name=self.name)

    def is_machine(self) -> bool:
        """Whether it is a recorder, an incoming stream, an agent, a camera; or a kind that was not known here."""
        return self.kind not in _PERSONS


class Event(BaseModel):
    """What all deliveries say; more is not needed of one about tracks, recordings, streams or agents."""

    event: Text
    id: Text


class RoomEvent(Event):
    """A delivery about a room."""

    created_at: Annotated[EpochSeconds, BeforeValidator(_int64), Field(alias="createdAt")]
    room: RoomDetails

    def where(self) -> Room:
        """The room; its `sid` is the session."""
        return Room(name=self.room.name, key=self.room.name, session=self.room.sid)


class ParticipantEvent(RoomEvent):
    """A delivery about somebody's joining or leaving."""

    participant: Participant


_SHAPES: Final[dict[object, type[Event]]] = {
    "room_started": RoomEvent,
    "room_finished": RoomEvent,
    "participant_joined": ParticipantEvent,
    "participant_left": ParticipantEvent,
}


class Livekit:
    """The anatomy of LiveKit."""

    name: ClassVar = PlatformName.LIVEKIT
    form: ClassVar[type[SourceForm]] = LivekitForm
    proof_field: ClassVar = "api_secret"
    webhook_path: ClassVar = "/webhooks/livekit/{source}"
    refusals: ClassVar = USUAL_REFUSALS

    def verify(
        self,
        delivery: Delivery,
        secrets: Iterable[str],
        *,
        now: datetime,
        tolerance: timedelta,  # noqa: ARG002  (of the anatomy; these tokens say themselves how long they are valid)
    ) -> None:
        """Check the token in `Authorization`, and that its `sha256` is that of this very body.

        Every participant holds a token signed by the same secret. What tells a delivery's is `sha256`, which only the
        server writes. Whichever of its API keys the token names, knowing the secret is what proves it.
        """
        token = delivery.headers.get("Authorization")
        if token is None:
            raise UnverifiedDeliveryError("signature_missing", "The header Authorization is missing.")
        claims = read_token(token, secrets)
        digest = base64.b64encode(hashlib.sha256(delivery.body).digest())
        given = claims.get("sha256")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(errors="replace"), digest):
            raise UnverifiedDeliveryError("signature_wrong", "The token's sha256 is not that of this body.")
        expiry = claims.get("exp")
        # How early it may be used is not looked at: a server whose clock is ahead signs for the future in good faith.
        if not isinstance(expiry, int | float) or now.timestamp() > expiry + CLOCK_SKEW.total_seconds():
            raise UnverifiedDeliveryError("signature_stale", "The token has expired, or says not when it does.")

    def parse(self, delivery: Delivery) -> BaseModel:
        """Read a delivery by its `event`."""
        value = read_object(delivery.body)
        return read_as(_shape(value), value)

    def observe(self, parsed: BaseModel) -> Sequence[Observation | Ignored]:
        """LiveKit names each delivery, and keeps the name when it repeats one."""
        return [self._observed(parsed)]

    def _observed(self, parsed: BaseModel) -> Observation | Ignored:
        match parsed:
            case ParticipantEvent() if not parsed.participant.is_machine():
                return _presence(parsed)
            case RoomEvent() if not isinstance(parsed, ParticipantEvent):
                return Observation(
                    identity=("delivery", parsed.id),
                    kind=_KINDS[parsed.event],
                    room=parsed.where(),
                    time=parsed.created_at,
                )
            case Event():
                return Ignored(identity=("delivery", parsed.id), event_type=parsed.event)
        message = f"not a delivery of LiveKit: {type(parsed).__name__}"
        raise TypeError(message)

    def join_url(self, source: Source, visitor: Visitor, *, now: datetime, lifetime: timedelta) -> str:
        """`<meeting_page>?liveKitUrl=…&token=…`, as LiveKit Meet's page `/custom` takes them."""
        secret, page = source.secrets.get("api_secret"), source.settings.get("meeting_page")
        if secret is None or page is None:
            raise NoMeetingError("source_without_page")
        claims = {
            "iss": source.settings["api_key"],
            "sub": visitor.participant_id,
            "name": visitor.display_name,
            "nbf": now - CLOCK_SKEW,
            "exp": now + lifetime,
            "video": {"roomJoin": True, "room": room_at(visitor.room), "canPublish": True, "canSubscribe": True},
        }
        query = {"liveKitUrl": source.settings["server_url"], "token": sign_token(claims, secret)}
        return str(URL(page).update_query(query))


LIVEKIT: Final = Livekit()


def room_at(written: str) -> str:
    """The server's own name of a room, where one was copied out of an address."""
    return unquote(written)


def _presence(event: ParticipantEvent) -> Observation:
    came = event.participant.came_at()
    joined = event.event == "participant_joined"
    # Whole seconds: who leaves within the second in which they came seems to have left before.
    left = event.created_at if came is None else max(event.created_at, came)
    return Observation(
        identity=("delivery", event.id),
        kind=Kind.JOINED if joined else Kind.LEFT,
        room=event.where(),
        time=(came or event.created_at) if joined else left,
        connection=event.participant.connection(),
        joined_at=None if joined else came,
    )


def _shape(value: dict[str, Any]) -> type[Event]:
    name = value.get("event")
    return _SHAPES.get(name, Event) if isinstance(name, str) else Event
