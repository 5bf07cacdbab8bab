"""The records of our own topics as rows of the read model: one parse of what attendance itself has written.

Only what is used is looked at, and what the log holds as JSON is stored in the same characters. A record that does not
have the shape expected here is read again by the schemas: they decide whether it can be read at all, and say why not.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from pydantic import ValidationError

from schemas import topics
from schemas.decode import UnreadableRecordError, decode
from schemas.presence import ContradictionKind, EndInferred, PresenceChanged, PresenceEarlier, PresenceStatus
from schemas.registration import EventData, Mode
from schemas.timeline import SuspectTime, TimelineEntry
from services.attendance.adapters.projection import Batch, Row
from services.attendance.adapters.tables import EVENT_FACT, to_column
from services.attendance.adapters.timeline import OWN_SOURCE
from services.attendance.application.evidence import canonical_fact
from services.attendance.domain.merkle import leaf_hash
from services.chassis.json_text import JsonText

_CHECK_IN_FACT: Final = "passerelle.checkin."
_REMOTE_FACTS: Final = (
    "passerelle.participation.joined.v1",
    "passerelle.participation.left.v1",
    "passerelle.participation.voided.v1",
    "passerelle.participation.interaction.v1",
)
_MAYBE_NULL_CHARACTER: Final = b"\\u0000"

_Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.:~-]+\Z")]
Told = TypeVar("Told")

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _EntryData(msgspec.Struct):
    event_id: _Identifier
    fact: msgspec.Raw
    participant_id: _Identifier | None = None
    guest_id: _Identifier | None = None
    presence: "_Reached | None" = None
    withdrawn_at: _Instant | None = None
    suspect_time: SuspectTime | None = None


class _Seconds(msgspec.Struct):
    in_person: float = 0
    remote: float = 0
    both: float = 0
    total: float = 0


class _Reached(msgspec.Struct):
    status: PresenceStatus
    seconds: _Seconds


class _Entry(msgspec.Struct, tag_field="type", tag="passerelle.timeline.entry.v1"):
    id: _Identifier
    time: _Instant
    recordedtime: _Instant
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    data: _EntryData


class _Interval(msgspec.Struct):
    """What is checked of an interval, and looked at."""

    mode: Mode
    start: _Instant
    via: str
    end: _Instant | None = None
    end_inferred: EndInferred | None = None
    left_inferred: Literal["silence"] | None = None
    start_inferred: bool = False


class _PresenceData(msgspec.Struct):
    event_id: _Identifier
    status: PresenceStatus
    seconds: _Seconds = msgspec.field(default_factory=_Seconds)
    intervals: msgspec.Raw = msgspec.Raw(b"[]")
    registered_mode: Mode | None = None
    registration: Literal["confirmed", "waitlisted", "cancelled"] | None = None
    linked_to: _Identifier | None = None
    contradictions: list["_Contradiction"] = []
    suspect: list[_Identifier] = []
    earlier: Annotated[int, msgspec.Meta(ge=0)] = 0


class _Contradiction(msgspec.Struct):
    fact_id: _Identifier
    time: str
    kind: ContradictionKind


class _Presence(msgspec.Struct, tag_field="type", tag="passerelle.presence.changed.v1"):
    id: _Identifier
    subject: _Identifier
    time: _Instant
    data: _PresenceData


class _EarlierData(msgspec.Struct):
    event_id: _Identifier
    number: Annotated[int, msgspec.Meta(ge=0)]
    intervals: msgspec.Raw = msgspec.Raw(b"[]")


class _Earlier(msgspec.Struct, tag_field="type", tag="passerelle.presence.earlier.v1"):
    id: _Identifier
    subject: _Identifier
    data: _EarlierData


class _Fact(msgspec.Struct):
    type: Any = ""
    source: Any = None
    data: Any = None


_read_entry: Final = msgspec.json.Decoder(_Entry).decode
_read_presence: Final = msgspec.json.Decoder(_Presence | _Earlier).decode
_read_intervals: Final = msgspec.json.Decoder(list[_Interval]).decode
_read_fact: Final = msgspec.json.Decoder(_Fact).decode
_to_json: Final = msgspec.json.Encoder().encode


def read_record(batch: Batch, topic: str, key: bytes | None, value: bytes | None) -> None:
    """Add what one record asks for to a batch.

    Raises:
        UnreadableRecordError: if its value or its key is none that these topics can have.
    """
    if topic == topics.PRESENCE.name:
        _presence(batch, key, value)
    elif value is not None:
        _entry(batch, value)


def _presence(batch: Batch, key: bytes | None, value: bytes | None) -> None:
    event_id, subject, number = _presence_key(key)
    if value is None:
        if number is None:
            batch.presence[event_id, subject] = None
        else:
            batch.earlier[event_id, subject, number] = None
        return
    told, modes = _read(_told_presence, value, PresenceChanged | PresenceEarlier, "a presence")
    if isinstance(told, _Earlier):
        batch.earlier[told.data.event_id, told.subject, told.data.number] = {
            "event_id": told.data.event_id,
            "subject": told.subject,
            "number": told.data.number,
            "intervals": _text(told.data.intervals),
        }
    else:
        row = None if _is_nobody(told.data) else _presence_row(told, modes)
        batch.presence[told.data.event_id, told.subject] = row


def _is_nobody(data: _PresenceData) -> bool:
    """Whether the record holds state alone: `services.attendance.domain.fold.NOBODY` is no person to be listed."""
    return (
        data.status is PresenceStatus.ABSENT
        and data.registration is data.registered_mode is data.linked_to is None
        and not (data.earlier or data.contradictions or data.suspect or _read_intervals(data.intervals))
    )


def _presence_row(told: _Presence, modes: set[str]) -> Row:
    data = told.data
    # Those of earlier intervals are told by their seconds.
    modes |= {mode for mode, spent in (("in_person", data.seconds.in_person), ("remote", data.seconds.remote)) if spent}
    return {
        "event_id": data.event_id,
        "subject": told.subject,
        "time": to_column(told.time),
        "status": data.status.value,
        "registered_mode": data.registered_mode and data.registered_mode.value,
        "registration": data.registration,
        "linked_to": data.linked_to,
        "intervals": _text(data.intervals),
        "seconds": _text(_to_json(data.seconds)),
        "contradictions": _text(_to_json(data.contradictions)) if data.contradictions else None,
        "suspect": _text(_to_json(data.suspect)) if data.suspect else None,
        "earlier": data.earlier,
        "modes": ",".join(sorted(modes)),
    }


def _presence_key(key: bytes | None) -> tuple[str, str, int | None]:
    event_id, _, rest = (key or b"").decode(errors="replace").partition("/")
    subject, slash, number = rest.partition("/")
    if not (event_id and subject) or (slash and not number.isdecimal()):
        raise UnreadableRecordError("key: event_id/subject was expected")
    return event_id, subject, int(number) if slash else None


def _entry(batch: Batch, value: bytes) -> None:
    told, fact = _read(_told_entry, value, TimelineEntry, "a timeline entry")
    data = told.data
    kind = str(fact.type)
    if kind.startswith(EVENT_FACT):
        batch.tell_event(_event_row(told, fact))
    if data.suspect_time is not None:
        batch.suspect.add((data.event_id, told.id))
    source = told.source if fact.source is None else str(fact.source)
    batch.entries[data.event_id, told.id] = {
        "event_id": data.event_id,
        "id": told.id,
        "time": to_column(told.time),
        "recorded": to_column(told.recordedtime),
        "type": kind,
        "source": source,
        "participant_id": data.participant_id,
        "guest_id": data.guest_id,
        "mode": _mode_of(kind, fact),
        "reached": None if data.presence is None else _text(_to_json(data.presence)),
        "fact": _text(data.fact),
        "withdrawn_at": None if data.withdrawn_at is None else to_column(data.withdrawn_at),
        "leaf": None if source == OWN_SOURCE else _leaf(bytes(data.fact)),
    }


def _leaf(fact: bytes) -> bytes | None:
    """What the fact is in the evidence; None if it cannot be read: that is for who asks for the evidence to say."""
    try:
        return leaf_hash(canonical_fact(fact))
    except UnreadableRecordError:
        return None


def _event_row(told: _Entry, fact: _Fact) -> Row:
    try:
        data = EventData.model_validate(fact.data)
    except ValidationError:
        raise UnreadableRecordError("data.fact.data: not the data of an event") from None
    return {
        "event_id": told.data.event_id,
        "time": to_column(told.time),
        "fact_id": told.id,
        "data": JsonText(data.model_dump_json()),
    }


def _mode_of(kind: str, fact: _Fact) -> str | None:
    if kind.startswith(_CHECK_IN_FACT):
        return "in_person"
    if kind in _REMOTE_FACTS:
        return "remote"
    mode = fact.data.get("mode") if isinstance(fact.data, dict) else None
    return mode if isinstance(mode, str) else None


def _text(raw: "msgspec.Raw | bytes") -> JsonText:
    return JsonText(bytes(raw).decode())


def _told_presence(value: bytes) -> tuple[_Presence | _Earlier, set[str]]:
    told = _read_presence(value)
    return told, {interval.mode.value for interval in _read_intervals(told.data.intervals)}


def _told_entry(value: bytes) -> tuple[_Entry, _Fact]:
    told = _read_entry(value)
    return told, _read_fact(told.data.fact)


def _read(light: Callable[[bytes], Told], value: bytes, expected: Any, called: str) -> Told:  # noqa: ANN401  (types)
    """A record; in the words of the schemas where it is in others than ours.

    Raises:
        UnreadableRecordError: if the schemas cannot read it, or it is of another type.
    """
    # What may hold U+0000, which no database text can hold, is for the schemas to look at.
    if _MAYBE_NULL_CHARACTER not in value:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return light(value)
    fact = decode(value)
    if not isinstance(fact, expected):
        raise UnreadableRecordError(f"type: {called} was expected here")
    try:
        return light(fact.to_bytes())
    except (msgspec.MsgspecError, RecursionError) as error:
        raise UnreadableRecordError(f"value: {error}") from None
