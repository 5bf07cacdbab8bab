"""A common fact that comes in order and moves nobody: a coming of who is here already, or a going of who is not.

As in `in_order`, each function answers None, and nothing has changed, where a longer way has to decide.
"""

from typing import Final

from services.attendance.application.adding import count_in, entry_of
from services.attendance.application.event import Event
from services.attendance.application.person import Person
from services.attendance.application.sealing import is_crowded
from services.attendance.application.stays import contradicted, is_remote
from services.attendance.application.wire import CheckedIn, CheckedOut, Joined, Left, digest, instants, quoted
from services.attendance.domain.evidence import ContradictionKind
from services.attendance.domain.suspicion import TOLERANCE

_NONE_YET: Final = ',"contradictions":[]'
_SUSPECT: Final = ',"suspect":'


def came_again(
    event: Event, person: Person, fact: CheckedIn | Joined, value: bytes, *, at: int, lag: int
) -> bytes | None:
    """Add a coming through a channel that is open, later than all that counts; it changes no interval."""
    return _tell(event, person, fact, value, at=at, lag=lag, opens="true")


def went_again(event: Event, person: Person, fact: CheckedOut | Left, value: bytes) -> bytes | None:
    """Add a going through a channel that is closed: it contradicts the interval of that channel that ended last."""
    time = fact.time
    at, lag = instants(time, fact.recordedtime)
    if at <= person.last or -lag > TOLERANCE or at < event.day_starts_at:
        return None
    if person.sealed or _SUSPECT in person.extra or is_crowded(person):
        return None
    before = None
    if isinstance(fact, CheckedOut):
        kind = ContradictionKind.EXIT_WITHOUT_ENTRY
        parts = person.parts
        before = next((index for index in range(len(parts) - 1, -1, -1) if not is_remote(parts[index])), None)
    else:
        kind = ContradictionKind.LEAVE_WITHOUT_JOIN
        hint = quoted(fact.data.connection)
        if fact.data.joined_at is not None or any(hint in item or item == "null" for item in person.items):
            return None
    entry = _tell(event, person, fact, value, at=at, lag=lag, opens="false")
    if before is not None:
        person.parts[before] = contradicted(person.parts[before], fact.id)
    said = person.extra or _NONE_YET
    comma = "" if said is _NONE_YET else ","
    person.extra = f'{said[:-1]}{comma}{{"fact_id":"{fact.id}","time":"{time}","kind":"{kind.value}"}}]'
    return entry


def _tell(
    event: Event,
    person: Person,
    fact: CheckedIn | CheckedOut | Joined | Left,
    value: bytes,
    *,
    at: int,
    lag: int,
    opens: str,
) -> bytes:
    source, status, mark = fact.source, person.status, digest(value)
    if isinstance(fact, CheckedIn | CheckedOut):
        where = quoted(fact.data.gate or source)
    else:
        data = fact.data
        session = "null" if data.room_session is None else quoted(data.room_session)
        where = f"{quoted(f'{source}/{data.room}')},{quoted(data.room)},{session},{quoted(data.connection)}"
    entry = entry_of(event, person, fact, value, status)
    words = f"[{status},{person.in_person},{person.remote},{person.both}]"
    # From here on nothing can fail.
    person.others.append(f'[0,"{fact.id}",{at},{lag},{mark},{quoted(source)},{words},{opens},{where}]')
    count_in(person, fact.id, at, fact.time, fact.recordedtime, mark)
    return entry
