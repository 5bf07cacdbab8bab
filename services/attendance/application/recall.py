"""What was kept of a person, read again."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Raw, Struct

from services.attendance.application.extra import extra_text
from services.attendance.application.kept import (
    KeptAcceptance,
    KeptMovement,
    KeptSeat,
    KeptSubjectFact,
    KeptVoiding,
    ToldEnd,
    Words,
)
from services.attendance.application.lasting import Lasting
from services.attendance.application.person import (
    EVER,
    IN_PERSON_KEY,
    Person,
    Sealed,
    Unclosed,
    new_person,
)
from services.attendance.application.records import seconds_text
from services.attendance.application.stays import Stay, WrittenInterval, cut_of, kept_facts
from services.attendance.application.wire import milliseconds
from services.attendance.domain.facts import Mode
from services.attendance.domain.fold import Status
from services.attendance.domain.intervals import EndInferred, Interval, Span

_REMOTE: Final = Mode.REMOTE.value


class _State(Struct):
    stays: list[Raw]
    facts: list[Raw]
    told: list[ToldEnd] = []
    mark: int | None = None


_NOTHING: Final = Raw(b"")


class _Seconds(Struct):
    in_person: float
    remote: float
    both: float


class _Data(Struct):
    status: str
    seconds: _Seconds
    registered_mode: str | None = None
    registration: str | None = None
    intervals: list[Raw] = []
    linked_to: str | None = None
    contradictions: Raw = _NOTHING
    suspect: Raw = _NOTHING
    earlier: int = 0
    state: _State | None = None


class _Record(Struct):
    time: str
    recordedtime: str
    data: _Data


class _Written(Struct):
    intervals: list[WrittenInterval]
    stays: list[Stay | None]
    facts: list[KeptSubjectFact]


class _SealedState(Struct):
    stays: list[Stay | None]
    facts: list[KeptSubjectFact]


class _SealedData(Struct):
    intervals: list[WrittenInterval]
    state: _SealedState


class _SealedRecord(Struct):
    data: _SealedData


class _TextsData(Struct):
    intervals: list[Raw]


class _Texts(Struct):
    data: _TextsData


_read_texts: Final = msgspec.json.Decoder(_Texts).decode
_read_record: Final = msgspec.json.Decoder(_Record).decode
_read_written: Final = msgspec.json.Decoder(_Written).decode
_read_sealed: Final = msgspec.json.Decoder(_SealedRecord).decode
_read_interval: Final = msgspec.json.Decoder(WrittenInterval).decode
_read_stay: Final[Callable[[Raw | str], Stay | None]] = msgspec.json.Decoder(Stay | None).decode
_read_fact: Final = msgspec.json.Decoder(KeptSubjectFact).decode


def kept_of(parts: Iterable[str], items: Iterable[str], others: Iterable[str]) -> list[KeptSubjectFact]:
    """What is remembered of facts, from the texts of intervals, of their stays, and of other facts."""
    stand, stays, facts = ",".join(parts), ",".join(items), ",".join(others)
    read = _read_written(f'{{"intervals":[{stand}],"stays":[{stays}],"facts":[{facts}]}}')
    return kept_facts(read.intervals, read.stays, read.facts)


def remembered(person: Person, fact_id: str) -> KeptSubjectFact | None:
    """What is remembered of one of a person's own facts; None if that is not quickly found."""
    quoted_id = f'"{fact_id}"'
    standing = ((part, item) for part, item in zip(person.parts, person.items, strict=True) if quoted_id in part)
    found = [kept for part, item in standing for kept in kept_of([part], [item], [])]
    found += kept_of([], [], [other for other in person.others if quoted_id in other])
    return next((one for one in found if one.id == fact_id), None)


def words_told(person: Person, fact_id: str, digest: int) -> Words | None:
    """The words that a fact of a person was told in; None if no stay tells of a copy of this digest."""
    quoted_id = f'"{fact_id}"'
    for part, item in zip(person.parts, person.items, strict=True):
        if quoted_id in part and (stay := _read_stay(item)) is not None:
            if stay.opened.digest == digest:
                return stay.opened.words
            if stay.closed is not None and stay.closed.digest == digest:
                return stay.closed.words
    return None


def sealed_intervals(sealed: Sealed) -> list[str]:
    """The intervals of a sealed record, as JSON."""
    return [bytes(text).decode() for text in _read_texts(sealed.record).data.intervals]


def kept_sealed(sealed: Sealed) -> list[KeptSubjectFact]:
    """What is remembered of the facts of a sealed record."""
    data = _read_sealed(sealed.record).data
    return kept_facts(data.intervals, data.state.stays, data.state.facts)


def recall(
    event_id: str, subject: str, record: bytes | None, read: Callable[[bytes], bytes | None], *, plain: bool
) -> Person:
    """A person as their presence record says; somebody unknown where there is none.

    They are `plain` if nobody is linked to them, nor they to anybody.
    """
    person = new_person(event_id, subject, plain=plain)
    read_record = None if record is None else _read_record(record)
    if read_record is None or read_record.data.state is None:
        return person
    data, state = read_record.data, read_record.data.state
    person.time, person.recorded = read_record.time, read_record.recordedtime
    person.registered_mode, person.registration = data.registered_mode, data.registration
    person.in_person, person.remote, person.both = (
        round(1000 * seconds) for seconds in (data.seconds.in_person, data.seconds.remote, data.seconds.both)
    )
    person.seconds = seconds_text(person.in_person, person.remote, person.both)
    person.extra = extra_text(data.linked_to, _text(data.contradictions), _text(data.suspect))
    person.was_here = data.status != Status.ABSENT.value
    use_told(person, state.told)
    intervals = [_read_interval(part) for part in data.intervals]
    stays = [_read_stay(item) for item in state.stays]
    person.parts = [bytes(part).decode() for part in data.intervals]
    person.items = [bytes(item).decode() for item in state.stays]
    person.others = [bytes(fact).decode() for fact in state.facts]
    earlier: list[Interval] = []
    facts = kept_facts(intervals, stays, [_read_fact(fact) for fact in state.facts])
    for number in range(data.earlier):
        record = read(b"%b/%04d" % (person.key, number)) or b""
        sealed = _read_sealed(record).data
        stand = kept_facts(sealed.intervals, sealed.state.stays, sealed.state.facts)
        until = latest_of((one.end or one.start for one in sealed.intervals), stand)
        person.sealed.append(Sealed(record, until=until, written=True))
        facts += stand
        earlier += [_read_again(interval) for interval in sealed.intervals]
    person.facts = dict.fromkeys(fact.id for fact in facts)
    sum_up(person, facts)
    if state.mark is not None:
        # Facts of others count, too, or did; or a crash came before the event knew that they did not.
        person.whole = person.mark == state.mark and data.linked_to is None
        person.mark = state.mark
    _find_unclosed(person, intervals, stays, earlier)
    person.plain = person.plain and person.whole and person.facts.keys() >= person.voided.keys()
    return person


def sum_up(person: Person, facts: Iterable[KeptSubjectFact]) -> None:
    """See what a person's own facts say together."""
    for fact in facts:
        person.mark ^= fact.digest
        match fact:
            case KeptMovement(time=time):
                person.last = max(person.last, time)
            case KeptSeat(time=time):
                person.seated_at = max(person.seated_at, time)
            case KeptVoiding(voided_id=voided_id):
                person.voided[voided_id] = None
            case KeptAcceptance():
                person.acceptances.append(fact)


def latest_of(ends: Iterable[str], facts: Iterable[KeptSubjectFact]) -> int:
    """The latest of some instants of the wire and of the comings and goings among facts."""
    times = (fact.time for fact in facts if isinstance(fact, KeptMovement))
    return max((*map(milliseconds, ends), *times), default=EVER)


def _text(raw: Raw) -> str | None:
    return bytes(raw).decode() or None


def use_told(person: Person, told: Sequence[ToldEnd]) -> None:
    """Remember which inferred ends were told."""
    person.told = list(told)
    person.told_text = f',"told":{msgspec.json.encode(told).decode()}' if told else ""


def _find_unclosed(
    person: Person, intervals: Sequence[WrittenInterval], stays: Sequence[Stay | None], earlier: Sequence[Interval]
) -> None:
    """See which channels are open, and from where on a fact is in order."""
    here = [_read_again(interval) for interval in intervals]
    lasting = lasting_of((*earlier, *here))
    for known in (*earlier, *here):
        person.last = max(person.last, known.start if known.end is None else known.end)
    for index, (interval, stay, read) in enumerate(zip(intervals, stays, here, strict=True)):
        if read.end is not None and read.end_inferred is None:
            continue
        if read.end is None:
            person.here_in_person += read.mode is Mode.IN_PERSON
            person.here_remote += read.mode is Mode.REMOTE
        if stay is None:  # Which channel it is stands elsewhere, with a linked guest perhaps.
            person.plain = person.whole = False
            person.unclosed["", "", str(index)] = Unclosed(index, read.start, "", None, None, 0, ongoing=False)
            continue
        source = stay.opened.source or interval.sources[0]
        room = interval.via[len(source) + 1 :] if interval.mode == _REMOTE else None
        session = stay.opened.session
        channel = IN_PERSON_KEY if room is None else (source, session or room, stay.opened.connection or "")
        person.unclosed[channel] = unclosed_at(
            person.parts[index], index, read, where=(source, room, session), lasting=lasting
        )


def unclosed_at(
    part: str, index: int, interval: Interval, *, where: tuple[str, str | None, str | None], lasting: Lasting
) -> Unclosed:
    """An open channel, `where` is its source, room and session, given its interval and that as text."""
    return Unclosed(index, interval.start, *where, cut_of(part), *lasting.until(interval.start), interval.end is None)


def lasting_of(intervals: Iterable[Interval]) -> Lasting:
    """How long these last that have ended."""
    of_mode: dict[Mode, list[Span]] = {Mode.IN_PERSON: [], Mode.REMOTE: []}
    for interval in intervals:
        if interval.end is not None and interval.end > interval.start:
            of_mode[interval.mode].append((interval.start, interval.end))
    return Lasting(of_mode[Mode.IN_PERSON], of_mode[Mode.REMOTE])


def _read_again(interval: WrittenInterval) -> Interval:
    return Interval(
        mode=Mode(interval.mode),
        start=milliseconds(interval.start),
        end=None if interval.end is None else milliseconds(interval.end),
        via=interval.via,
        end_inferred=None if interval.end_inferred is None else EndInferred(interval.end_inferred),
    )
