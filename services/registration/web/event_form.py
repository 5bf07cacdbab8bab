"""The form by which an organizer describes an event. Its fields are named by their place: `sessions.0.title`."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.support import NullTranslations
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    NaiveDatetime,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.envelope import Identifier
from services.chassis.pages.forms import Form
from services.chassis.pages.languages import mark
from services.registration.application.event_drafts import EventDraft, RoomDraft, SessionDraft
from services.registration.domain.agenda import Conference, Room, Session
from services.registration.domain.errors import InvalidValueError, Rule
from services.registration.domain.event import OFFER_MINUTES, Event
from services.registration.domain.event_versions import version_of
from services.registration.domain.seats import Capacity
from services.registration.web.bodies import (
    LONGEST_NAME,
    MOST_SPEAKERS,
    Address,
    Description,
    GraceMinutes,
    NoShowMinutes,
    OfferMinutes,
    Seats,
    TimeZone,
    Title,
    check_lines,
)
from services.registration.web.data_contact_form import DataContactFields, contact_values
from services.registration.web.form_rows import gather_rows
from services.registration.web.question_form import (
    SENTENCES,
    QuestionRow,
    question_drafts,
    question_values,
    without_removed,
)
from services.registration.web.stream_form import StreamFields, stream_values

_SENTENCES: Final[Mapping[Rule, str]] = {
    Rule.OF_OUR_TIMES: mark("Choose a date in a year from 1970 to 2199."),
    Rule.ENDS_AFTER_START: mark("Choose an end after the start."),
    Rule.NOT_TOO_LONG: mark("Choose an end within a year of the start."),
    Rule.KNOWN_TIME_ZONE: mark("Enter a time zone by its continent and city, such as Europe/Paris."),
    Rule.OWN_ROOM_NAME: mark("Another room has this name: give each its own."),
    Rule.KNOWN_CONFERENCE: mark("Only who organizes all events connects an event to an online room: ask them."),
    Rule.OWN_CONFERENCE: mark("Another room has this conference: give each its own."),
    Rule.NOT_BEFORE_EVENT: mark("Choose a start that is not before the event’s."),
    Rule.NOT_AFTER_EVENT: mark("Choose an end that is not after the event’s."),
    Rule.ROOM_OF_EVENT: mark("Enter the name of one of the rooms above."),
    **SENTENCES,
}
_IDENTIFIER: Final = TypeAdapter(Identifier)


def _check_names(text: str) -> str:
    """Names, one a line.

    Raises:
        PydanticCustomError: if they are too many, or one is too long to be a name.
    """
    names = check_lines(text).splitlines()
    if len(names) > MOST_SPEAKERS or any(len(name) > LONGEST_NAME for name in names):
        sentence = mark("Enter at most 50 names, one a line, of 200 characters at most each.")
        raise PydanticCustomError("speakers", sentence)
    return text


def _check_source(name: str | None) -> str | None:
    """The name of a source, or none.

    Raises:
        PydanticCustomError: if none could have it.
    """
    try:
        return None if name is None else _IDENTIFIER.validate_python(name)
    except ValidationError:
        sentence = mark("Enter the name that a platform has on the page of platforms: letters, digits, no spaces.")
        raise PydanticCustomError("source", sentence) from None


class RoomRow(StreamFields):
    """A row of the rooms; a conference needs both its source and its room."""

    name: Title
    source: Annotated[str | None, AfterValidator(_check_source)] = None
    conference_room: Annotated[str | None, Field(max_length=500, validate_default=True)] = None
    address: Address | None = None
    room_id: Identifier | None = None

    @field_validator("conference_room", mode="after")
    @classmethod
    def _both_or_neither(cls, room: str | None, info: ValidationInfo) -> str | None:
        if "source" in info.data and (room is None) != (info.data["source"] is None):
            sentence = mark("Fill in both the source and the room of the conference, or neither.")
            raise PydanticCustomError("conference_parts", sentence)
        return room


class SessionRow(BaseModel):
    """A row of the agenda, in the local time of the event."""

    title: Title
    starts_at: NaiveDatetime
    ends_at: NaiveDatetime
    room: Title | None = None
    description: Description | None = None
    speakers: Annotated[str, AfterValidator(_check_names)] = ""
    in_person_seats: Seats | None = None
    remote_seats: Seats | None = None
    cancelled: bool = False
    registration_needed: bool = False
    session_id: Identifier | None = None


class EventForm(DataContactFields):
    """An event as typed, in its local time. Rows that are empty are left out."""

    title: Title
    description: Description | None = None
    series: Title | None = None
    timezone: TimeZone
    starts_at: NaiveDatetime
    ends_at: NaiveDatetime
    in_person_seats: Seats | None = None
    remote_seats: Seats | None = None
    grace_minutes: GraceMinutes = 15
    offer_minutes: OfferMinutes = OFFER_MINUTES
    no_show_minutes: NoShowMinutes | None = None
    sessions: dict[str, SessionRow] = Field(default_factory=dict)
    rooms: dict[str, RoomRow] = Field(default_factory=dict)
    questions: dict[str, QuestionRow] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _rows(cls, filled: Any) -> Any:  # noqa: ANN401  (pydantic hands over what was given)
        tables = {"sessions": "session_id", "rooms": "room_id", "questions": "question_id"}
        gathered = gather_rows(filled, tables)
        return gathered | {"questions": without_removed(gathered["questions"])}

    def draft(self) -> EventDraft:
        """The command in the form.

        Raises:
            InvalidValueError: if nobody knows the time zone.
        """
        try:
            zone = ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidValueError(pointer="/timezone", rule=Rule.KNOWN_TIME_ZONE) from None
        return EventDraft(
            title=self.title,
            description=self.description,
            series=self.series,
            starts_at=self.starts_at.replace(tzinfo=zone),
            ends_at=self.ends_at.replace(tzinfo=zone),
            timezone=self.timezone,
            capacity=Capacity(in_person=self.in_person_seats, remote=self.remote_seats),
            grace_minutes=self.grace_minutes,
            offer_minutes=self.offer_minutes,
            no_show_minutes=self.no_show_minutes,
            rooms=tuple(_room(row) for row in self.rooms.values()),
            sessions=tuple(_session(row, zone) for row in self.sessions.values()),
            data_contact=self.data_contact(),
            questions=question_drafts(self.questions.values()),
        )


def refused(form: Form[EventForm], error: InvalidValueError, texts: NullTranslations) -> Form[EventForm]:
    """The form again, with the error at the field that broke the rule."""
    table, *place = error.pointer.strip("/").split("/")
    if place and form.model is not None:
        rows = getattr(form.model, table)
        place[0] = list(rows)[int(place[0])]
        if place[-1] == "conference":
            place[-1] = "conference_room"
    return form.with_error(".".join([table, *place]), sentence_of(error, texts))


def sentence_of(error: InvalidValueError, texts: NullTranslations) -> str:
    """What to say beside a field of an event."""
    return texts.gettext(_SENTENCES[error.rule])


def filled_with(event: Event) -> Form[EventForm]:
    """The form of an event that exists, with the version that its editor sees."""
    zone = ZoneInfo(event.timezone)
    values: dict[str, str] = {
        "title": event.title,
        "description": event.description or "",
        "series": event.series or "",
        "timezone": event.timezone,
        "starts_at": _local(event.starts_at, zone),
        "ends_at": _local(event.ends_at, zone),
        "in_person_seats": _number(event.capacity.in_person),
        "remote_seats": _number(event.capacity.remote),
        "grace_minutes": str(event.grace_minutes),
        "offer_minutes": str(event.offer_minutes),
        "no_show_minutes": _number(event.no_show_minutes),
    } | contact_values(event.data_contact)
    for index, session in enumerate(event.sessions):
        values |= _session_values(index, session, zone)
    for index, room in enumerate(event.rooms):
        values |= _room_values(index, room)
    values |= question_values(event.questions)
    return Form.empty(**values, version=version_of(event), seen=json.dumps(values, ensure_ascii=False))


def _room_values(index: int, room: Room) -> dict[str, str]:
    return {
        f"rooms.{index}.room_id": room.room_id,
        f"rooms.{index}.name": room.name,
        f"rooms.{index}.source": room.conference.source if room.conference else "",
        f"rooms.{index}.conference_room": room.conference.room if room.conference else "",
        f"rooms.{index}.address": room.address or "",
    } | {f"rooms.{index}.{field}": text for field, text in stream_values(room.stream).items()}


def _session_values(index: int, session: Session, zone: ZoneInfo) -> dict[str, str]:
    return {
        f"sessions.{index}.session_id": session.session_id,
        f"sessions.{index}.title": session.title,
        f"sessions.{index}.starts_at": _local(session.starts_at, zone),
        f"sessions.{index}.ends_at": _local(session.ends_at, zone),
        f"sessions.{index}.room": session.room or "",
        f"sessions.{index}.description": session.description or "",
        f"sessions.{index}.speakers": "\n".join(session.speakers),
        f"sessions.{index}.in_person_seats": _number(session.capacity.in_person),
        f"sessions.{index}.remote_seats": _number(session.capacity.remote),
        f"sessions.{index}.cancelled": "true" if session.cancelled else "",
        f"sessions.{index}.registration_needed": "true" if session.registration_needed else "",
    }


def _room(row: RoomRow) -> RoomDraft:
    both = row.source is not None and row.conference_room is not None
    return RoomDraft(
        name=row.name,
        conference=Conference(source=row.source or "", room=row.conference_room or "") if both else None,
        address=row.address,
        stream=row.stream(),
        room_id=row.room_id,
    )


def _session(row: SessionRow, zone: ZoneInfo) -> SessionDraft:
    return SessionDraft(
        title=row.title,
        starts_at=row.starts_at.replace(tzinfo=zone),
        ends_at=row.ends_at.replace(tzinfo=zone),
        room=row.room,
        description=row.description,
        speakers=tuple(name.strip() for name in row.speakers.splitlines() if name.strip()),
        capacity=Capacity(in_person=row.in_person_seats, remote=row.remote_seats),
        cancelled=row.cancelled,
        registration_needed=row.registration_needed,
        session_id=row.session_id,
    )


def _local(instant: datetime, zone: ZoneInfo) -> str:
    """As `<input type="datetime-local">` takes it; seconds only where there are some."""
    local = instant.astimezone(zone).replace(tzinfo=None)
    return local.isoformat(timespec="minutes" if not local.second and not local.microsecond else "milliseconds")


def _number(seats: int | None) -> str:
    return "" if seats is None else str(seats)
