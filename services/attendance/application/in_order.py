"""A common fact that comes in order, added to what is known of its person at a cost that does not grow.

Nothing of what is known changes before the step is certain, and each function answers None where it is not as simple
as it looks: then the whole fold of that person decides. Whatever is added here is what that fold would say; properties
hold the two equal.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from services.attendance.application.adding import count_in, entry_of
from services.attendance.application.event import Event
from services.attendance.application.person import IN_PERSON_KEY, ChannelKey, Person, Unclosed
from services.attendance.application.records import seconds_text
from services.attendance.application.sealing import is_full
from services.attendance.application.stays import start_of
from services.attendance.application.unmoved import came_again, went_again
from services.attendance.application.wire import (
    CheckedIn,
    CheckedOut,
    Confirmed,
    Joined,
    Left,
    ModeChanged,
    QuickFact,
    Registered,
    digest,
    instants,
    is_plain,
    milliseconds,
    quoted,
)
from services.attendance.domain.suspicion import TOLERANCE

_START_ENDS: Final = {
    "in_person": len('{"mode":"in_person","start":"2026-11-22T09:00:00.000Z"'),
    "remote": len('{"mode":"remote","start":"2026-11-22T09:00:00.000Z"'),
}
_Step: TypeAlias = Callable[[Event, Person, Any, bytes], bytes | None]


def _came_in(event: Event, person: Person, fact: CheckedIn, value: bytes) -> bytes | None:
    gate = fact.data.gate
    texts = _evidence(gate or fact.source, fact.source)
    return _open(event, person, fact, value, channel=IN_PERSON_KEY, texts=texts, room=None, session=None)


def _joined(event: Event, person: Person, fact: Joined, value: bytes) -> bytes | None:
    data, source = fact.data, fact.source
    room, session = data.room, data.room_session
    texts = _evidence(f"{source}/{room}", source)
    channel = (source, session or room, data.connection)
    return _open(event, person, fact, value, channel=channel, texts=texts, room=room, session=session)


def _open(
    event: Event,
    person: Person,
    fact: CheckedIn | Joined,
    value: bytes,
    *,
    channel: ChannelKey,
    texts: tuple[str, str],
    room: str | None,
    session: str | None,
) -> bytes | None:
    time, recordedtime = fact.time, fact.recordedtime
    at, lag = instants(time, recordedtime)
    # An end known already, of the room or of the event, may be the end of this interval.
    if at <= person.last or at < event.quiet_since or -lag > TOLERANCE or at < event.day_starts_at or is_full(person):
        return None
    if channel in person.unclosed:
        return came_again(event, person, fact, value, at=at, lag=lag)
    if room is None:
        mode = "in_person"
        status = 2 if person.here_remote else 0
        where = ""
    else:
        if not is_plain(channel[2]):
            return None
        mode = "remote"
        status = 2 if person.here_in_person else 1
        where = f',"{channel[2]}"' if session is None else f',"{channel[2]}",{quoted(session)}'
    mark = digest(value)
    in_person, remote, both = person.in_person, person.remote, person.both
    before, after = texts
    fact_id = fact.id
    opened = f'{{"mode":"{mode}","start":"{time}"{before}{fact_id}"'
    entry = entry_of(event, person, fact, value, status)
    # From here on nothing can fail.
    person.unclosed[channel] = Unclosed(
        len(person.parts), at, fact.source, room, session, len(opened), in_person, remote, both
    )
    person.parts.append(opened + after)
    person.was_here = True
    person.items.append(f"[[{lag},{mark},[{status},{in_person},{remote},{both}]{where}]]")
    if room is None:
        person.here_in_person = 1
    else:
        person.here_remote += 1
    count_in(person, fact_id, at, time, recordedtime, mark)
    return entry


def _went_out(event: Event, person: Person, fact: CheckedOut, value: bytes) -> bytes | None:
    unclosed = person.unclosed.get(IN_PERSON_KEY)
    if unclosed is None:
        return went_again(event, person, fact, value)
    if not unclosed.ongoing or unclosed.source != fact.source:
        return None
    via = fact.data.gate or fact.source
    part = person.parts[unclosed.index]
    same_via = part.startswith(f',"via":{quoted(via)},"facts":', _START_ENDS["in_person"])
    item = "" if same_via else f",null,{quoted(via)}"
    return _close(event, person, fact, value, channel=IN_PERSON_KEY, unclosed=unclosed, item=item)


def _left(event: Event, person: Person, fact: Left, value: bytes) -> bytes | None:
    data, source = fact.data, fact.source
    if data.inferred is not None:
        return None
    room, session = data.room, data.room_session
    channel = (source, session or room, data.connection)
    unclosed = person.unclosed.get(channel)
    if unclosed is None:
        return went_again(event, person, fact, value)
    if not unclosed.ongoing or unclosed.room != room or unclosed.session != session:
        return None
    item = ""
    if data.joined_at is not None:
        joined_at = milliseconds(data.joined_at)
        if joined_at < event.day_starts_at:
            return None
        item = f",{joined_at}"
    return _close(event, person, fact, value, channel=channel, unclosed=unclosed, item=item)


def _close(
    event: Event,
    person: Person,
    fact: CheckedOut | Left,
    value: bytes,
    *,
    channel: ChannelKey,
    unclosed: Unclosed,
    item: str,
) -> bytes | None:
    time, recordedtime = fact.time, fact.recordedtime
    at, lag = instants(time, recordedtime)
    if at <= person.last or -lag > TOLERANCE or at < event.day_starts_at:
        return None
    mark = digest(value)
    # What the interval adds to a mode is its length without what other intervals of that mode cover since its start;
    # and to both modes, what of that the other mode covers. All that is known ended before now, so two sums tell it:
    # that of before its start, and that of today.
    in_person, remote, both = person.in_person, person.remote, person.both
    length, overlap = at - unclosed.start, both - unclosed.both
    if unclosed.room is None:
        mode = "in_person"
        added = length - (in_person - unclosed.in_person)
        both += remote - unclosed.remote - overlap
        in_person += added
        here_in_person, here_remote = 0, person.here_remote
    else:
        mode = "remote"
        added = length - (remote - unclosed.remote)
        both += in_person - unclosed.in_person - overlap
        remote += added
        here_in_person, here_remote = person.here_in_person, person.here_remote - 1
    status = (2 if here_remote else 0) if here_in_person else (1 if here_remote else 3)
    seconds = seconds_text(in_person, remote, both)
    entry = entry_of(event, person, fact, value, status, seconds)
    index, cut, end = unclosed.index, unclosed.cut, _START_ENDS[mode]
    part, kept = person.parts[index], person.items[index]
    if kept == "null":  # What opened it stands elsewhere.
        return None
    if index and len(person.unclosed) > 1 and start_of(person.parts[index - 1]) == start_of(part):
        return None  # What has ended goes before what goes on.
    fact_id = fact.id
    # From here on nothing can fail.
    del person.unclosed[channel]
    for other in person.unclosed.values():
        if other.start > unclosed.start:
            _cover(other, unclosed)
    person.parts[index] = f'{part[:end]},"end":"{time}"{part[end:cut]},"{fact_id}"{part[cut:]}'
    person.items[index] = f"{kept[:-1]},[{lag},{mark},[{status},{in_person},{remote},{both}]{item}]]"
    person.here_in_person, person.here_remote = here_in_person, here_remote
    person.in_person, person.remote, person.both, person.seconds = in_person, remote, both, seconds
    count_in(person, fact_id, at, time, recordedtime, mark)
    return entry


def _cover(later: Unclosed, closed: Unclosed) -> None:
    """An interval has ended that began before a channel opened: part of what it adds lies before that."""
    length, overlap = later.start - closed.start, later.both - closed.both
    if closed.room is None:
        both = later.remote - closed.remote - overlap
        later.in_person += length - (later.in_person - closed.in_person)
    else:
        both = later.in_person - closed.in_person - overlap
        later.remote += length - (later.remote - closed.remote)
    later.both += both


def _seated(event: Event, person: Person, fact: Registered | Confirmed | ModeChanged, value: bytes) -> bytes | None:
    time, recordedtime, data, source = fact.time, fact.recordedtime, fact.data, fact.source
    at, lag = instants(time, recordedtime)
    if at <= person.seated_at or not is_plain(source):
        return None
    mark, status = digest(value), person.status
    entry = entry_of(event, person, fact, value, status)
    words = f"[{status},{person.in_person},{person.remote},{person.both}]"
    # From here on nothing can fail.
    person.others.append(f'[2,"{fact.id}",{at},{lag},{mark},"{source}",{words},"{data.status}","{data.mode}"]')
    person.registered_mode, person.registration, person.seated_at = data.mode, data.status, at
    count_in(person, fact.id, person.last, time, recordedtime, mark)
    return entry


@lru_cache(maxsize=4096)
def _evidence(via: str, source: str) -> tuple[str, str]:
    """The text of an interval between its start and the id of its first fact, and what follows that id."""
    return f',"via":{quoted(via)},"facts":["', f'],"sources":[{quoted(source)}],"grade":"observed"}}'


IN_ORDER: Final[Mapping[type[QuickFact], _Step]] = {
    CheckedIn: _came_in,
    CheckedOut: _went_out,
    Joined: _joined,
    Left: _left,
    Registered: _seated,
    Confirmed: _seated,
    ModeChanged: _seated,
}
"""By its type: add a fact that is new, of a person who is `plain`.

Each gives the timeline entry, or None if the fact is not for here. A ValueError says that an instant is not canonical.
"""
