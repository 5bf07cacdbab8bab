"""The fold of a stretch of the log, whatever events it holds: the pure fold of each, its facts read the short way.

A fact that is common and written as our own services write it is built from what `wire.read` makes of it; whatever else
it may be, from what `schemas.decode` says. A property holds the two equal.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from schemas.decode import UnreadableRecordError, decode
from services.attendance.application import wire
from services.attendance.application.translation import NotAnInputError, digest, document, domain_fact
from services.attendance.application.wire import QuickFact, is_identifier, milliseconds
from services.attendance.domain.facts import (
    IN_PERSON,
    Act,
    Channel,
    Fact,
    Mode,
    Movement,
    Notice,
    Place,
    Registration,
    SeatChange,
    SubjectFact,
)
from services.attendance.domain.fold import EventPresence, fold_event


class LogFold:
    """Takes records in any order, repeated ones too; gives the presence at each event that they speak of.

    What the worker puts among the dead letters is counted in `unfit`, and left out.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._events: dict[bytes, dict[tuple[str, str] | str, tuple[Fact, bytes]]] = {}
        self.unfit = 0

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Take in one record."""
        fact = None if key is None or value is None else read_short(key, value)
        if key is None or value is None or fact is None:
            self.unfit += 1
            return
        facts = self._events.get(key)
        if facts is None:
            facts = self._events[key] = {}
        if isinstance(fact, Act | Notice):
            return
        # The law of `translation.copy_key`.
        same = (fact.id, fact.subject) if isinstance(fact, SubjectFact) else fact.id
        before = facts.setdefault(same, (fact, value))
        if before[1] is not value and before[1] != value and _copy_order(fact, value) < _copy_order(*before):
            facts[same] = fact, value

    def presences(self) -> Mapping[str, EventPresence]:
        """The presence of everybody, by event."""
        return {key.decode(): fold_event([fact for fact, _ in facts.values()]) for key, facts in self._events.items()}


def read_short(key: bytes, value: bytes) -> Fact | None:
    """What a record of the event `key` says to the fold, but for its digest; None if the worker does not take it."""
    quick = wire.read(value)
    fact = None if quick is None else _quick_fact(quick, key)
    return _fact(key, value) if fact is None else fact


def _copy_order(fact: Fact, value: bytes) -> tuple[int, bytes]:
    """The order of `services.attendance.domain.copies`: digests are taken of those alone that came twice and differ."""
    return fact.recorded, digest(value)


def _quick_fact(quick: QuickFact, key: bytes) -> Fact | None:
    """What a common fact says; None where `schemas.decode` has to look."""
    if _event_key(quick.data.event_id) != key or not (_is_id(quick.subject) and is_identifier(quick.id)):
        return None
    try:
        return _READERS[type(quick)](quick, milliseconds(quick.time), milliseconds(quick.recordedtime))
    except ValueError:  # an instant that is not written in the one canonical way
        return None


def _fact(key: bytes, value: bytes) -> Fact | None:
    try:
        said = document(decode(value))
        return domain_fact(said) if said["data"]["event_id"].encode() == key else None
    except (UnreadableRecordError, NotAnInputError, ArithmeticError, LookupError, TypeError):
        return None


def _door(*, opens: bool) -> "_Reader":
    def read(quick: wire.CheckedIn | wire.CheckedOut, time: int, recorded: int) -> Fact:
        return Movement(
            id=quick.id,
            time=time,
            recorded=recorded,
            source=quick.source,
            subject=quick.subject,
            channel=IN_PERSON,
            opens=opens,
            via=quick.data.gate or quick.source,
        )

    return read


def _connection(*, opens: bool) -> "_Reader":
    def read(quick: wire.Joined | wire.Left, time: int, recorded: int) -> Fact:
        data = quick.data
        joined_at, inferred = (data.joined_at, data.inferred) if isinstance(data, wire.LeftData) else (None, None)
        place, via = _place(quick.source, data.room, data.room_session)
        return Movement(
            id=quick.id,
            time=time,
            recorded=recorded,
            source=quick.source,
            subject=quick.subject,
            channel=Channel(Mode.REMOTE, place.source, place.session or place.room, data.connection),
            opens=opens,
            via=via,
            place=place,
            joined_at=None if joined_at is None else milliseconds(joined_at),
            inferred=inferred,
        )

    return read


def _seat(quick: wire.Registered | wire.Confirmed | wire.ModeChanged, time: int, recorded: int) -> Fact:
    return SeatChange(
        id=quick.id,
        time=time,
        recorded=recorded,
        source=quick.source,
        subject=quick.subject,
        registration=_REGISTRATIONS[quick.data.status],
        mode=_MODES[quick.data.mode],
    )


@lru_cache(maxsize=10_000)
def _place(source: str, room: str, session: str | None) -> tuple[Place, str]:
    return Place(source, room, session), f"{source}/{room}"


@lru_cache(maxsize=10_000)
def _event_key(event_id: str) -> bytes:
    return event_id.encode()


@lru_cache(maxsize=100_000)
def _is_id(text: str) -> bool:
    return is_identifier(text) is not None


_Reader = Callable[..., Fact]
_MODES: Final = {mode.value: mode for mode in Mode}
_REGISTRATIONS: Final = {registration.value: registration for registration in Registration}
_READERS: Final[Mapping[type, _Reader]] = {
    wire.CheckedIn: _door(opens=True),
    wire.CheckedOut: _door(opens=False),
    wire.Joined: _connection(opens=True),
    wire.Left: _connection(opens=False),
    wire.Registered: _seat,
    wire.Confirmed: _seat,
    wire.ModeChanged: _seat,
}
