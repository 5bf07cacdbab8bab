"""Jitsi Meet, self-hosted, through the Prosody module `event_sync`.

There is no signature but a static bearer token, no delivery id, and no session of a room. Instants are whole seconds.
Deliveries of one tick come in any order, and a 5xx is sent again byte for byte.
"""

import warnings
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Literal

import jwt
from jwt.warnings import InsecureKeyLengthWarning
from pydantic import AliasChoices, BaseModel, Field, model_validator

from services.streaming_bridge.adapters.platforms.anatomy import (
    CLOCK_SKEW,
    AppId,
    Delivery,
    DisplayName,
    Domain,
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


class JitsiForm(SourceForm):
    """A Jitsi server; `domain` sends participants there, `app_id` and `app_secret` sign their links (HS256)."""

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

    def settings(self) -> dict[str, str]:
        """Where the meetings are, and who signs."""
        return {name: value for name in ("domain", "app_id") if (value := getattr(self, name)) is not None}

    def secrets(self) -> dict[str, str]:
        """What signs the links."""
        return {"app_secret": self.app_secret} if self.app_secret is not None else {}


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

    def connection(self) -> Connection:
        """The connection, without its e-mail address and whatever else came along."""
        return Connection(key=self.occupant_jid, user_id=self.id, display_name=self.name)

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


class OccupantJoined(RoomEvent):
    """`muc-occupant-joined`."""

    occupant: JoinedOccupant


class OccupantLeft(RoomEvent):
    """`muc-occupant-left`."""

    occupant: LeftOccupant


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

    def observe(self, parsed: BaseModel) -> Observation | Ignored:
        """Room, connection and the platform's own instant are what makes a fact the same again."""
        match parsed:
            case OccupantJoined(occupant=occupant) | OccupantLeft(occupant=occupant) if occupant.is_machine():
                return _ignored(parsed.event_name, occupant.occupant_jid)
            case RoomCreated(created_at=instant):
                return _room_event(Kind.ROOM_OPENED, parsed.room(), instant)
            case RoomDestroyed(destroyed_at=instant):
                return _room_event(Kind.ROOM_CLOSED, parsed.room(), instant)
            case OccupantJoined(occupant=occupant):
                return _occupant_event(Kind.JOINED, parsed.room(), occupant, occupant.joined_at, None)
            case OccupantLeft(occupant=occupant):
                return _occupant_event(Kind.LEFT, parsed.room(), occupant, occupant.left_at, occupant.joined_at)
            case OtherEvent(event_name=name):
                return _ignored(name)
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
                "user": {"id": visitor.participant_id, "name": visitor.display_name, "moderator": False},
            },
        }
        with warnings.catch_warnings():
            # The secret is the server's own, and may be shorter than one would choose today.
            warnings.simplefilter("ignore", InsecureKeyLengthWarning)
            token = jwt.encode(claims, secret, algorithm="HS256")
        return f"https://{domain}/{room}?jwt={token}"


JITSI: Final = Jitsi()


def _room_event(kind: Kind, room: Room, instant: datetime) -> Observation:
    return Observation(identity=(kind, room.key, epoch_milliseconds(instant)), kind=kind, room=room, time=instant)


def _occupant_event(
    kind: Kind, room: Room, occupant: Occupant, instant: datetime, joined_at: datetime | None
) -> Observation:
    return Observation(
        identity=(kind, room.key, occupant.occupant_jid, epoch_milliseconds(instant)),
        kind=kind,
        room=room,
        time=instant,
        connection=occupant.connection(),
        # A clock that was set back in between would make the interval run backwards.
        joined_at=joined_at if joined_at is not None and joined_at <= instant else None,
    )


def _ignored(event_name: str, *identity: str) -> Ignored:
    return Ignored(identity=("ignored", event_name, *identity), event_type=event_name)
