"""Zoom, meetings and webinars: signed webhooks, and an address that must be validated before the first of them.

Zoom waits three seconds for an answer and repeats what was answered with 500 or more after 5, 20 and 60 minutes;
anything below is never sent again. Whether a repetition is signed anew it does not say, so that the tolerance has to
span them all. `user_id` and `participant_uuid` are new at each join; `registrant_id` stays.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, Field, model_validator

from services.chassis.pages.languages import mark
from services.streaming_bridge.adapters.platforms.addresses import mistyped, typed_address
from services.streaming_bridge.adapters.platforms.anatomy import (
    Challenge,
    Delivery,
    DisplayName,
    EmailAddress,
    EpochMilliseconds,
    PlatformId,
    Refusals,
    Rfc3339,
    Secret,
    SourceForm,
    Text,
    UserId,
    Visitor,
    matches_any,
    read_as,
    read_object,
    signed_at,
    wrong,
)
from services.streaming_bridge.domain.errors import NoMeetingError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import (
    PERSONAL_KINDS,
    Connection,
    Ignored,
    Kind,
    Observation,
    Room,
    epoch_milliseconds,
)
from services.streaming_bridge.domain.sources import PlatformName, Source

_SCHEME: Final = "v0="
_LONGEST_STAMP: Final = 20
_ROOM_PLACE: Final = "{room}"
_BETWEEN_DIGITS: Final = re.compile(r"[\s-]")
_VALIDATION: Final = "endpoint.url_validation"
_KINDS: Final = {
    f"{gathering}.{happening}": kind
    for gathering in ("meeting", "webinar")
    for happening, kind in {
        "started": Kind.ROOM_OPENED,
        "ended": Kind.ROOM_CLOSED,
        "participant_joined": Kind.JOINED,
        "participant_left": Kind.LEFT,
    }.items()
}


def _meeting_address(value: str) -> str:
    otherwise = mark("Enter an address that begins with https://, such as https://zoom.us/j/{room}.")
    typed_address(value, schemes={"https"}, default=None, otherwise=otherwise)
    if _ROOM_PLACE not in value:
        raise mistyped(mark("Write {room} where the meeting's number stands: it differs from event to event."))
    return value


JoinAddress = Annotated[str, Field(max_length=2000, pattern=r"^[\x21-\x7e]+$"), AfterValidator(_meeting_address)]


class ZoomForm(SourceForm):
    """A Zoom app with event subscriptions; `join_url` sends participants in, `{room}` in it is the meeting's id."""

    shown: ClassVar = ("join_url",)

    platform: Literal["zoom"]
    secret_token: Annotated[Secret, Field(validation_alias=AliasChoices("secret_token", "secret"))]
    join_url: JoinAddress | None = None

    def delivery_secret(self) -> str:
        """The Secret Token of the app."""
        return self.secret_token


class Participant(BaseModel):
    """Somebody who came or left. `id` is their account, empty for who is not signed in to Zoom."""

    user_id: UserId = None
    participant_uuid: UserId = None
    id: UserId = None
    registrant_id: UserId = None
    user_name: DisplayName = None
    email: EmailAddress = None
    join_time: Rfc3339 | None = None
    leave_time: Rfc3339 | None = None

    @model_validator(mode="after")
    def _has_a_connection(self) -> "Participant":
        if self.user_id is None and self.participant_uuid is None:
            raise wrong("user_id is missing, and participant_uuid too")
        return self

    def connection(self) -> Connection:
        """The connection. Anybody may type any address into Zoom's form: only that of an account is vouched for."""
        return Connection(
            key=self.user_id or self.participant_uuid or "",
            user_id=self.registrant_id or self.id,
            display_name=self.user_name,
            registrant_id=self.registrant_id,
            email=self.email if self.id is not None else None,
        )


class Gathering(BaseModel):
    """A meeting or a webinar: `id` stays, `uuid` is new each time that it takes place."""

    id: PlatformId
    uuid: Text
    end_time: Rfc3339 | None = None

    def room(self) -> Room:
        """The room: claimed by its id, whose every taking place is a session."""
        return Room(name=self.id, key=self.id, session=self.uuid)


class AttendedGathering(Gathering):
    """The same with who came or left."""

    participant: Participant


class GatheringPayload(BaseModel):
    """`payload` of a meeting's beginning or end."""

    object: Gathering


class ParticipantPayload(BaseModel):
    """`payload` of somebody's joining or leaving."""

    object: AttendedGathering


class GatheringEvent(BaseModel):
    """A meeting began or ended. The `start_time` may be the one it was planned for, so that it is not even read."""

    event: Text
    event_ts: EpochMilliseconds
    payload: GatheringPayload

    def instant(self) -> datetime:
        """When it happened."""
        return self.payload.object.end_time or self.event_ts


class ParticipantEvent(BaseModel):
    """Somebody joined or left."""

    event: Text
    event_ts: EpochMilliseconds
    payload: ParticipantPayload

    def instant(self) -> datetime:
        """When it happened: in whole seconds, where Zoom tells it of the person."""
        about = self.payload.object.participant
        return (about.leave_time if _KINDS[self.event] is Kind.LEFT else about.join_time) or self.event_ts


class OtherEvent(BaseModel):
    """A delivery about anything else: the waiting room, recordings, chat, sharing."""

    event: Text


class _PlainToken(BaseModel):
    plain_token: Annotated[Text, Field(alias="plainToken", max_length=200)]


class UrlValidation(Challenge):
    """`endpoint.url_validation`: Zoom wants to see that whoever listens here knows the secret."""

    event: Text
    payload: _PlainToken

    def answer(self, secret: str) -> Mapping[str, str]:
        """The token, and its HMAC in hexadecimal."""
        plain = self.payload.plain_token
        return {
            "plainToken": plain,
            "encryptedToken": hmac.digest(secret.encode(), plain.encode(), hashlib.sha256).hex(),
        }


class Zoom:
    """The anatomy of Zoom."""

    name: ClassVar = PlatformName.ZOOM
    form: ClassVar[type[SourceForm]] = ZoomForm
    proof_field: ClassVar = "secret_token"
    webhook_path: ClassVar = "/webhooks/zoom/{source}"
    refusals: ClassVar = Refusals(unreadable=200)

    def verify(self, delivery: Delivery, secrets: Iterable[str], *, now: datetime, tolerance: timedelta) -> None:
        """Check `x-zm-signature: v0=…` over `v0:stamp:body`, then the age of the stamp."""
        given, stamp = delivery.headers.get("x-zm-signature"), delivery.headers.get("x-zm-request-timestamp")
        if given is None or stamp is None:
            raise UnverifiedDeliveryError(
                "signature_missing", "The headers x-zm-signature and x-zm-request-timestamp are needed."
            )
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _LONGEST_STAMP and given.startswith(_SCHEME)):
            raise UnverifiedDeliveryError(
                "signature_malformed", "x-zm-signature is not of the form v0=…, or x-zm-request-timestamp no number."
            )
        message = b"v0:" + stamp.encode() + b":" + delivery.body
        expected = [hmac.digest(secret.encode(), message, hashlib.sha256).hex().encode() for secret in secrets]
        if not matches_any(given.removeprefix(_SCHEME).encode(errors="replace"), expected):
            raise UnverifiedDeliveryError("signature_wrong", "No valid secret makes this signature of this body.")
        if abs(now - signed_at(stamp)) > tolerance:
            raise UnverifiedDeliveryError(
                "signature_stale", "The signature's x-zm-request-timestamp is too far from the present."
            )

    def parse(self, delivery: Delivery) -> BaseModel:
        """Read a delivery by its `event`."""
        value = read_object(delivery.body)
        return read_as(_shape(value), value)

    def observe(self, parsed: BaseModel) -> Sequence[Observation | Ignored]:
        """Zoom names no delivery: the session, the connection and the instant make a fact the same again."""
        match parsed:
            case ParticipantEvent(payload=ParticipantPayload(object=about)):
                connection = about.participant.connection()
                return [_observation(parsed, about, connection, connection.key)]
            case GatheringEvent(payload=GatheringPayload(object=about)):
                return [_observation(parsed, about, None)]
            case OtherEvent(event=event) | UrlValidation(event=event):
                return [Ignored(identity=("ignored", event), event_type=event)]
        message = f"not a delivery of Zoom: {type(parsed).__name__}"
        raise TypeError(message)

    def join_url(
        self,
        source: Source,
        visitor: Visitor,
        *,
        now: datetime,  # noqa: ARG002  (of the anatomy; nothing is signed)
        lifetime: timedelta,  # noqa: ARG002
    ) -> str:
        """The meeting's address as the organizer gave it: Zoom lets nobody be named by a link alone."""
        address = source.settings.get("join_url")
        if address is None:
            raise NoMeetingError("source_without_join_url")
        number = _BETWEEN_DIGITS.sub("", visitor.room)
        if not (number.isascii() and number.isdigit()):
            raise NoMeetingError("room_without_number")
        return address.replace(_ROOM_PLACE, number)


ZOOM: Final = Zoom()


def _observation(
    parsed: ParticipantEvent | GatheringEvent, about: Gathering, connection: Connection | None, *identity: str
) -> Observation:
    kind, room, instant = _KINDS[parsed.event], about.room(), parsed.instant()
    return Observation(
        identity=(kind, room.key, about.uuid, *identity, epoch_milliseconds(instant)),
        kind=kind,
        room=room,
        time=instant,
        connection=connection,
    )


def _shape(value: dict[str, Any]) -> type[BaseModel]:
    event = value.get("event")
    if event == _VALIDATION:
        return UrlValidation
    kind = _KINDS.get(event) if isinstance(event, str) else None
    if kind is None:
        return OtherEvent
    return ParticipantEvent if kind in PERSONAL_KINDS else GatheringEvent
