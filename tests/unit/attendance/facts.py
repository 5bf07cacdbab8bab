"""Facts of the fold for tests, with instants in minutes of one morning and short names."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from services.attendance.domain.facts import (
    IN_PERSON,
    Channel,
    EventTimeAcceptance,
    LinkChange,
    Mode,
    Movement,
    Place,
    Registration,
    RoomChange,
    SeatChange,
    Snapshot,
    TimeAcceptance,
    Unheard,
    Voiding,
)
from services.attendance.domain.intervals import EndInferred, Interval

MINUTE = 60_000
SOURCE = "/bridge/jitsi/main"
ROOM = Place(SOURCE, "hall")
VIA = f"{SOURCE}/hall"
DESK = "/registration"
_ids = count()


def at(minute: float) -> int:
    return round(minute * MINUTE)


def new_id() -> str:
    return f"fact-{next(_ids):06}"


def came(minute: float, *, subject: str = "ada", fact_id: str | None = None, recorded: float | None = None) -> Movement:
    return _door(minute, opens=True, subject=subject, fact_id=fact_id, recorded=recorded)


def went(minute: float, *, subject: str = "ada", fact_id: str | None = None, recorded: float | None = None) -> Movement:
    return _door(minute, opens=False, subject=subject, fact_id=fact_id, recorded=recorded)


def _door(minute: float, *, opens: bool, subject: str, fact_id: str | None, recorded: float | None) -> Movement:
    return Movement(
        id=fact_id or new_id(),
        time=at(minute),
        recorded=at(minute if recorded is None else recorded),
        source=DESK,
        subject=subject,
        channel=IN_PERSON,
        opens=opens,
        via="gate",
    )


def joined(
    minute: float,
    *,
    subject: str = "ada",
    place: Place = ROOM,
    connection: str = "c1",
    fact_id: str | None = None,
    recorded: float | None = None,
    canonical: bytes = b"",
) -> Movement:
    return Movement(
        id=fact_id or new_id(),
        time=at(minute),
        recorded=at(minute if recorded is None else recorded),
        source=place.source,
        canonical=canonical,
        subject=subject,
        channel=channel(place, connection),
        opens=True,
        via=f"{place.source}/{place.room}",
        place=place,
    )


def left(
    minute: float,
    *,
    joined_at: float | None = None,
    subject: str = "ada",
    place: Place = ROOM,
    connection: str = "c1",
    fact_id: str | None = None,
    inferred: Unheard | None = None,
) -> Movement:
    return Movement(
        id=fact_id or new_id(),
        time=at(minute),
        recorded=at(minute),
        source=place.source,
        subject=subject,
        inferred=inferred,
        channel=channel(place, connection),
        opens=False,
        via=f"{place.source}/{place.room}",
        place=place,
        joined_at=None if joined_at is None else at(joined_at),
    )


def channel(place: Place, connection: str) -> Channel:
    return Channel(Mode.REMOTE, place.source, place.session or place.room, connection)


def room_opened(minute: float, place: Place = ROOM, *, fact_id: str | None = None) -> RoomChange:
    return _room(minute, place, opened=True, fact_id=fact_id, recorded=minute)


def room_closed(
    minute: float, place: Place = ROOM, *, fact_id: str | None = None, recorded: float | None = None
) -> RoomChange:
    return _room(minute, place, opened=False, fact_id=fact_id, recorded=minute if recorded is None else recorded)


def _room(minute: float, place: Place, *, opened: bool, fact_id: str | None, recorded: float) -> RoomChange:
    return RoomChange(
        id=fact_id or new_id(),
        time=at(minute),
        recorded=at(recorded),
        source=place.source,
        place=place,
        opened=opened,
    )


def event_as_of(
    minute: float, *, closes_at: float | None, day_starts_at: float | None = None, fact_id: str | None = None
) -> Snapshot:
    return Snapshot(
        id=fact_id or new_id(),
        time=at(minute),
        recorded=at(minute),
        source=DESK,
        closes_at=None if closes_at is None else at(closes_at),
        day_starts_at=None if day_starts_at is None else at(day_starts_at),
    )


def accepted(fact_id: str, *, minute: float = 0, yes: bool = True, subject: str = "ada") -> TimeAcceptance:
    return TimeAcceptance(
        id=new_id(), time=at(minute), recorded=at(minute), source=DESK, subject=subject, fact_id=fact_id, accepted=yes
    )


def accepted_for_all(fact_id: str, *, minute: float = 0, yes: bool = True) -> EventTimeAcceptance:
    return EventTimeAcceptance(
        id=new_id(), time=at(minute), recorded=at(minute), source=DESK, fact_id=fact_id, accepted=yes
    )


def voided(fact: Movement, *, minute: float = 0) -> Voiding:
    return Voiding(id=new_id(), time=at(minute), recorded=at(minute), subject=fact.subject, voided_id=fact.id)


def seat(minute: float, *, mode: Mode | None = None, registration: Registration = Registration.CONFIRMED) -> SeatChange:
    return SeatChange(
        id=new_id(), time=at(minute), recorded=at(minute), subject="ada", registration=registration, mode=mode
    )


def linked(minute: float, guest: str, participant: str) -> LinkChange:
    return LinkChange(
        id=new_id(), time=at(minute), recorded=at(minute), guest=guest, participant=participant, linked=True
    )


def unlinked(minute: float, guest: str, participant: str) -> LinkChange:
    return LinkChange(
        id=new_id(), time=at(minute), recorded=at(minute), guest=guest, participant=participant, linked=False
    )


def remote(
    start: float, end: float | None, *, start_inferred: bool = False, end_inferred: EndInferred | None = None
) -> Interval:
    return Interval(
        mode=Mode.REMOTE,
        start=at(start),
        end=None if end is None else at(end),
        via=VIA,
        start_inferred=start_inferred,
        end_inferred=end_inferred,
    )


def in_person(start: float, end: float | None, *, end_inferred: EndInferred | None = None) -> Interval:
    return Interval(
        mode=Mode.IN_PERSON,
        start=at(start),
        end=None if end is None else at(end),
        via="gate",
        end_inferred=end_inferred,
    )


def ends_of(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The intervals without what they rest on."""
    return tuple(replace(interval, facts=(), sources=(), contradicted_by=()) for interval in intervals)
