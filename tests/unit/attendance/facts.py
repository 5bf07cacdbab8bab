"""Facts of the fold for tests, with instants in minutes of one morning and short names."""

from itertools import count

from services.attendance.domain.facts import (
    IN_PERSON,
    Channel,
    LinkChange,
    Mode,
    Movement,
    Place,
    Registration,
    RoomChange,
    SeatChange,
    Snapshot,
    Voiding,
)
from services.attendance.domain.intervals import EndInferred, Interval

MINUTE = 60_000
SOURCE = "/bridge/jitsi/main"
ROOM = Place(SOURCE, "hall")
VIA = f"{SOURCE}/hall"
_ids = count()


def at(minute: float) -> int:
    return round(minute * MINUTE)


def new_id() -> str:
    return f"fact-{next(_ids):06}"


def came(minute: float, *, subject: str = "ada", fact_id: str | None = None) -> Movement:
    return _door(minute, opens=True, subject=subject, fact_id=fact_id)


def went(minute: float, *, subject: str = "ada", fact_id: str | None = None) -> Movement:
    return _door(minute, opens=False, subject=subject, fact_id=fact_id)


def _door(minute: float, *, opens: bool, subject: str, fact_id: str | None) -> Movement:
    return Movement(
        id=fact_id or new_id(),
        time=at(minute),
        recorded=at(minute),
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
) -> Movement:
    return Movement(
        id=fact_id or new_id(),
        time=at(minute),
        recorded=at(minute),
        subject=subject,
        channel=channel(place, connection),
        opens=False,
        via=f"{place.source}/{place.room}",
        place=place,
        joined_at=None if joined_at is None else at(joined_at),
    )


def channel(place: Place, connection: str) -> Channel:
    return Channel(Mode.REMOTE, place.source, place.session or place.room, connection)


def room_opened(minute: float, place: Place = ROOM) -> RoomChange:
    return RoomChange(id=new_id(), time=at(minute), recorded=at(minute), place=place, opened=True)


def room_closed(minute: float, place: Place = ROOM) -> RoomChange:
    return RoomChange(id=new_id(), time=at(minute), recorded=at(minute), place=place, opened=False)


def event_as_of(minute: float, *, closes_at: float | None) -> Snapshot:
    return Snapshot(
        id=new_id(),
        time=at(minute),
        recorded=at(minute),
        closes_at=None if closes_at is None else at(closes_at),
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
