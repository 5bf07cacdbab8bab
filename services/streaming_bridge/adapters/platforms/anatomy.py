"""The anatomy that every platform module has: verify → parse → observe, and the way in for a participant."""

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Protocol, TypeVar
from urllib.parse import quote, unquote

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError, from_json

from services.streaming_bridge.adapters.platforms.source_names import SourceName
from services.streaming_bridge.domain.errors import UnreadableDeliveryError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import Ignored, Observation
from services.streaming_bridge.domain.sources import PlatformName, Source

_EARLIEST: Final = datetime(2001, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_LONGEST_NAME: Final = 200
_LONGEST_NUMBER: Final = 10**18
_MILLISECONDS_FROM: Final = 10**11
_EMAIL: Final = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,189}")
CLOCK_SKEW: Final = timedelta(minutes=1)
"""How far the clock of a meeting server may be behind ours: links are valid from that much earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A webhook as it came: raw bytes, since signatures are over them. Header names are case-insensitive.

    `url` is the whole address it was sent to, as the platform knows it.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """The statuses that tell a platform that a delivery was not taken, so that it goes on sending all the same.

    Platforms differ in what they send again, and in what makes them stop for good. `unreadable` below 300: what cannot
    be read is kept aside, and sending it again would only bring the platform to give up.
    """

    unproved: int = 401
    unreadable: int = 400


USUAL_REFUSALS: Final = Refusals()
"""For platforms that nothing stops, or nothing starts again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whom a join link lets in, and into which room (by the name the event claims it by); `moderates`: an organizer."""

    participant_id: str
    display_name: str
    room: str
    moderates: bool = False


class SourceForm(BaseModel):
    """What a platform must be told when a source is made; each platform adds its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    proof_parameter: ClassVar[str | None] = None
    """The parameter of the webhook's address that holds its secret, where a platform can prove itself no better."""
    shown: ClassVar[tuple[str, ...]] = ()
    """The fields that may be shown again."""
    signing: ClassVar[tuple[str, ...]] = ()
    """The fields that sign join links, which may never be shown again."""

    name: SourceName

    def delivery_secret(self) -> str:
        """The secret that proves deliveries."""
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        """What may be shown again, as far as it was told."""
        return self._told(self.shown)

    def secrets(self) -> dict[str, str]:
        """What may never be shown again, as far as it was told: what signs join links."""
        return self._told(self.signing)

    def _told(self, fields: tuple[str, ...]) -> dict[str, str]:
        return {name: value for name in fields if (value := getattr(self, name)) is not None}


class Challenge(BaseModel):
    """What a platform asks before it sends anything, to see who listens; each that asks adds its fields.

    It is answered at once, and nothing of it is kept.
    """

    def answer(self, secret: str) -> Mapping[str, str]:
        """What is answered; `secret` is the one that the question was proved by."""
        raise NotImplementedError


class Platform(Protocol):
    """One conferencing platform. Nothing here does I/O or asks the clock."""

    name: ClassVar[PlatformName]
    form: ClassVar[type[SourceForm]]
    proof_field: ClassVar[str]
    """The field of the form that holds the secret of webhooks."""
    webhook_path: ClassVar[str]
    """Where its deliveries come to; `{source}` is the name of the source."""
    refusals: ClassVar[Refusals]

    def verify(self, delivery: Delivery, secrets: Iterable[str], *, now: datetime, tolerance: timedelta) -> None:
        """Check on the raw bytes that one of the secrets was known to the sender.

        Raises:
            UnverifiedDeliveryError: if not.
        """
        ...

    def parse(self, delivery: Delivery) -> BaseModel:
        """Read the body; a `Challenge` is answered, and never observed.

        Raises:
            UnreadableDeliveryError: if it is not what this platform sends, naming each wrong field.
        """
        ...

    def observe(self, parsed: BaseModel) -> Sequence[Observation | Ignored | UnreadableDeliveryError]:
        """What a parsed delivery says, one or several things. Personal fields stay behind, but for the display name.

        An error stands for a part that cannot be read, among others that count: the whole delivery is kept aside too.
        """
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


def signed_at(stamp: str) -> datetime:
    """The instant of a signature: decimal digits, in seconds as documented or in milliseconds.

    Raises:
        UnverifiedDeliveryError: for an instant that no clock shows.
    """
    seconds = int(stamp)
    if seconds >= _MILLISECONDS_FROM:
        seconds //= 1000
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        raise UnverifiedDeliveryError("signature_stale", "The signature's t is too far from the present.") from None


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


def _from_rfc3339(value: object) -> datetime:
    """Fractions beyond the microsecond are cut off."""
    if not isinstance(value, str):
        raise wrong("not text")
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise wrong("not an instant as 2026-11-23T09:00:00Z") from None
    if instant.tzinfo is None:
        raise wrong("an instant without its zone")
    return instant_from(instant.timestamp())


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong("not a number")
    # Of a whole number this long, not even a fraction can be taken.
    return min(value, _LONGEST_NUMBER)


def _user_id(value: object) -> object:
    """Ids are text or numbers; Lua writes the number 42 as `42.0`, and an empty id is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise wrong("neither text nor a number")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value in {None, ""} else str(value)


def _email(value: object) -> object:
    """An address is never worth refusing somebody's presence for: what is none is left out."""
    if not isinstance(value, str) or not _EMAIL.fullmatch(value.strip()):
        return None
    return value.strip()


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
Rfc3339 = Annotated[datetime, BeforeValidator(_from_rfc3339)]
PlatformId = Annotated[Text, BeforeValidator(_user_id)]
"""An id that must be there, as text or as a number."""
UserId = Annotated[Text | None, BeforeValidator(_user_id)]
DisplayName = Annotated[str | None, BeforeValidator(_display_name)]
EmailAddress = Annotated[str | None, BeforeValidator(_email)]


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
