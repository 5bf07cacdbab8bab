"""From the wire to the domain: what a fact's document says, as the fold sees it.

A *document* is the JSON object of a fact that `schemas.decode` has read, as `document` writes it. It is what the
timeline's entries and the worker's state hold, so that folding them again needs no validation.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, TypeAlias, TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.decode import KnownFact, decode
from schemas.presence import PresenceChanged, PresenceEarlier
from schemas.timeline import END_INFERRED, TimelineEntry
from services.attendance.domain.errors import AttendanceError
from services.attendance.domain.facts import (
    IN_PERSON,
    Act,
    Channel,
    EventTimeAcceptance,
    Fact,
    LinkChange,
    Mode,
    Movement,
    Notice,
    Place,
    Registration,
    RoomChange,
    SeatChange,
    Snapshot,
    TimeAcceptance,
    Voiding,
)

Document: TypeAlias = Mapping[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
DIGEST_BYTES: Final = 6
"""So that a digest is a number that every reader of JSON can hold."""
_IDENTITY: Final = "passerelle.registration.identity."
_EVENT_CLOSED: Final = "passerelle.registration.event.closed.v1"


class NotAnInputError(AttendanceError):
    """A record of the fold's own making came in as if it were a fact about an event."""

    def __init__(self, fact_type: str) -> None:
        """Keep the type, which is all that is wrong."""
        super().__init__(f"type: {fact_type} is what attendance tells, not what it reads")
        self.fact_type = fact_type


def document(fact: KnownFact) -> Document:
    """The fact as its document.

    Raises:
        NotAnInputError: if it is one that the fold writes, not one that it reads.
    """
    if isinstance(fact, PresenceChanged | PresenceEarlier | TimelineEntry):
        raise NotAnInputError(fact.type)
    return fact.model_dump(mode="json", exclude_none=True)


def digest(value: bytes) -> bytes:
    """What decides between two copies of a fact recorded at one instant, given the value of the record as it came."""
    return blake2b(value, digest_size=DIGEST_BYTES).digest()


def copy_key(fact: KnownFact) -> tuple[str, str]:
    """What the copies of one fact have in common: its id, and whom it is about where presence is folded from it.

    The worker keeps the facts about somebody with them, so that of two facts of one id each counts for its own subject.
    """
    return fact.id, "" if fact.type.startswith(_IDENTITY) else fact.subject or ""


def read_fact(value: bytes) -> Fact:
    """What a record says to the fold, given its value as it came.

    Raises:
        UnreadableRecordError: if it is no fact of a known type.
        NotAnInputError: if it is one that the fold writes, not one that it reads.
    """
    return domain_fact(document(decode(value)), canonical=digest(value))


def domain_fact(document: Document, *, canonical: bytes = b"") -> Fact:
    """What a fact says to the fold.

    `canonical` is the `digest` of its record, needed where others with its id may stand in the same set, and differ.
    """
    return _READERS[document["type"]](document, _stamp(document, canonical))


def milliseconds(instant: str) -> int:
    """An instant of the wire as whole milliseconds since the epoch, exactly."""
    return (datetime.fromisoformat(instant) - _EPOCH) // _MILLISECOND


def instant(at: int) -> datetime:
    """Whole milliseconds since the epoch as an instant in UTC, exactly."""
    return _EPOCH + timedelta(milliseconds=at)


class Stamp(TypedDict):
    """What every fact has: the fields of `services.attendance.domain.facts.AnyFact`."""

    id: str
    time: int
    recorded: int
    source: str
    canonical: bytes


def _stamp(document: Document, canonical: bytes) -> Stamp:
    return {
        "id": document["id"],
        "time": milliseconds(document["time"]),
        "recorded": milliseconds(document["recordedtime"]),
        "source": document["source"],
        "canonical": canonical,
    }


def _snapshot(document: Document, stamp: Stamp) -> Fact:
    data = document["data"]
    closed = data["status"] == "closed" or document["type"] == _EVENT_CLOSED
    end = min(milliseconds(data["ends_at"]) + 1000 * int(data["grace_seconds"]), _LAST)
    if data.get("closed_at") is not None:
        end = min(end, milliseconds(data["closed_at"]))
    return Snapshot(
        **stamp, closes_at=end if closed else None, day_starts_at=_day_starts_at(data["starts_at"], data["timezone"])
    )


@lru_cache
def _day_starts_at(starts_at: str, timezone: str) -> int | None:
    """The first instant of the day of an instant; None in a zone that is not known here."""
    try:
        zone = ZoneInfo(timezone)
        local = datetime.fromisoformat(starts_at).astimezone(zone)
        midnight = datetime.combine(local.date(), time(), tzinfo=zone)
        return (midnight - _EPOCH) // _MILLISECOND
    except (ZoneInfoNotFoundError, ValueError, OverflowError):
        return None


def _seat(document: Document, stamp: Stamp) -> Fact:
    data = document["data"]
    return SeatChange(
        **stamp, subject=document["subject"], registration=Registration(data["status"]), mode=Mode(data["mode"])
    )


def _cancelled_seat(document: Document, stamp: Stamp) -> Fact:
    return SeatChange(**stamp, subject=document["subject"], registration=Registration.CANCELLED)


def _link(*, linked: bool) -> "_Reader":
    def read(document: Document, stamp: Stamp) -> Fact:
        data = document["data"]
        return LinkChange(**stamp, guest=data["guest_id"], participant=data["participant_id"], linked=linked)

    return read


def _acceptance(*, accepted: bool) -> "_Reader":
    def read(document: Document, stamp: Stamp) -> Fact:
        subject, fact_id = document.get("subject"), document["data"]["fact_id"]
        if subject is None:
            return EventTimeAcceptance(**stamp, fact_id=fact_id, accepted=accepted)
        return TimeAcceptance(**stamp, subject=subject, fact_id=fact_id, accepted=accepted)

    return read


def _door(*, opens: bool) -> "_Reader":
    def read(document: Document, stamp: Stamp) -> Fact:
        return Movement(
            **stamp,
            subject=document["subject"],
            channel=IN_PERSON,
            opens=opens,
            via=document["data"].get("gate") or document["source"],
        )

    return read


def _voided(document: Document, stamp: Stamp) -> Fact:
    return Voiding(**stamp, subject=document["subject"], voided_id=document["data"]["voided_id"])


def _room(*, opened: bool) -> "_Reader":
    def read(document: Document, stamp: Stamp) -> Fact:
        return RoomChange(**stamp, place=_place(document), opened=opened)

    return read


def _connection(*, opens: bool) -> "_Reader":
    def read(document: Document, stamp: Stamp) -> Fact:
        data, place = document["data"], _place(document)
        joined_at = data.get("joined_at")
        return Movement(
            **stamp,
            subject=document["subject"],
            channel=Channel(Mode.REMOTE, place.source, place.session or place.room, data["connection"]),
            opens=opens,
            via=f"{place.source}/{place.room}",
            place=place,
            joined_at=None if joined_at is None else milliseconds(joined_at),
            inferred=data.get("inferred"),
        )

    return read


def _act(document: Document, stamp: Stamp) -> Fact:
    return Act(**stamp, subject=document["subject"])


def _notice(_: Document, stamp: Stamp) -> Fact:
    return Notice(**stamp)


def _place(document: Document) -> Place:
    data = document["data"]
    return Place(document["source"], data["room"], data.get("room_session"))


_Reader: TypeAlias = Callable[[Document, Stamp], Fact]
_READERS: Final[Mapping[str, _Reader]] = {
    "passerelle.registration.event.created.v1": _snapshot,
    "passerelle.registration.event.changed.v1": _snapshot,
    "passerelle.registration.event.published.v1": _snapshot,
    _EVENT_CLOSED: _snapshot,
    "passerelle.registration.event.cancelled.v1": _snapshot,
    "passerelle.registration.participant.registered.v1": _seat,
    "passerelle.registration.participant.confirmed.v1": _seat,
    "passerelle.registration.participant.mode_changed.v1": _seat,
    "passerelle.registration.participant.cancelled.v1": _cancelled_seat,
    "passerelle.registration.seat.offered.v1": _act,
    "passerelle.registration.seat.offer_withdrawn.v1": _act,
    "passerelle.registration.seat.released.v1": _seat,
    "passerelle.registration.seat.changed.v1": _seat,
    "passerelle.registration.session_place.taken.v1": _act,
    "passerelle.registration.session_place.changed.v1": _act,
    "passerelle.registration.session_place.left.v1": _act,
    "passerelle.registration.person.erased.v1": _act,
    "passerelle.registration.identity.linked.v1": _link(linked=True),
    "passerelle.registration.identity.unlinked.v1": _link(linked=False),
    "passerelle.registration.time.accepted.v1": _acceptance(accepted=True),
    "passerelle.registration.time.acceptance_withdrawn.v1": _acceptance(accepted=False),
    # Of these nothing is folded: what is contested or granted is no presence, and stands on the timeline beside it.
    "passerelle.registration.eligibility.changed.v1": _notice,
    "passerelle.registration.attendance.contested.v1": _act,
    "passerelle.registration.attendance.contest_answered.v1": _act,
    "passerelle.checkin.checked_in.v1": _door(opens=True),
    "passerelle.checkin.checked_out.v1": _door(opens=False),
    "passerelle.checkin.voided.v1": _voided,
    "passerelle.participation.room.opened.v1": _room(opened=True),
    "passerelle.participation.room.closed.v1": _room(opened=False),
    "passerelle.participation.joined.v1": _connection(opens=True),
    "passerelle.participation.left.v1": _connection(opens=False),
    "passerelle.participation.voided.v1": _voided,
    "passerelle.participation.stream.started.v1": _notice,
    "passerelle.participation.stream.stopped.v1": _notice,
    "passerelle.participation.interaction.v1": _act,
    END_INFERRED: _notice,  # what attendance tells itself: it stands on the timeline, and nothing is folded from it
}
