"""Earlier intervals of somebody who has very many stand in records of their own: one more does not write them all.

The facts of a sealed record stay in it for ever: whatever part of an output a crash swallows, no fact is lost with it.
Its intervals are output alone and follow the fold.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha1
from typing import Final

from services.attendance.application.kept import KeptSubjectFact
from services.attendance.application.person import Person, Sealed
from services.attendance.application.recall import kept_of, latest_of
from services.attendance.application.records import record_id
from services.attendance.application.stays import end_of, start_of
from services.attendance.application.wire import instant_text

LARGEST: Final = 256 * 1024
"""Bytes of a record after which it is sealed, however few intervals it has."""
FULL: Final = 1600 * 1024
"""Bytes that cannot be sealed after which a person takes no more: with `LARGEST` beside them they fit 2 MiB."""
_MARGIN: Final = 16 * 1024
_CROWD: Final = 64
_MUCH: Final = 64 * 1024
_SILENCE: Final = b'"silence"]'
_INFERRED_END: Final = 256
"""Bytes that an inferred end adds to a record, beside what it repeats of its interval."""


def is_full(person: Person) -> bool:
    """Whether a person's presence record has no room for one more opening, and for the end it may be given."""
    return _has_much(person) and _pinned(person, ends_to_come=True) > FULL


def is_crowded(person: Person) -> bool:
    """Whether a presence record may have no room for what one fact or two lead to."""
    return _has_much(person) and _pinned(person, ends_to_come=True) > FULL // 2


def has_sealed_silence(person: Person) -> bool:
    """Whether a sealed record may hold a leave that was inferred, and that ended nothing."""
    return any(_SILENCE in sealed.record for sealed in person.sealed)


def _has_much(person: Person) -> bool:
    """Whether it has to be looked into how much room there is."""
    return len(person.unclosed) + len(person.told) > _CROWD or len(person.extra) > _MUCH


def outgrows(before: Person, after: Person, *, ends_to_come: bool) -> bool:
    """Whether a presence record becomes larger than Kafka takes; `ends_to_come` if room has to be left for them."""
    size = _pinned(after, ends_to_come=ends_to_come)
    return size > FULL + _MARGIN and size > _pinned(before, ends_to_come=ends_to_come)


def _pinned(person: Person, *, ends_to_come: bool) -> int:
    """Bytes of a presence record that cannot be sealed, about."""
    here = list(person.unclosed.values())
    parts = _bytes([person.parts[one.index] for one in here])
    size = parts + _bytes([person.items[one.index] for one in here]) + _bytes([person.told_text])
    # An interval repeats the ids of the facts that contradict it.
    size += _bytes([person.extra]) * 3 // 2
    if ends_to_come:  # One that it is given, and another in its place.
        ongoing = [person.parts[one.index] for one in here if one.ongoing]
        size += parts + _bytes(ongoing) + (len(here) + len(ongoing)) * (len(person.subject) + _INFERRED_END)
    return size


def _bytes(texts: Iterable[str]) -> int:
    text = "".join(texts)
    return len(text) if text.isascii() else len(text.encode())


def seal_surplus(person: Person, size: int) -> None:
    """Seal the earliest intervals, `size` at a time, until fewer than twice as many stand in the presence record."""
    while (
        max(len(person.parts), len(person.others)) > 2 * size
        or _bytes([*person.parts, *person.items, *person.others]) > LARGEST
    ):
        open_ones = {unclosed.index for unclosed in person.unclosed.values()}
        most = min(size, len(person.parts) // 2)
        closed = [index for index in range(len(person.parts)) if index not in open_ones][:most]
        others = min(2 * size, len(person.others)) if len(person.others) > size else 0
        if not closed and not others:
            return
        _seal(person, closed, others)


def sealed_page(
    person: Person,
    number: int,
    *,
    parts: Sequence[str],
    items: Sequence[str],
    others: Sequence[str],
    facts: Sequence[KeptSubjectFact],
) -> Sealed:
    """Earlier intervals in a record of their own; `facts` are what stands in it."""
    time = instant_text(max((fact.time for fact in facts), default=0))
    recorded = instant_text(max((fact.recorded for fact in facts), default=0))
    content = (
        f'","source":"/attendance","type":"passerelle.presence.earlier.v1","subject":"{person.subject}"'
        f',"time":"{time}","recordedtime":"{recorded}","datacontenttype":"application/json"'
        f',"data":{{"event_id":"{person.event_id}","number":{number},"intervals":[{",".join(parts)}]'
    ).encode()
    state = f'{{"stays":[{",".join(items)}],"facts":[{",".join(others)}]}}'
    digest = sha1(content, usedforsecurity=False).hexdigest()
    record = b'{"specversion":"1.0","id":"%b%b,"state":%b}}' % (record_id(digest).encode(), content, state.encode())
    return Sealed(record, until=latest_of((end_of(part) or start_of(part) for part in parts), facts))


def _seal(person: Person, closed: Sequence[int], others: int) -> None:
    going = set(closed)
    parts = [person.parts[index] for index in closed]
    items = [person.items[index] for index in closed]
    moved = person.others[:others]
    facts = kept_of(parts, items, moved)
    staying = [index for index in range(len(person.parts)) if index not in going]
    place = {index: number for number, index in enumerate(staying)}
    number = len(person.sealed)
    person.sealed.append(sealed_page(person, number, parts=parts, items=items, others=moved, facts=facts))
    person.parts = [person.parts[index] for index in staying]
    person.items = [person.items[index] for index in staying]
    person.others = person.others[others:]
    for unclosed in person.unclosed.values():
        unclosed.index = place[unclosed.index]
