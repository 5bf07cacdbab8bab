"""Compute anew from the log what attendance should tell of an event, and compare it with what it tells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from pydantic_core import to_json

from schemas.decode import KnownFact, UnreadableRecordError, decode
from schemas.envelope import format_instant
from schemas.identifiers import fact_id
from schemas.presence import (
    ContradictionKind,
    EndInferred,
    Grade,
    PresenceContradiction,
    PresenceData,
    PresenceInterval,
    PresenceStatus,
    Seconds,
)
from schemas.registration import Mode, SeatStatus
from schemas.timeline import END_INFERRED
from services.attendance.application.records import seconds
from services.attendance.application.replaying import in_event_time
from services.attendance.application.translation import Document, NotAnInputError, document, domain_fact, instant
from services.attendance.domain.facts import Registration
from services.attendance.domain.fold import NOBODY, Presence, fold_event
from services.attendance.domain.inferred_ends import InferredEnd, inferred_ends
from services.attendance.domain.intervals import EndInferred as Inferred
from services.attendance.domain.intervals import Interval

_NOT_TOLD: Final = frozenset({"event_id", "earlier", "state", "facts"})
"""What a presence record holds beside the presence."""

Json: TypeAlias = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one event: each person's presence as its wire has it, by id, and each fact that stands, by id.

    Somebody's presence may lack fields that a place does not hold: those are not compared.
    """

    presences: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    facts: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of one person, or of one fact of the timeline, of which the log and `place` say different things.

    A value of None is nothing at all: the person or the fact is not there, or has no such field.
    """

    place: str
    subject: str | None = None
    fact_id: str | None = None
    field: str
    by_log: Json
    found: Json


def rebuilt(event_id: str, facts: Iterable[KnownFact]) -> Told:
    """What the facts of an event, in whatever order and however often repeated, lead to."""
    said_of = [document(fact) for fact in in_event_time(facts)]
    documents = {said["id"]: said for said in said_of}
    folded = fold_event(map(domain_fact, said_of)).people
    recorded = {one: domain_fact(said).recorded for one, said in documents.items()}
    ends = {
        fact_id("end_inferred", event_id, subject, end.opening, end.cause): _end_fact(event_id, subject, end)
        for subject, presence in folded.items()
        for end in inferred_ends(presence.intervals, recorded=recorded.__getitem__)
    }
    presences = {subject: told_presence(presence_data(event_id, presence)) for subject, presence in folded.items()}
    return Told(presences=presences, facts={**documents, **ends})


def listed(event_id: str, told: Told) -> Told:
    """What is told where nobody is listed of whom no fact that stands tells."""
    nobody = told_presence(presence_data(event_id, NOBODY))
    return replace(told, presences={who: said for who, said in told.presences.items() if said != nobody})


def told_by(
    presences: Mapping[str, PresenceData], facts: Mapping[str, Document], *, fields: Iterable[str] | None = None
) -> Told:
    """What a place tells of one event; `fields` are those of a presence that it holds, all if none are named."""
    known = None if fields is None else set(fields)
    return Told(
        presences={
            subject: {name: said for name, said in told_presence(data).items() if known is None or name in known}
            for subject, data in presences.items()
        },
        facts=facts,
    )


def compare(log: Told, told: Told, *, place: str) -> list[Difference]:
    """Where `told`, which stands at `place`, differs from what the log leads to; by person and field, then by fact."""
    return [*_presences(log, told, place), *_facts(log, told, place)]


def told_presence(data: PresenceData) -> dict[str, Json]:
    """A presence in the words of the wire, without what stands in its record for the worker alone."""
    told = data.model_dump(mode="json", exclude=set(_NOT_TOLD), warnings=False)
    # They are left out where they are empty, which is a value like any other here.
    empty: dict[str, Json] = {"contradictions": [], "suspect": []}
    return {**empty, **told}


def presence_data(event_id: str, presence: Presence) -> PresenceData:
    """A presence as its record holds it."""
    registration = presence.registration
    return PresenceData(
        event_id=event_id,
        status=PresenceStatus(presence.status),
        registered_mode=None if presence.registered_mode is None else Mode(presence.registered_mode),
        registration=(
            registration
            if registration is None
            else "cancelled"
            if registration is Registration.CANCELLED
            else SeatStatus(registration)
        ),
        intervals=tuple(interval_data(interval) for interval in presence.intervals),
        seconds=Seconds(**seconds(presence.durations)),
        linked_to=presence.linked_to,
        contradictions=tuple(
            PresenceContradiction(fact_id=one.fact_id, time=instant(one.time), kind=ContradictionKind(one.kind))
            for one in presence.contradictions
        ),
        suspect=presence.suspect,
    )


def interval_data(interval: Interval) -> PresenceInterval:
    """An interval as its record holds it."""
    return PresenceInterval(
        mode=Mode(interval.mode),
        start=instant(interval.start),
        end=None if interval.end is None else instant(interval.end),
        via=interval.via,
        start_inferred=interval.start_inferred,
        end_inferred=EndInferred(interval.end_inferred) if interval.is_unclosed and interval.end_inferred else None,
        left_inferred="silence" if interval.end_inferred is Inferred.SILENCE else None,
        facts=interval.facts,
        sources=interval.sources,
        contradicted_by=interval.contradicted_by,
        grade=Grade(interval.grade),
    )


def _presences(log: Told, told: Told, place: str) -> Iterator[Difference]:
    for subject in sorted({*log.presences, *told.presences}):
        ours, theirs = log.presences.get(subject), told.presences.get(subject)
        if ours is None or theirs is None:
            yield Difference(place=place, subject=subject, field="presence", by_log=ours, found=theirs)
            continue
        for name in ours:
            if name in theirs:
                for path, by_log, found in _differing(name, ours[name], theirs[name]):
                    yield Difference(place=place, subject=subject, field=path, by_log=by_log, found=found)


def _facts(log: Told, told: Told, place: str) -> Iterator[Difference]:
    for one in sorted({*log.facts, *told.facts}):
        ours, theirs = log.facts.get(one), told.facts.get(one)
        if ours is None or theirs is None:
            yield Difference(place=place, fact_id=one, field="fact", by_log=ours, found=theirs)
            continue
        if ours != theirs:
            for path, by_log, found in _differing("", ours, _in_full(theirs)):
                yield Difference(place=place, fact_id=one, field=path, by_log=by_log, found=found)


def _in_full(told: Document) -> Document:
    """A fact of the timeline with what it left unsaid: an entry holds it as it came."""
    try:
        return document(decode(to_json(told)))
    except (UnreadableRecordError, NotAnInputError):
        return told


def _differing(path: str, ours: Json, theirs: Json) -> Iterator[tuple[str, Json, Json]]:
    """The deepest fields in which two values differ, each with its path and what either says."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name in sorted({*ours, *theirs}):
            inner = f"{path}.{name}" if path else name
            yield from _differing(inner, ours.get(name), theirs.get(name))
    elif _is_list(ours) and _is_list(theirs) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differing(f"{path}[{number}]", one, other)
    elif ours != theirs:
        yield path, ours, theirs


def _is_list(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _end_fact(event_id: str, subject: str, end: InferredEnd) -> Document:
    return {
        "specversion": "1.0",
        "id": fact_id("end_inferred", event_id, subject, end.opening, end.cause),
        "source": "/attendance",
        "type": END_INFERRED,
        "subject": subject,
        "time": format_instant(instant(end.end)),
        "recordedtime": format_instant(instant(end.recorded)),
        "datacontenttype": "application/json",
        "data": {
            "event_id": event_id,
            "mode": end.mode.value,
            "via": end.via,
            "start": format_instant(instant(end.start)),
            "end": format_instant(instant(end.end)),
            "reason": end.reason.value,
            "facts": [end.opening, end.cause],
        },
    }
