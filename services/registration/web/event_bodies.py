"""What clients send about events, as models."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from schemas.envelope import Identifier, Instant
from services.registration.domain.event import OFFER_MINUTES
from services.registration.domain.questions import MOST_CHOICES, MOST_QUESTIONS, QuestionKind
from services.registration.web.bodies import (
    MOST_SPEAKERS,
    Address,
    Body,
    Description,
    Email,
    GraceMinutes,
    NoShowMinutes,
    OfferMinutes,
    PersonName,
    ReconnectGrace,
    Seats,
    TimeZone,
    Title,
    check_text,
)
from services.registration.web.stream_form import StreamBody

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
ConferenceRoom = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(check_text)
]
Choice = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(check_text)
]


class CapacityBody(Body):
    """Seats by mode; null is without limit."""

    in_person: Seats | None = None
    remote: Seats | None = None


class ConferenceBody(Body):
    """The platform's room: `source` as named in the streaming bridge, `room` as the platform names it."""

    source: Identifier
    room: ConferenceRoom


class RoomBody(Body):
    """A room; `room_id` keeps the identity of a room that the event has."""

    name: Title
    conference: ConferenceBody | None = None
    address: Address | None = None
    stream: StreamBody | None = None
    room_id: Identifier | None = None


class SessionBody(Body):
    """A session; `room` is the name of a room of the event, `speakers` are names that may be made public.

    With `registration_needed` people register for it, and `capacity` is held to.
    """

    title: Title
    starts_at: Instant
    ends_at: Instant
    room: Title | None = None
    description: Description | None = None
    speakers: Annotated[list[PersonName], Field(max_length=MOST_SPEAKERS)] = Field(default=[])
    capacity: CapacityBody = CapacityBody()
    cancelled: bool = False
    registration_needed: bool = False
    session_id: Identifier | None = None


class DataContactBody(Body):
    """Who answers for the personal data (the controller), and how people reach them; `officer` is a DPO.

    Whoever registers is told; what people reply to letters goes to `email`.
    """

    controller: Title
    email: Email
    postal_address: Address | None = None
    officer: Address | None = None


class QuestionBody(Body):
    """A question to who registers; `question_id` keeps the identity of one that the event has, and with it its answers.

    `choices` are for `one_choice` and `several_choices`: 2 to 20. One that is `required` is answered by who registers
    for themselves; lists, groups, venues, ticket shops and desks may leave it. Ask for what the event needs, and never
    for health: what people need to be able to take part is `accessibility_needs`.
    """

    text: Title
    kind: QuestionKind
    choices: Annotated[list[Choice], Field(max_length=MOST_CHOICES)] = Field(default=[])
    required: bool = False
    help: Address | None = None
    question_id: Identifier | None = None


Questions = Annotated[list[QuestionBody], Field(max_length=MOST_QUESTIONS)]
Rooms = Annotated[list[RoomBody], Field(max_length=100)]
Sessions = Annotated[list[SessionBody], Field(max_length=500)]


class NewEvent(Body):
    """An event to create; a field that is null is left out."""

    title: Title
    starts_at: Instant
    ends_at: Instant
    timezone: TimeZone
    capacity: CapacityBody = CapacityBody()
    grace_minutes: GraceMinutes = 15
    reconnect_grace_seconds: ReconnectGrace = 60
    offer_minutes: OfferMinutes = OFFER_MINUTES
    no_show_minutes: NoShowMinutes | None = None
    description: Description | None = None
    series: Title | None = None
    sessions: Sessions = Field(default=[])
    rooms: Rooms = Field(default=[])
    data_contact: DataContactBody | None = None
    questions: Questions = Field(default=[])

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, given: object) -> object:
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given


class EventPatch(Body):
    """What to change of an event: what is left out stays; `sessions`, `rooms` and `questions` are replaced as a whole.

    Only the fields in `model_fields_set` mean anything: the defaults are there to let the others be left out.
    """

    title: Title = Field(default_factory=str)
    starts_at: Instant = Field(default_factory=lambda: _NEVER)
    ends_at: Instant = Field(default_factory=lambda: _NEVER)
    timezone: TimeZone = Field(default_factory=str)
    capacity: CapacityBody = CapacityBody()
    grace_minutes: GraceMinutes = 15
    reconnect_grace_seconds: ReconnectGrace = 60
    offer_minutes: OfferMinutes = OFFER_MINUTES
    no_show_minutes: NoShowMinutes | None = None
    description: Description | None = None
    series: Title | None = None
    sessions: Sessions = Field(default=[])
    rooms: Rooms = Field(default=[])
    data_contact: DataContactBody | None = None
    questions: Questions = Field(default=[])


class DuplicateBody(Body):
    """When the copy of an event begins; it has the same title unless another is given."""

    starts_at: Instant
    title: Title | None = None
