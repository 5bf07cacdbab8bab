"""A common fact that the next few of the same person have overtaken, where a handful of texts says all that it changes.

As in `in_order`, None is the answer, and nothing has changed, where a longer way has to decide. What is done here is
what `services.attendance.domain.channel` would say of the one stay that the fact ends, divides or completes: nothing
else of its channel lies there, and nothing else that has ended overlaps what becomes another.
"""

from operator import attrgetter
from typing import Final, NamedTuple

import msgspec

from services.attendance.application.adding import count_in, entry_of
from services.attendance.application.event import Event
from services.attendance.application.kept import KeptMovement
from services.attendance.application.person import IN_PERSON_KEY, ChannelKey, Person, Unclosed
from services.attendance.application.placing import has_twin, insert, is_alone, lengthen, place_of, words_now
from services.attendance.application.sealing import is_crowded
from services.attendance.application.stays import (
    Stay,
    WrittenInterval,
    agreed,
    cut_of,
    end_of,
    is_remote,
    observed_text,
    start_of,
    words_text,
)
from services.attendance.application.wire import (
    CheckedIn,
    CheckedOut,
    Joined,
    Left,
    QuickFact,
    digest,
    instant_text,
    instants,
    milliseconds,
    quoted,
)
from services.attendance.domain.evidence import ContradictionKind
from services.attendance.domain.suspicion import TOLERANCE

_SUSPECT: Final = ',"suspect":'
_NO_CONTRADICTIONS: Final = ',"contradictions":[]'
_by_time: Final = attrgetter("move.time")
_read_interval: Final = msgspec.json.Decoder(WrittenInterval).decode
_read_stay: Final = msgspec.json.Decoder(Stay).decode
_read_movement: Final = msgspec.json.Decoder(KeptMovement).decode


class _Loose(NamedTuple):
    """A coming or going that stands in no stay, and its text."""

    text: str
    move: KeptMovement


class _Late(NamedTuple):
    """A fact that comes late: its instants, channel, door or room, and what of the channel is loose, in order."""

    fact: CheckedIn | CheckedOut | Joined | Left
    at: int
    lag: int
    channel: ChannelKey
    via: str
    room: str | None
    session: str | None
    joined_at: int | None
    loose: list[_Loose]

    @property
    def mode(self) -> str:
        """As intervals say it."""
        return "in_person" if self.room is None else "remote"


def overtaken(event: Event, person: Person, fact: QuickFact, value: bytes) -> bytes | None:
    """Add a new fact of somebody who is `plain`, and give its entry.

    Raises:
        ValueError: if an instant is not canonical.
    """
    if not isinstance(fact, CheckedIn | CheckedOut | Joined | Left):
        return None
    if isinstance(fact, Left) and fact.data.inferred is not None:
        return None
    if person.sealed or person.voided or _SUSPECT in person.extra or "null" in person.items or is_crowded(person):
        return None
    late = _late(person, fact)
    earliest = late.at if late.joined_at is None else min(late.at, late.joined_at)
    if late.at >= person.last or -late.lag > TOLERANCE or earliest < event.day_starts_at:
        return None
    done = _complete if isinstance(fact, CheckedIn | Joined) else _end
    mark = digest(value)
    if not done(event, person, late, mark):
        return None
    count_in(person, fact.id, person.last, fact.time, fact.recordedtime, mark)
    return entry_of(event, person, fact, value, person.status)


def _late(person: Person, fact: CheckedIn | CheckedOut | Joined | Left) -> _Late:
    at, lag = instants(fact.time, fact.recordedtime)
    source, others = fact.source, [text for text in person.others if text.startswith("[0,")]
    if isinstance(fact, CheckedIn | CheckedOut):
        loose = sorted((one for one in map(_loose, others) if one.move.room is None), key=_by_time)
        return _Late(fact, at, lag, IN_PERSON_KEY, fact.data.gate or source, None, None, None, loose)
    data = fact.data
    hint, room, session = quoted(data.connection), data.room, data.room_session
    joined_at = (
        milliseconds(fact.data.joined_at) if isinstance(fact, Left) and fact.data.joined_at is not None else None
    )
    loose = [_loose(text) for text in others if hint in text]
    channel = source, session or room, data.connection
    return _Late(fact, at, lag, channel, f"{source}/{room}", room, session, joined_at, sorted(loose, key=_by_time))


def _loose(text: str) -> _Loose:
    return _Loose(text, _read_movement(text))


def _complete(_: Event, person: Person, late: _Late, mark: int) -> bool:
    """Add a coming whose going is known already, as one that contradicts what was before."""
    fact, found = late.fact, _contradicting(late)
    if found is None:
        return False
    going, told = found.move, _told(found.move)
    start, end = fact.time, instant_text(going.time)
    before = _spoken_against(person, going.id)
    place = place_of(person, start)
    if told not in person.extra or before is None or place is None or not is_alone(person, start, end):
        return False
    if not _is_closed(person, late, start, end) or not (before or late.loose[-1] is found):
        return False  # Another contradiction may speak against what comes in.
    # From here on nothing can fail.
    for index, part in before.items():
        person.parts[index] = part
    rest = person.extra.replace(told, "").replace("[,", "[").replace(",,", ",").replace(",]", "]")
    person.extra = "" if rest == _NO_CONTRADICTIONS else rest
    person.others.remove(found.text)
    person.was_here = True
    lengthen(person, late.mode, late.at, going.time)
    where = "" if late.room is None else f",{quoted(late.channel[2])}"
    if late.session is not None:
        where += f",{quoted(late.session)}"
    via = "" if going.via == late.via else f",null,{quoted(going.via)}"
    opened = f"[{late.lag},{mark},{words_now(person)}{where}]"
    item = f"[{opened},[{going.lag},{going.digest},{words_text(going.words)}{via}]]"
    insert(person, place, observed_text(late.mode, start, end, late.via, (fact.id, going.id), fact.source), item)
    return True


def _contradicting(late: _Late) -> _Loose | None:
    """The going that is the next of its channel after a coming; None if what is next is something else."""
    later = [one for one in late.loose if one.move.time >= late.at]
    if not later or later[0].move.opens or later[0].move.time == late.at:
        return None
    if len(later) > 1 and later[1].move.time == later[0].move.time:
        return None
    found = later[0].move
    alike = found.source == late.fact.source and (found.room, found.session) == (late.room, late.session)
    return later[0] if alike and found.joined_at is None else None


def _told(going: KeptMovement) -> str:
    """How a record tells that a going is a contradiction."""
    kind = ContradictionKind.EXIT_WITHOUT_ENTRY if going.room is None else ContradictionKind.LEAVE_WITHOUT_JOIN
    return f'{{"fact_id":"{going.id}","time":"{instant_text(going.time)}","kind":"{kind.value}"}}'


def _spoken_against(person: Person, fact_id: str) -> dict[int, str] | None:
    """The interval that a contradiction alone speaks against, as it is without it; None if it is not that simple."""
    named = f'"{fact_id}"'
    found = {index: agreed(part, fact_id) for index, part in enumerate(person.parts) if named in part}
    simple = {index: part for index, part in found.items() if part is not None}
    return simple if len(found) == len(simple) <= 1 else None


def _is_closed(person: Person, late: _Late, start: str, end: str) -> bool:
    """Whether a channel is closed from before an instant to after another."""
    if late.room is not None:  # Most have a connection of their own.
        hint = quoted(late.channel[2])
        return len(late.loose) == 1 and not any(hint in item for item in person.items)
    for part in person.parts:
        if not is_remote(part):
            ended = end_of(part)
            if (ended is None or ended >= start) and start_of(part) <= end:
                return False
    return True


def _end(event: Event, person: Person, late: _Late, mark: int) -> bool:
    """Add a going through a channel that was open then: it ends a stay, and who came again after it begins another."""
    unclosed = person.unclosed.get(late.channel)
    if unclosed is not None and unclosed.start < late.at:
        return _end_open(event, person, late, mark, unclosed)
    return late.room is None and _divide(person, late, mark)


def _end_open(event: Event, person: Person, late: _Late, mark: int, unclosed: Unclosed) -> bool:
    fact, index = late.fact, unclosed.index
    where = fact.source, late.room, late.session
    if not unclosed.ongoing or (unclosed.source, unclosed.room, unclosed.session) != where:
        return False
    part, item = person.parts[index], person.items[index]
    read, start = _read_interval(part), start_of(part)
    again = _came_again(late, unclosed.start, None)
    if again is None or has_twin(person, index) or not is_alone(person, start, fact.time, but=index):
        return False
    if again and not _can_begin(event, person, late, again[0].move):
        return False
    # From here on nothing can fail.
    del person.unclosed[late.channel]
    lengthen(person, late.mode, unclosed.start, late.at)
    if not again:
        person.here_in_person -= late.room is None
        person.here_remote -= late.room is not None
    person.parts[index] = observed_text(late.mode, start, fact.time, read.via, (read.facts[0], fact.id), fact.source)
    person.items[index] = f"{item[:-1]},{_closed(person, late, mark, read.via)}]"
    if again:
        _begin(person, again[0])
    return True


def _can_begin(event: Event, person: Person, late: _Late, move: KeptMovement) -> bool:
    """Whether a stay in person begins with a coming, later than all that has ended, and goes on."""
    if late.room is not None or move.source != late.fact.source or move.time < event.quiet_since:
        return False
    began, ends = instant_text(move.time), map(end_of, person.parts)
    return place_of(person, began) is not None and all(end is None or end <= began for end in ends)


def _begin(person: Person, loose: _Loose) -> None:
    move = loose.move
    began = instant_text(move.time)
    place = place_of(person, began) or 0
    text = observed_text("in_person", began, None, move.via, (move.id,), move.source)
    person.others.remove(loose.text)
    insert(person, place, text, f"[{_opened(move)}]")
    sums = person.in_person, person.remote, person.both
    person.unclosed[IN_PERSON_KEY] = Unclosed(place, move.time, move.source, None, None, cut_of(text), *sums)


def _divide(person: Person, late: _Late, mark: int) -> bool:
    """In person: a stay that ended later is two."""
    time, source = late.fact.time, late.fact.source
    starts = ((index, start_of(part)) for index, part in enumerate(person.parts) if not is_remote(part))
    index, start = max(((index, start) for index, start in starts if start < time), default=(-1, ""))
    end = end_of(person.parts[index]) if start else None
    if end is None or end <= time:
        return False
    read, stay = _read_interval(person.parts[index]), _read_stay(person.items[index])
    again = _came_again(late, milliseconds(start), milliseconds(end))
    if not again or stay.closed is None or read.sources != [source] or read.contradicted_by or read.end_inferred:
        return False
    move, closed = again[0].move, stay.closed
    began = instant_text(move.time)
    place = place_of(person, began)
    if place is None or move.source != source or has_twin(person, index):
        return False
    if not is_alone(person, time, began, but=index):
        return False
    # From here on nothing can fail.
    first, last = read.facts
    via = closed.via or read.via
    said = "" if via == move.via else f",null,{quoted(via)}"
    lengthen(person, late.mode, late.at, move.time, sign=-1)
    person.parts[index] = observed_text(late.mode, start, time, read.via, (first, late.fact.id), source)
    opened = f"[{stay.opened.lag},{stay.opened.digest},{words_text(stay.opened.words)}]"
    person.items[index] = f"[{opened},{_closed(person, late, mark, read.via)}]"
    person.others.remove(again[0].text)
    item = f"[{_opened(move)},[{closed.lag},{closed.digest},{words_text(closed.words)}{said}]]"
    insert(person, place, observed_text(late.mode, began, end, move.via, (move.id, last), source), item)
    return True


def _came_again(late: _Late, start: int, end: int | None) -> list[_Loose] | None:
    """What of the channel came between an instant and the end of a stay, in order; None if it is more than comings."""
    within = [one for one in late.loose if one.move.time >= start and (end is None or one.move.time <= end)]
    after = [one for one in within if one.move.time >= late.at]
    instants_ = [late.at, *(one.move.time for one in after), *([] if end is None else [end])]
    if not all(one.move.opens for one in within) or len(set(instants_)) < len(instants_):
        return None
    return after


def _opened(move: KeptMovement) -> str:
    """What a stay says of a coming in person."""
    return f"[{move.lag},{move.digest},{words_text(move.words)}]"


def _closed(person: Person, late: _Late, mark: int, via: str) -> str:
    """What a stay says of the late fact that ends it, given the door or room of the stay."""
    rest = "" if late.joined_at is None else f",{late.joined_at}"
    if late.via != via:
        rest = f",null,{quoted(late.via)}"
    return f"[{late.lag},{mark},{words_now(person)}{rest}]"
