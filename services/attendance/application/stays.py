"""Intervals and the facts in them, as the texts of which a person's records are made.

The id and the instant of a fact stand in the interval that rests on it, so the state does not repeat them: a *stay*
holds of the two facts of an interval only what the interval does not say.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from services.attendance.application.kept import KeptMovement, KeptSubjectFact, Words
from services.attendance.application.wire import instant_text, milliseconds, quoted
from services.attendance.domain.evidence import Contradiction
from services.attendance.domain.facts import Mode, Unheard
from services.attendance.domain.intervals import EndInferred, Interval

_FACTS: Final = ',"facts":["'
_REMOTE: Final = Mode.REMOTE.value
_END: Final = ',"end":"'
_GRADE: Final = ',"grade":"'
_CONTRADICTED: Final = '],"grade":"contradicted"}'
_OBSERVED: Final = '],"grade":"observed"}'
_INFERRED: Final = '_inferred":'
_MODE: Final = len('{"mode":"')
_END_CUT: Final = len(_END)
_INSTANT: Final = len("2026-11-22T09:00:00.000Z")
_START_ENDS: Final = tuple(
    len(f'{{"mode":"{mode.value}","start":"2026-11-22T09:00:00.000Z"') for mode in (Mode.IN_PERSON, Mode.REMOTE)
)


class Opened(Struct, array_like=True, frozen=True, gc=False):
    """Of the fact that opened an interval."""

    lag: int
    digest: int
    words: Words
    connection: str | None = None
    session: str | None = None
    source: str | None = None
    """Said where the interval rests on several."""


class Closed(Struct, array_like=True, frozen=True, gc=False):
    """Of the fact that closed it."""

    lag: int
    digest: int
    words: Words
    joined_at: int | None = None
    via: str | None = None
    """Said where it is not that of the interval."""
    source: str | None = None


class Stay(Struct, array_like=True, frozen=True, gc=False):
    """Of the facts of one interval."""

    opened: Opened
    closed: Closed | None = None


class WrittenInterval(Struct, gc=False):
    """An interval of a record."""

    mode: str
    start: str
    via: str
    facts: list[str]
    sources: list[str]
    end: str | None = None
    start_inferred: bool = False
    end_inferred: str | None = None
    """None where a leave tells the end, inferred or not."""
    left_inferred: Unheard | None = None
    contradicted_by: list[str] = []


def kept_facts(
    intervals: Iterable[WrittenInterval], stays: Iterable[Stay | None], facts: Iterable[KeptSubjectFact]
) -> list[KeptSubjectFact]:
    """All facts of a record: those that stand in an interval, and the others."""
    kept: list[KeptSubjectFact] = []
    for interval, stay in zip(intervals, stays, strict=True):
        if stay is not None:
            kept += movements_of(interval, stay)
    kept += facts
    return kept


def movements_of(interval: WrittenInterval, stay: Stay) -> Iterator[KeptMovement]:
    """What opened an interval, and what closed it."""
    opened, closed, via = stay.opened, stay.closed, interval.via
    source = opened.source or interval.sources[0]
    room = via[len(source) + 1 :] if interval.mode == _REMOTE else None
    where = (room, opened.session, opened.connection)
    opens = True
    stamp = (interval.facts[0], milliseconds(interval.start), opened.lag, opened.digest, source, opened.words)
    yield KeptMovement(*stamp, opens, via, *where)
    if closed is not None and interval.end is not None:
        source = closed.source or interval.sources[0]
        stamp = (interval.facts[1], milliseconds(interval.end), closed.lag, closed.digest, source, closed.words)
        yield KeptMovement(*stamp, not opens, closed.via or via, *where, closed.joined_at, interval.left_inferred)


def interval_text(interval: Interval) -> str:
    """An interval as JSON."""
    text = f'{{"mode":"{interval.mode.value}","start":"{instant_text(interval.start)}"'
    if interval.end is not None:
        text += f',"end":"{instant_text(interval.end)}"'
    text += f',"via":{quoted(interval.via)}'
    if interval.start_inferred:
        text += ',"start_inferred":true'
    if interval.end_inferred is EndInferred.SILENCE:
        text += ',"left_inferred":"silence"'
    elif interval.end_inferred is not None:
        text += f',"end_inferred":"{interval.end_inferred.value}"'
    text += (
        f',"facts":[{ids_text(interval.facts)}],"sources":[{",".join(quoted(source) for source in interval.sources)}]'
    )
    if interval.contradicted_by:
        text += f',"contradicted_by":[{ids_text(interval.contradicted_by)}]'
    return f'{text},"grade":"{interval.grade.value}"}}'


def stay_text(interval: Interval, facts: Sequence[KeptMovement]) -> str:
    """What the facts of an interval, one or two, say beside it."""
    opened, several = facts[0], len(interval.sources) > 1
    text = f"[{opened.lag},{opened.digest},{words_text(opened.words)}"
    if several or opened.session is not None:
        said = [opened.connection, opened.session, opened.source if several else None]
        text += f",{compact(said)[1:-1]}"
    elif opened.connection is not None:
        text += f",{quoted(opened.connection)}"
    if len(facts) == 1:
        return f"[{text}]]"
    closed = facts[1]
    text += f"],[{closed.lag},{closed.digest},{words_text(closed.words)}"
    if several or closed.via != interval.via:
        via = None if closed.via == interval.via else closed.via
        text += f",{compact([closed.joined_at, via, closed.source if several else None])[1:-1]}"
    elif closed.joined_at is not None:
        text += f",{closed.joined_at}"
    return f"[{text}]]"


def words_text(words: Words) -> str:
    """Words as JSON."""
    if words.counted_for is None and words.suspect is None and words.status is not None:
        return f"[{words.status},{words.in_person},{words.remote},{words.both}]"
    return compact(words)


def cut_of(part: str) -> int:
    """Where in the text of an interval what follows the id of its first fact begins."""
    return part.index('"', part.index(_FACTS) + len(_FACTS)) + 1


def contradicted(part: str, fact_id: str) -> str:
    """The text of an interval that one more fact contradicts, later than any before."""
    if part.endswith(_CONTRADICTED):
        return f'{part[: -len(_CONTRADICTED)]},"{fact_id}"{_CONTRADICTED}'
    return f'{part[: part.rindex(_GRADE)]},"contradicted_by":["{fact_id}"{_CONTRADICTED}'


def agreed(part: str, fact_id: str) -> str | None:
    """The text of an interval without the one fact that contradicts it; None if it is not as simple as that."""
    told = f',"contradicted_by":["{fact_id}"{_CONTRADICTED}'
    return None if not part.endswith(told) or _INFERRED in part else f"{part[: -len(told)]}{_OBSERVED[1:]}"


def observed_text(mode: str, start: str, end: str | None, via: str, facts: Iterable[str], source: str) -> str:
    """An interval whose ends facts of one source tell, or that goes on, as JSON."""
    ended = "" if end is None else f',"end":"{end}"'
    return (
        f'{{"mode":"{mode}","start":"{start}"{ended},"via":{quoted(via)},"facts":[{ids_text(facts)}]'
        f',"sources":[{quoted(source)}{_OBSERVED}'
    )


def fact_of(part: str) -> str:
    """The id of the first fact in the text of an interval."""
    start = part.index(_FACTS) + len(_FACTS)
    return part[start : part.index('"', start)]


def is_remote(part: str) -> bool:
    """Whether the text of an interval is of one that is remote."""
    return part[_MODE] == "r"


def start_of(part: str) -> str:
    """The start in the text of an interval, as an instant of the wire: later ones are greater texts."""
    cut = _START_ENDS[part[_MODE] == "r"]
    return part[cut - 1 - _INSTANT : cut - 1]


def end_of(part: str) -> str | None:
    """The end in the text of an interval; None where it goes on."""
    cut = _START_ENDS[part[_MODE] == "r"] + _END_CUT
    return part[cut : cut + _INSTANT] if part.startswith(_END, cut - _END_CUT) else None


def those_ended(parts: Iterable[str], since: str) -> list[str]:
    """The texts of the intervals that ended after an instant of the wire."""
    found = []
    for part in parts:  # Hundreds, of which a few are found.
        cut = _START_ENDS[part[_MODE] == "r"]
        if part[cut + 2] == "e" and part[cut + _END_CUT : cut + _END_CUT + _INSTANT] > since:
            found.append(part)
    return found


def contradictions_text(contradictions: Iterable[Contradiction]) -> str | None:
    """Contradictions as JSON; None if there are none."""
    texts = [
        f'{{"fact_id":"{one.fact_id}","time":"{instant_text(one.time)}","kind":"{one.kind.value}"}}'
        for one in contradictions
    ]
    return f"[{','.join(texts)}]" if texts else None


def ids_text(ids: Iterable[str]) -> str:
    """Ids as they stand in a JSON array."""
    return ",".join(f'"{one}"' for one in ids)


def compact(array: object) -> str:
    """A struct that is an array as JSON, without what at its end says nothing."""
    return msgspec.json.encode(_trimmed(msgspec.to_builtins(array))).decode()


def _trimmed(value: object) -> object:
    if not isinstance(value, list):
        return value
    values = [_trimmed(one) for one in value]
    while values and values[-1] is None:
        values.pop()
    return values
