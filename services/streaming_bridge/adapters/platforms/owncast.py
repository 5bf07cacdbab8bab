"""Owncast: one stream of one's own, whose chat tells who watches.

There is no signature and no retry: a token in the address is all there is, and what does not arrive is lost. Ten
workers send at once, so that deliveries come in any order. A person is there once, however many windows they have open,
and is told to have gone ten seconds after the last of them. Who opened the page before the stream began is never told
to have come.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import AliasChoices, BaseModel, Field

from services.streaming_bridge.adapters.platforms.anatomy import (
    USUAL_REFUSALS,
    Delivery,
    DisplayName,
    Domain,
    PlatformId,
    Rfc3339,
    SourceForm,
    Text,
    Visitor,
    matches_any,
    read_as,
    read_object,
)
from services.streaming_bridge.domain.errors import NoMeetingError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import Connection, Ignored, Kind, Observation, Room
from services.streaming_bridge.domain.sources import PlatformName, Source

ROOM: Final = "stream"
"""What an event claims: a server has one stream, and deliveries give it no name."""
_TOKEN: Final = "token"  # noqa: S105  (the name of a parameter)
_OF_STREAM: Final = {
    "STREAM_STARTED": (Kind.STREAM_STARTED, Kind.ROOM_OPENED),
    "STREAM_STOPPED": (Kind.STREAM_STOPPED, Kind.ROOM_CLOSED),
}
_OF_USER: Final = {"USER_JOINED": Kind.JOINED, "USER_PARTED": Kind.LEFT}


TokenInAddress = Annotated[str, Field(min_length=16, max_length=200, pattern=r"^[A-Za-z0-9._~-]+$")]
"""All the proof there is, and nothing that an address would have to quote."""


class OwncastForm(SourceForm):
    """An Owncast server; `domain` sends participants there."""

    proof_parameter: ClassVar = _TOKEN
    shown: ClassVar = ("domain",)

    platform: Literal["owncast"]
    webhook_token: Annotated[TokenInAddress, Field(validation_alias=AliasChoices("webhook_token", "secret"))]
    domain: Domain | None = None

    def delivery_secret(self) -> str:
        """The token in the address of the webhook."""
        return self.webhook_token


class User(BaseModel):
    """Somebody in the chat, or a program."""

    id: PlatformId
    display_name: Annotated[DisplayName, Field(alias="displayName")] = None
    is_bot: Annotated[bool | None, Field(alias="isBot")] = None


class EventData(BaseModel):
    """`eventData` of what counts; `id` is that of the event."""

    id: PlatformId
    timestamp: Rfc3339


class UserEventData(EventData):
    """The same about a person."""

    user: User


class StreamEvent(BaseModel):
    """The stream began or stopped."""

    type: Text
    data: Annotated[EventData, Field(alias="eventData")]


class UserEvent(BaseModel):
    """Somebody came to the chat, or went."""

    type: Text
    data: Annotated[UserEventData, Field(alias="eventData")]


class OtherEvent(BaseModel):
    """Anything else: what somebody wrote or called themselves is not even read."""

    type: Text


class Owncast:
    """The anatomy of Owncast."""

    name: ClassVar = PlatformName.OWNCAST
    form: ClassVar[type[SourceForm]] = OwncastForm
    proof_field: ClassVar = "webhook_token"
    webhook_path: ClassVar = "/webhooks/owncast/{source}"
    refusals: ClassVar = USUAL_REFUSALS

    def verify(
        self,
        delivery: Delivery,
        secrets: Iterable[str],
        *,
        now: datetime,  # noqa: ARG002  (of the anatomy; a token has no instant)
        tolerance: timedelta,  # noqa: ARG002
    ) -> None:
        """Compare the token in the address. It covers neither the body nor an instant."""
        given = parse_qs(urlsplit(delivery.url).query).get(_TOKEN)
        if given is None:
            raise UnverifiedDeliveryError("signature_missing", "The address lacks ?token=… with this source's token.")
        expected = [secret.encode() for secret in secrets]
        if len(given) > 1 or not matches_any(given[0].encode(errors="replace"), expected):
            raise UnverifiedDeliveryError("signature_wrong", "The token in the address is not one of this source.")

    def parse(self, delivery: Delivery) -> BaseModel:
        """Read a delivery by its `type`."""
        value = read_object(delivery.body)
        return read_as(_shape(value), value)

    def observe(self, parsed: BaseModel) -> Sequence[Observation | Ignored]:
        """A stream that stops is a room that closes: nobody watches any more, whoever is still in the chat."""
        match parsed:
            case UserEvent(data=UserEventData(user=User(is_bot=True)) as about):
                return [Ignored(identity=("ignored", parsed.type, about.id), event_type=parsed.type)]
            case UserEvent(data=about):
                connection = Connection(key=about.user.id, user_id=about.user.id, display_name=about.user.display_name)
                return [_observation(_OF_USER[parsed.type], about, connection)]
            case StreamEvent(data=about):
                return [_observation(kind, about, None) for kind in _OF_STREAM[parsed.type]]
            case OtherEvent(type=event_type):
                return [Ignored(identity=("ignored", event_type), event_type=event_type)]
        message = f"not a delivery of Owncast: {type(parsed).__name__}"
        raise TypeError(message)

    def join_url(
        self,
        source: Source,
        visitor: Visitor,  # noqa: ARG002  (of the anatomy; nobody is named)
        *,
        now: datetime,  # noqa: ARG002
        lifetime: timedelta,  # noqa: ARG002
    ) -> str:
        """`https://<domain>/`, the same for everybody."""
        domain = source.settings.get("domain")
        if domain is None:
            raise NoMeetingError("source_without_domain")
        return f"https://{domain}/"


OWNCAST: Final = Owncast()


def _observation(kind: Kind, about: EventData, connection: Connection | None) -> Observation:
    return Observation(
        identity=(kind, about.id),
        kind=kind,
        room=Room(name=ROOM, key=ROOM),
        time=about.timestamp,
        connection=connection,
    )


def _shape(value: dict[str, Any]) -> type[BaseModel]:
    event_type = value.get("type")
    if not isinstance(event_type, str):
        return OtherEvent
    if event_type in _OF_STREAM:
        return StreamEvent
    return UserEvent if event_type in _OF_USER else OtherEvent
