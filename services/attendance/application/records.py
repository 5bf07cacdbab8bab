"""The worker's outputs as bytes, without the cost of building the models of `schemas` that would write the same."""

from dataclasses import dataclass
from typing import Final

from schemas.identifiers import fact_id, is_guest_id
from schemas.timeline import END_INFERRED
from services.attendance.application.kept import STATUSES, ToldEnd, Words
from services.attendance.application.wire import instant_text, quoted
from services.attendance.domain.intervals import Durations

_FRACTIONS: Final = tuple(str(thousandth / 1000)[1:] for thousandth in range(1000))
"""What follows the whole seconds of a number of milliseconds, as JSON has it: that of 500 is `.5`."""


def whom(subject: str, counted_for: str | None = None) -> str:
    """How an entry names whom a fact concerned, as JSON: a guest who was known to be a participant as both."""
    if counted_for is not None:
        return f',"participant_id":"{counted_for}","guest_id":"{subject}"'
    return f',"{"guest_id" if is_guest_id(subject) else "participant_id"}":"{subject}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the envelope of an entry says; the instants are texts of the wire."""

    event_id: str
    id: str
    subject: str | None
    time: str
    recordedtime: str
    traceparent: str | None = None


def write_entry(head: Head, *, fact: bytes, named: str, words: Words, withdrawn_at: int | None = None) -> bytes:
    """An entry; `fact` is the fact's document as JSON, `named` whom it concerned."""
    of_whom = "" if head.subject is None else f',"subject":"{head.subject}"'
    trace = "" if head.traceparent is None else f',"traceparent":{quoted(head.traceparent)}'
    start = (
        f'{{"specversion":"1.0","id":"{head.id}","source":"/attendance","type":"passerelle.timeline.entry.v1"{of_whom}'
        f',"time":"{head.time}","recordedtime":"{head.recordedtime}","datacontenttype":"application/json"{trace}'
        f',"data":{{"event_id":"{head.event_id}","fact":'
    )
    tail = named
    if words.status is not None:
        seconds = seconds_text(words.in_person, words.remote, words.both)
        tail += f',"presence":{{"status":"{STATUSES[words.status]}","seconds":{seconds}}}'
    if words.suspect is not None:
        tail += f',"suspect_time":"{words.suspect}"'
    if withdrawn_at is not None:
        tail += f',"withdrawn_at":"{instant_text(withdrawn_at)}"'
    return b"%b%b%b}}" % (start.encode(), fact, tail.encode())


def write_end(event_id: str, end: ToldEnd) -> bytes:
    """The entry of an inferred end."""
    told_id = fact_id("end_inferred", event_id, end.whose, end.opening, end.cause)
    time, recordedtime = instant_text(end.end), instant_text(end.recorded)
    fact = (
        f'{{"specversion":"1.0","id":"{told_id}","source":"/attendance","type":"{END_INFERRED}"'
        f',"subject":"{end.whose}","time":"{time}","recordedtime":"{recordedtime}","datacontenttype":"application/json"'
        f',"data":{{"event_id":"{event_id}","mode":"{end.mode}","via":{quoted(end.via)}'
        f',"start":"{instant_text(end.start)}","end":"{time}","reason":"{end.reason}"'
        f',"facts":["{end.opening}","{end.cause}"]}}}}'
    )
    head = Head(event_id=event_id, id=told_id, subject=end.whose, time=time, recordedtime=recordedtime)
    named = whom(end.whose)
    return write_entry(head, fact=fact.encode(), named=named, words=end.words, withdrawn_at=end.withdrawn_at)


def seconds(durations: Durations) -> dict[str, float]:
    """Durations as the wire has them."""
    return {
        "in_person": durations.in_person / 1000,
        "remote": durations.remote / 1000,
        "both": durations.both / 1000,
        "total": durations.total / 1000,
    }


def record_id(digest: str) -> str:
    """A UUID (version 8: of one's own making) from a hexadecimal digest."""
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"


def seconds_text(in_person: int, remote: int, both: int) -> str:
    """Durations in milliseconds as the wire has them."""
    total = in_person + remote - both
    if not both and total in (in_person, remote):  # Most come in one way only.
        text = f"{total // 1000}{_FRACTIONS[total % 1000]}"
        if remote:
            return f'{{"in_person":0.0,"remote":{text},"both":0.0,"total":{text}}}'
        return f'{{"in_person":{text},"remote":0.0,"both":0.0,"total":{text}}}'
    return (
        f'{{"in_person":{in_person // 1000}{_FRACTIONS[in_person % 1000]},"remote":{remote // 1000}'
        f'{_FRACTIONS[remote % 1000]},"both":{both // 1000}{_FRACTIONS[both % 1000]},"total":{total // 1000}'
        f"{_FRACTIONS[total % 1000]}}}"
    )
