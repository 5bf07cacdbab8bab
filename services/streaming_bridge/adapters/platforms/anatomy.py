"""The anatomy that every platform module has: verify → parse → observe, and the way in for a participant."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Protocol, TypeVar
from urllib.parse import quote, unquote

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError, from_json

from services.streaming_bridge.domain.errors import UnreadableDeliveryError
from services.streaming_bridge.domain.observations import Ignored, Observation
from services.streaming_bridge.domain.sources import PlatformName, Source

_EARLIEST: Final = datetime(2001, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_LONGEST_NAME: Final = 200
CLOCK_SKEW: Final = timedelta(minutes=1)
"""How far the clock of a meeting server may be behind ours: links are valid from that much earlier."""

SourceName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""The name of a source: it stands in addresses, and events name it to claim a room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A webhook as it came: raw bytes, since signatures are over them. Header names are case-insensitive."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whom a join link lets in, and into which room (by the name the event claims it by)."""

    participant_id: str
    display_name: str
    room: str


class SourceForm(BaseModel):
    """What a platform must be told when a source is made; each platform adds its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: SourceName

    def delivery_secret(self) -> str:
        """The secret that proves deliveries."""
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        """What may be shown again."""
        raise NotImplementedError

    def secrets(self) -> dict[str, str]:
        """What may never be shown again: what signs join links."""
        raise NotImplementedError


class Platform(Protocol):
    """One conferencing platform. Nothing here does I/O or asks the clock."""

    name: ClassVar[PlatformName]
    form: ClassVar[type[SourceForm]]
    proof_field: ClassVar[str]
    """The field of the form that holds the secret of webhooks."""

    def verify(self, delivery: Delivery, secrets: Iterable[str], *, now: datetime, tolerance: timedelta) -> None:
        """Check on the raw bytes that one of the secrets was known to the sender.

        Raises:
            UnverifiedDeliveryError: if not.
        """
        ...

    def parse(self, delivery: Delivery) -> BaseModel:
        """Read the body.

        Raises:
            UnreadableDeliveryError: if it is not what this platform sends, naming each wrong field.
        """
        ...

    def observe(self, parsed: BaseModel) -> Observation | Ignored:
        """What a parsed delivery says. Personal fields stay behind, but for the display name."""
        ...

    def join_url(self, source: Source, visitor: Visitor, *, now: datetime, lifetime: timedelta) -> str:
        """The signed address of a meeting for one participant.

        Raises:
            NoMeetingError: if the source was not told how to make one.
        """
        ...


Parsed = TypeVar("Parsed", bound=BaseModel)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; `UnreadableDeliveryError` for anything else."""
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise UnreadableDeliveryError("not_json", (((), f"not JSON: {error}"),)) from None
    if not isinstance(value, dict):
        raise UnreadableDeliveryError("not_json", (((), "not a JSON object"),))
    return value


def read_as(model: type[Parsed], value: Mapping[str, Any]) -> Parsed:
    """A JSON object as a platform's shape; `UnreadableDeliveryError` naming each field that is missing or wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        errors = tuple((item["loc"], item["msg"]) for item in found)
        raise UnreadableDeliveryError("bad_field", errors) from None


def wrong(message: str) -> PydanticCustomError:
    """What a validator raises: the message alone, as somebody will read it."""
    return PydanticCustomError("wrong", "{message}", {"message": message})


def matches_any(given: bytes, expected: Iterable[bytes]) -> bool:
    """Whether a proof is one of those expected, in a time that tells neither which one nor how nearly."""
    found = False
    for proof in expected:
        found |= hmac.compare_digest(given, proof)
    return found


def room_in_address(room: str) -> str:
    """A room's name as it stands in a meeting's address, and so in the JWT's `room` (compared without case)."""
    return quote(unquote(room), safe="!'()*~-_.")


def instant_from(epoch_seconds: float) -> datetime:
    """An instant from epoch seconds, within the years in which a meeting can have been.

    A number outside them is another unit, or a field that somebody could write to.
    """
    if not _EARLIEST.timestamp() <= epoch_seconds < _LATEST.timestamp():
        raise wrong("not an instant between 2001 and 2100")
    return datetime.fromtimestamp(epoch_seconds, tz=UTC)


def _from_seconds(value: object) -> datetime:
    return instant_from(_number(value))


def _from_milliseconds(value: object) -> datetime:
    return instant_from(_number(value) / 1000)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong("not a number")
    return value


def _user_id(value: object) -> object:
    """Ids are text or numbers; Lua writes the number 42 as `42.0`, and an empty id is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise wrong("neither text nor a number")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value in {None, ""} else str(value)


def _display_name(value: object) -> object:
    """A name is never worth refusing somebody's presence for: what is no text is no name."""
    if not isinstance(value, str):
        return None
    printable = "".join(character for character in value if character.isprintable()).strip()
    return printable[:_LONGEST_NAME] or None


Text = Annotated[str, Field(strict=True, min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Text without control characters, which not every database can hold."""
EpochSeconds = Annotated[datetime, BeforeValidator(_from_seconds)]
EpochMilliseconds = Annotated[datetime, BeforeValidator(_from_milliseconds)]
UserId = Annotated[Text | None, BeforeValidator(_user_id)]
DisplayName = Annotated[str | None, BeforeValidator(_display_name)]


def _without_scheme(value: str) -> str:
    return value.strip().removeprefix("https://").rstrip("/")


Secret = Annotated[str, Field(min_length=8, max_length=500, pattern=r"^[\x21-\x7e]+$")]
"""A shared secret: printable ASCII without spaces, since it travels in a header or is copied from a console."""
Domain = Annotated[
    str,
    Field(max_length=253),
    AfterValidator(_without_scheme),
    Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$"),
]
"""The host of a meeting server, without `https://` (which is taken away)."""
AppId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
