"""What clients send, as models: bounds on every field, and nothing unknown taken silently."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.envelope import Identifier, Instant
from schemas.identifiers import is_guest_id
from services.chassis.noted_acts import NotedAct
from services.registration.domain.checkins import Action

_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
# What browsers accept in <input type="email"> (WHATWG HTML), with a dot in the domain: without one no mail arrives.
_EMAIL: Final = re.compile(
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$"
)
LONGEST_EMAIL: Final = 254
LONGEST_NAME: Final = 200
MOST_SEATS: Final = 1_000_000
MOST_SPEAKERS: Final = 50


def check_text(text: str) -> str:
    """One line of text that shows what it is: no control characters, none that turn the direction of writing.

    Raises:
        PydanticCustomError: otherwise.
    """
    if _UNSEEN.search(text) or "\n" in text or "\r" in text:
        raise PydanticCustomError("text_unseen", "Use letters, numbers and punctuation only, on one line.")
    return text


def check_lines(text: str) -> str:
    """The same on several lines.

    Raises:
        PydanticCustomError: otherwise.
    """
    for line in text.splitlines():
        check_text(line)
    return text


def check_email(text: str) -> str:
    """An e-mail address, with the domain in lower case.

    Raises:
        PydanticCustomError: if it does not have the form of one.
    """
    local, at, domain = text.rpartition("@")
    if (
        not _EMAIL.match(text)
        or len(text) > LONGEST_EMAIL
        or ".." in local
        or local.startswith(".")
        or local.endswith(".")
    ):
        raise PydanticCustomError("email", "Enter an e-mail address, such as name@example.org.")
    return f"{local}{at}{domain.lower()}"


def _line(longest: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


Title = Annotated[str, _line(200), AfterValidator(check_text)]
Address = Annotated[str, _line(500), AfterValidator(check_text)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(check_lines)]
PersonName = Annotated[str, _line(LONGEST_NAME), AfterValidator(check_text)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_EMAIL), AfterValidator(check_email)]
Language = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
]
Needs = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000), AfterValidator(check_lines)]
TimeZone = Annotated[str, _line(100)]
Seats = Annotated[int, Field(ge=0, le=MOST_SEATS)]
GraceMinutes = Annotated[int, Field(ge=0, le=24 * 60)]
ReconnectGrace = Annotated[int, Field(ge=0, le=3600)]
OfferMinutes = Annotated[int, Field(ge=0, le=30 * 24 * 60)]
NoShowMinutes = Annotated[int, Field(ge=0, le=7 * 24 * 60)]
Headcount = Annotated[int, Field(ge=1, le=10_000)]
ScanId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
ClockOffset = Annotated[int, Field(ge=-(2**53), le=2**53)]
Label = Annotated[str, _line(100), AfterValidator(check_text)]


class Body(BaseModel):
    """Base of all bodies: a field that does not exist is an error, not a silent loss."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CheckInBody(Body):
    """A ticket, or a participant, at a door. `at` is set by a desk that was offline.

    `place_id` is a room or session of the event; without it, a door. `scan_id` names the scan: sent again, by whomever,
    it is the same one. `clock_offset_ms` is what the desk added to its own clock to tell `at`.
    """

    ticket: Annotated[str, _line(100)] | None = None
    participant_id: Identifier | None = None
    action: Action
    gate: Label | None = None
    device: Label | None = None
    at: Instant | None = None
    place_id: Identifier | None = None
    scan_id: ScanId | None = None
    clock_offset_ms: ClockOffset | None = None

    @model_validator(mode="after")
    def _names_one(self) -> "CheckInBody":
        if (self.ticket is None) == (self.participant_id is None):
            raise PydanticCustomError("one_of", "give either ticket or participant_id")
        return self


class WalkInBody(Body):
    """Somebody who is at the door without a registration. The rest is as in `CheckInBody`.

    With `look_first`, nobody is registered whose name or address is: they are named in the refusal.
    """

    name: PersonName
    email: Email | None = None
    language: Language = "fr"
    gate: Label | None = None
    device: Label | None = None
    at: Instant | None = None
    place_id: Identifier | None = None
    scan_id: ScanId
    clock_offset_ms: ClockOffset | None = None
    look_first: bool = False


class DeskParameters(BaseModel):
    """`since` is the `now` of an earlier answer: only what may have changed from then on is sent."""

    since: Instant | None = None


def _guest(text: str) -> str:
    if not is_guest_id(text):
        raise PydanticCustomError("guest_id", "must be a guest id, such as the presence list shows")
    return text


class LinkBody(Body):
    """A guest, and the participant they turned out to be."""

    guest_id: Annotated[str, AfterValidator(_guest)]
    participant_id: Identifier


class UnlinkBody(Body):
    """A link to undo."""

    guest_id: Annotated[str, AfterValidator(_guest)]
    participant_id: Identifier | None = None


class AcceptanceBody(Body):
    """Whom the fact is about: the `participant_id` or `guest_id` of its entry; nothing for a fact about a room."""

    subject: Identifier | None = None


class IntrospectBody(BaseModel):
    """A token that another service was shown."""

    token: Annotated[str, Field(max_length=1000)]


class NotedActBody(BaseModel):
    """What was done at another service, by the holder of a grant."""

    act: NotedAct
    holder: Identifier
    event_id: Identifier | None = None
    subject: Identifier | None = None


class StrangerBody(BaseModel):
    """A guest, with what their platform vouches for."""

    guest_id: Identifier
    registrant_id: Annotated[str, Field(max_length=300)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None


class StrangersBody(BaseModel):
    """The guests of an event whom the bridge asks after."""

    event_id: Identifier
    guests: Annotated[list[StrangerBody], Field(max_length=100)]


class NamesBody(BaseModel):
    """The participants whose names a page is to show."""

    event_id: Identifier
    ids: Annotated[list[str], Field(max_length=5000)]
