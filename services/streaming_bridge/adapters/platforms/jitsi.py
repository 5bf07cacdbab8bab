"""Jitsi Meet, self-hosted, through the Prosody module `event_sync`.

There is no signature but a static bearer token, no delivery id, and no session of a room. Instants are whole seconds.
Deliveries of one tick come in any order, and a 5xx is sent again byte for byte.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, model_validator

from services.streaming_bridge.adapters.platforms.anatomy import (
    CLOCK_SKEW,
    USUAL_REFUSALS,
    AppId,
    Delivery,
    DisplayName,
    Domain,
    EmailAddress,
    EpochSeconds,
    Secret,
    SourceForm,
    Text,
    UserId,
    Visitor,
    matches_any,
    read_as,
    read_object,
    room_in_address,
    wrong,
)
from services.streaming_bridge.adapters.platforms.signed_tokens import sign_token
from services.streaming_bridge.domain.errors import NoMeetingError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import (
    Connection,
    Ignored,
    Kind,
    Observation,
    Room,
    epoch_milliseconds,
)
from services.streaming_bridge.domain.sources import PlatformName, Source

_MACHINE_ACCOUNTS: Final = frozenset({"focus", "jibri", "jvb", "recorder", "transcriber"})
_MACHINE_HOSTS: Final = frozenset({"recorder", "hidden"})
_MOST_HEADS: Final = 1_000_000


class JitsiForm(SourceForm):
    """A Jitsi server; `domain` sends participants there, `app_id` and `app_secret` sign their links (HS256)."""

    shown: ClassVar = ("domain", "app_id")
    signing: ClassVar = ("app_secret",)

    platform: Literal["jitsi"]
    webhook_token: Annotated[Secret, Field(validation_alias=AliasChoices("webhook_token", "secret"))]
    domain: Domain | None = None
    app_id: AppId | None = None
    app_secret: Secret | None = None

    @model_validator(mode="after")
    def _whole(self) -> "JitsiForm":
        if (self.app_id is None) != (self.app_secret is None):
            raise wrong("app_id and app_secret belong together: give both or neither")
        if self.app_id is not None and self.domain is None:
            raise wrong("domain is needed to make join links with app_id and app_secret")
        return self

    def delivery_secret(self) -> str:
        """The token of the module's `api_headers`."""
        return self.webhook_token


class RoomEvent(BaseModel):
    """What all four deliveries say about the room. A breakout room is described by its main room and its own id."""

    event_name: str
    room_name: Text | None = None
    room_jid: Text
    is_breakout: Annotated[bool, Field(strict=True)] = False
    breakout_room_id: Annotated[Text, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _breakout_has_an_id(self) -> "RoomEvent":
        if self.is_breakout and self.breakout_room_id is None:
            raise wrong("breakout_room_id is missing, in a breakout room")
        return self

    def room(self) -> Room:
        """The room, keyed by the JID of the main room and the breakout id."""
        name = self.room_name or self.room_jid.partition("@")[0]
        return Room(name=name, key=f"{self.room_jid}#{self.breakout_room_id}" if self.is_breakout else self.room_jid)


class RoomCreated(RoomEvent):
    """`muc-room-created`."""

    created_at: EpochSeconds


class RoomDestroyed(RoomEvent):
    """`muc-room-destroyed`. Its `all_occupants` keeps only the last interval of each, so it is not even read."""

    destroyed_at: EpochSeconds


class Occupant(BaseModel):
    """Somebody in a room. A JWT's user object may have written over any field, so every type is checked."""

    occupant_jid: Text
    id: UserId = None
    name: DisplayName = None
    email: EmailAddress = None

    def connection(self) -> Connection:
        """The connection. The address comes from the JWT alone: whoever may sign for this server vouches for it."""
        return Connection(key=self.occupant_jid, user_id=self.id, display_name=self.name, email=self.email)

    def is_machine(self) -> bool:
        """Whether it is one of the server's own: the recorder, the transcriber. The module leaves out the focus."""
        account, _, address = self.occupant_jid.partition("@")
        return account in _MACHINE_ACCOUNTS or address.partition(".")[0] in _MACHINE_HOSTS


class JoinedOccupant(Occupant):
    """Somebody who was let in."""

    joined_at: EpochSeconds


class LeftOccupant(Occupant):
    """Somebody who left; `joined_at` is when they came, if the module saw it."""

    joined_at: EpochSeconds | None = None
    left_at: EpochSeconds


def _heads(value: object) -> object:
    """A number is never worth refusing somebody's presence for: what is none is left out. Lua may write 2 as `2.0`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST_HEADS:
        return None
    return int(value)


class OccupantEvent(RoomEvent):
    """What both deliveries about an occupant say: how many the room has right after it, recorders among them."""

    active_occupants_count: Annotated[int | None, BeforeValidator(_heads)] = None


class OccupantJoined(OccupantEvent):
    """`muc-occupant-joined`."""

    occupant: JoinedOccupant

    def observation(self) -> Observation:
        """Somebody was let in."""
        return _occupant_event(Kind.JOINED, self, self.occupant, self.occupant.joined_at, None)


class OccupantLeft(OccupantEvent):
    """`muc-occupant-left`."""

    occupant: LeftOccupant

    def observation(self) -> Observation:
        """Somebody left."""
        return _occupant_event(Kind.LEFT, self, self.occupant, self.occupant.left_at, self.occupant.joined_at)


class OtherEvent(BaseModel):
    """A delivery of a kind that this module does not send today."""

    event_name: Text


_SHAPES: Final[dict[object, type[BaseModel]]] = {
    "muc-room-created": RoomCreated,
    "muc-room-destroyed": RoomDestroyed,
    "muc-occupant-joined": OccupantJoined,
    "muc-occupant-left": OccupantLeft,
}


class Jitsi:
    """The anatomy of `event_sync`."""

    name: ClassVar = PlatformName.JITSI
    form: ClassVar[type[SourceForm]] = JitsiForm
    proof_field: ClassVar = "webhook_token"
    webhook_path: ClassVar = "/webhooks/jitsi/{source}/events/{subject}/{happening}"
    refusals: ClassVar = USUAL_REFUSALS

    def verify(
        self,
        delivery: Delivery,
        secrets: Iterable[str],
        *,
        now: datetime,  # noqa: ARG002  (of the anatomy; a bearer token has no instant)
        tolerance: timedelta,  # noqa: ARG002
    ) -> None:
        """Compare the bearer token. It covers neither the body nor an instant: there is nothing to check those by."""
        given = delivery.headers.get("Authorization")
        if given is None:
            raise UnverifiedDeliveryError("signature_missing", "The header Authorization is missing.")
        scheme, _, token = given.partition(" ")
        expected = [secret.encode() for secret in secrets]
        if scheme.lower() != "bearer" or not matches_any(token.strip().encode(errors="replace"), expected):
            raise UnverifiedDeliveryError("signature_wrong", "The bearer token is not one of this source.")

    def parse(self, delivery: Delivery) -> BaseModel:
        """Read one of the four deliveries; the body's `event_name` decides, whatever the address says."""
        value = read_object(delivery.body)
        name = value.get("event_name")
        return read_as(_SHAPES.get(name, OtherEvent) if isinstance(name, str) else OtherEvent, value)

    def observe(self, parsed: BaseModel) -> Sequence[Observation | Ignored]:
        """Room, connection and the platform's own instant are what makes a fact the same again."""
        return [self._observed(parsed)]

    def _observed(self, parsed: BaseModel) -> Observation | Ignored:
        match parsed:
            case OccupantJoined(occupant=occupant) | OccupantLeft(occupant=occupant) if occupant.is_machine():
                machine = parsed.observation()
                return Ignored(identity=("ignored", *machine.identity), event_type=parsed.event_name, machine=machine)
            case RoomCreated(created_at=instant):
                return _room_event(Kind.ROOM_OPENED, parsed.room(), instant)
            case RoomDestroyed(destroyed_at=instant):
                return _room_event(Kind.ROOM_CLOSED, parsed.room(), instant)
            case OccupantJoined() | OccupantLeft():
                return parsed.observation()
            case OtherEvent(event_name=name):
                return Ignored(identity=("ignored", name), event_type=name)
        message = f"not a delivery of Jitsi: {type(parsed).__name__}"
        raise TypeError(message)

    def join_url(self, source: Source, visitor: Visitor, *, now: datetime, lifetime: timedelta) -> str:
        """`https://<domain>/<room>?jwt=…`; without a signing secret the bare address of the room."""
        domain = source.settings.get("domain")
        if domain is None:
            raise NoMeetingError("source_without_domain")
        room = room_in_address(visitor.room)
        secret = source.secrets.get("app_secret")
        if secret is None:
            return f"https://{domain}/{room}"
        claims = {
            "aud": "jitsi",
            "iss": source.settings["app_id"],
            "sub": domain.partition(":")[0],
            "room": room,
            "iat": now,
            "nbf": now - CLOCK_SKEW,
            "exp": now + lifetime,
            "context": {
                "user": {"id": visitor.participant_id, "name": visitor.display_name, "moderator": visitor.moderates},
            },
        }
        return f"https://{domain}/{room}?jwt={sign_token(claims, secret)}"


JITSI: Final = Jitsi()


def _room_event(kind: Kind, room: Room, instant: datetime) -> Observation:
    return Observation(identity=(kind, room.key, epoch_milliseconds(instant)), kind=kind, room=room, time=instant)


def _occupant_event(
    kind: Kind, parsed: OccupantEvent, occupant: Occupant, instant: datetime, joined_at: datetime | None
) -> Observation:
    room = parsed.room()
    return Observation(
        identity=(kind, room.key, occupant.occupant_jid, epoch_milliseconds(instant)),
        kind=kind,
        room=room,
        time=instant,
        connection=occupant.connection(),
        # A clock that was set back in between would make the interval run backwards.
        joined_at=joined_at if joined_at is not None and joined_at <= instant else None,
        heads=parsed.active_occupants_count,
    )
