"""JaaS (8x8): Jitsi as a service, with signed webhooks.

Deliveries come at least once and in any order; `idempotencyKey` tells a repetition.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, AliasChoices, BaseModel, Field, model_validator

from services.chassis.pages.languages import mark
from services.streaming_bridge.adapters.platforms.addresses import mistyped
from services.streaming_bridge.adapters.platforms.anatomy import (
    CLOCK_SKEW,
    USUAL_REFUSALS,
    AppId,
    Delivery,
    DisplayName,
    EpochMilliseconds,
    Secret,
    SourceForm,
    Text,
    UserId,
    Visitor,
    matches_any,
    read_as,
    read_object,
    room_in_address,
    signed_at,
    wrong,
)
from services.streaming_bridge.domain.errors import NoMeetingError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import PERSONAL_KINDS, Connection, Ignored, Kind, Observation, Room
from services.streaming_bridge.domain.sources import PlatformName, Source

_MEETINGS: Final = "https://8x8.vc"
_SMALLEST_KEY_BITS: Final = 2048
_LONGEST_HEADER: Final = 2000
_KINDS: Final = {
    "ROOM_CREATED": Kind.ROOM_OPENED,
    "ROOM_DESTROYED": Kind.ROOM_CLOSED,
    "PARTICIPANT_JOINED": Kind.JOINED,
    "PARTICIPANT_LEFT": Kind.LEFT,
    "LIVE_STREAM_STARTED": Kind.STREAM_STARTED,
    "LIVE_STREAM_ENDED": Kind.STREAM_STOPPED,
}


def _rsa_private_key(pem: str) -> str:
    """Check a PEM where it is given, not when the first participant clicks on a link."""
    try:
        key = load_pem_private_key(pem.strip().encode(), password=None)
    except TypeError:
        raise mistyped(mark("This key has a passphrase: give it without one.")) from None
    except Exception:  # noqa: BLE001  (the library raises its own, Rust's and ValueErrors, some of which quote the key)
        raise mistyped(mark("This is no private key: it goes from -----BEGIN to -----END.")) from None
    if not isinstance(key, RSAPrivateKey):
        raise mistyped(mark("This is no RSA key, which JaaS asks for."))
    if key.key_size < _SMALLEST_KEY_BITS:
        raise mistyped(mark("This RSA key is too short: JaaS asks for 2048 bits or more."))
    return pem.strip()


PrivateKey = Annotated[str, Field(max_length=20_000), AfterValidator(_rsa_private_key)]


class JaasForm(SourceForm):
    """A JaaS application; `app_id`, `key_id` and `private_key` together sign join links (RS256)."""

    shown: ClassVar = ("app_id", "key_id")
    signing: ClassVar = ("private_key",)

    platform: Literal["jaas"]
    webhook_secret: Annotated[Secret, Field(validation_alias=AliasChoices("webhook_secret", "secret"))]
    app_id: AppId | None = None
    key_id: AppId | None = None
    private_key: PrivateKey | None = None

    @model_validator(mode="after")
    def _whole(self) -> "JaasForm":
        if (self.key_id is None) != (self.private_key is None):
            raise wrong("key_id and private_key belong together: give both or neither")
        if self.key_id is not None and self.app_id is None:
            raise wrong("app_id is needed to make join links with key_id and private_key")
        return self

    def delivery_secret(self) -> str:
        """The secret of the endpoint, from the JaaS console."""
        return self.webhook_secret


class RoomDetails(BaseModel):
    """`data` of a delivery about a room or a stream, as far as it matters."""

    is_breakout: Annotated[bool | None, Field(alias="isBreakout")] = None
    breakout_room_id: Annotated[Text | None, Field(alias="breakoutRoomId")] = None

    @model_validator(mode="after")
    def _breakout_has_an_id(self) -> "RoomDetails":
        if self.is_breakout and self.breakout_room_id is None:
            raise wrong("breakoutRoomId is missing, in a breakout room")
        return self


class ParticipantDetails(RoomDetails):
    """`data` of somebody's joining or leaving; the other fields are personal and stay behind."""

    participant_jid: Annotated[Text | None, Field(alias="participantJid")] = None
    participant_id: Annotated[Text | None, Field(alias="participantId")] = None
    id: UserId = None
    name: DisplayName = None

    @model_validator(mode="after")
    def _has_a_connection(self) -> "ParticipantDetails":
        if self.participant_jid is None and self.participant_id is None:
            raise wrong("participantJid is missing, and participantId too")
        return self

    def connection(self) -> Connection:
        """The connection: its JID, else the id that stands for it."""
        return Connection(
            key=self.participant_jid or self.participant_id or "", user_id=self.id, display_name=self.name
        )


def _app_and_room(fqn: str) -> str:
    app, slash, room = fqn.partition("/")
    if not (app and slash and room):
        raise wrong("not of the form appId/room")
    return fqn


class RoomEvent(BaseModel):
    """A delivery about a room or a stream."""

    idempotency_key: Annotated[Text, Field(alias="idempotencyKey")]
    event_type: Annotated[Text, Field(alias="eventType")]
    session_id: Annotated[Text, Field(alias="sessionId")]
    timestamp: EpochMilliseconds
    fqn: Annotated[Text, AfterValidator(_app_and_room)]
    data: RoomDetails = RoomDetails()

    def room(self) -> Room:
        """The room, keyed by its whole name and the breakout id."""
        key = f"{self.fqn}#{self.data.breakout_room_id}" if self.data.is_breakout else self.fqn
        return Room(name=self.fqn.partition("/")[2], key=key, session=self.session_id)


class ParticipantEvent(RoomEvent):
    """A delivery about somebody's joining or leaving."""

    data: ParticipantDetails


class OtherEvent(BaseModel):
    """A delivery about anything else: lobby, recordings, chat, telephone, settings."""

    idempotency_key: Annotated[Text, Field(alias="idempotencyKey")]
    event_type: Annotated[Text, Field(alias="eventType")]


class Jaas:
    """The anatomy of JaaS."""

    name: ClassVar = PlatformName.JAAS
    form: ClassVar[type[SourceForm]] = JaasForm
    proof_field: ClassVar = "webhook_secret"
    webhook_path: ClassVar = "/webhooks/jaas/{source}"
    refusals: ClassVar = USUAL_REFUSALS

    def verify(self, delivery: Delivery, secrets: Iterable[str], *, now: datetime, tolerance: timedelta) -> None:
        """Check `X-Jaas-Signature: t=…,v1=…` over `t.body`, then the age of `t`.

        Several `v1` may be given; every other scheme is ignored, so that nobody can choose a weaker one.
        """
        header = delivery.headers.get("X-Jaas-Signature")
        if header is None:
            raise UnverifiedDeliveryError("signature_missing", "The header X-Jaas-Signature is missing.")
        stamp, given = _signatures(header)
        message = stamp.encode() + b"." + delivery.body
        expected = [base64.b64encode(hmac.digest(secret.encode(), message, hashlib.sha256)) for secret in secrets]
        matches = [matches_any(signature.encode(errors="replace"), expected) for signature in given]
        if not any(matches):
            raise UnverifiedDeliveryError("signature_wrong", "No v1 signature is that of this body by a valid secret.")
        if abs(now - signed_at(stamp)) > tolerance:
            raise UnverifiedDeliveryError("signature_stale", "The signature's t is too far from the present.")

    def parse(self, delivery: Delivery) -> BaseModel:
        """Read a delivery by its `eventType`."""
        value = read_object(delivery.body)
        return read_as(_shape(value), value)

    def observe(self, parsed: BaseModel) -> Sequence[Observation | Ignored]:
        """JaaS names each delivery: its key makes the fact the same again."""
        return [self._observed(parsed)]

    def _observed(self, parsed: BaseModel) -> Observation | Ignored:
        match parsed:
            case ParticipantEvent() | RoomEvent():
                connection = parsed.data.connection() if isinstance(parsed.data, ParticipantDetails) else None
                return Observation(
                    identity=("delivery", parsed.idempotency_key),
                    kind=_KINDS[parsed.event_type],
                    room=parsed.room(),
                    time=parsed.timestamp,
                    connection=connection,
                )
            case OtherEvent(idempotency_key=key, event_type=event_type):
                return Ignored(identity=("delivery", key), event_type=event_type)
        message = f"not a delivery of JaaS: {type(parsed).__name__}"
        raise TypeError(message)

    def join_url(self, source: Source, visitor: Visitor, *, now: datetime, lifetime: timedelta) -> str:
        """`https://8x8.vc/<app_id>/<room>?jwt=…`; JaaS lets nobody in without one."""
        private_key = source.secrets.get("private_key")
        if private_key is None:
            raise NoMeetingError("source_without_key")
        app_id, key_id = source.settings["app_id"], source.settings["key_id"]
        room = room_in_address(visitor.room)
        claims = {
            "aud": "jitsi",
            "iss": "chat",
            "sub": app_id,
            "room": room,
            "iat": now,
            "nbf": now - CLOCK_SKEW,
            "exp": now + lifetime,
            "context": {
                "user": {"id": visitor.participant_id, "name": visitor.display_name, "moderator": visitor.moderates},
                "features": {
                    "livestreaming": False,
                    "recording": False,
                    "transcription": False,
                    "outbound-call": False,
                },
            },
        }
        # The console shows the key's id with the application in front, and people copy either.
        key_id = key_id if "/" in key_id else f"{app_id}/{key_id}"
        token = jwt.encode(claims, private_key, algorithm="RS256", headers={"kid": key_id})
        return f"{_MEETINGS}/{app_id}/{room}?jwt={token}"


JAAS: Final = Jaas()


def _shape(value: dict[str, Any]) -> type[BaseModel]:
    event_type = value.get("eventType")
    kind = _KINDS.get(event_type) if isinstance(event_type, str) else None
    if kind is None:
        return OtherEvent
    return ParticipantEvent if kind in PERSONAL_KINDS else RoomEvent


def _signatures(header: str) -> tuple[str, list[str]]:
    """The timestamp and the `v1` signatures of a header."""
    parts = [part.strip().partition("=") for part in header[:_LONGEST_HEADER].split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit()) or not signatures:
        raise UnverifiedDeliveryError("signature_malformed", "X-Jaas-Signature is not of the form t=…,v1=….")
    return stamps[0], signatures
