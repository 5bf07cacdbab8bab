"""How the worker keeps what it knows, as bytes.

A presence record is output and state in one: beside the presence it holds the facts of its subject, each with the
presence that it first led to, so that a fact that comes again is told again in the same words. What concerns a whole
event stands apart: one record with all that its context is folded from, and one a fact.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, TypeAlias, cast

from schemas.identifiers import fact_id
from schemas.presence import PresenceChanged, PresenceData, PresenceInterval, Seconds
from services.attendance.application.translation import Document, domain_fact, instant
from services.attendance.domain.context import EventContext, fold_context
from services.attendance.domain.facts import EventFact, SubjectFact
from services.attendance.domain.fold import Presence
from services.attendance.domain.intervals import Durations

SOURCE: Final = "/attendance"
_CONTEXT_NAMES: Final = frozenset(
    {"status", "ends_at", "grace_seconds", "room", "room_session", "guest_id", "participant_id"}
)
_CONTEXTS_KEPT: Final = 512

Kept: TypeAlias = dict[str, Any]
"""A fact as it is kept: its document without what its place already says, and `reached` once it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What a fact's timeline entry tells beside the fact: whom it counted for, and where that led."""

    counted_for: str
    status: str
    seconds: Mapping[str, float]


def keep(document: Document) -> Kept:
    """Leave out of a document what its place says: the event and the subject."""
    data = {name: value for name, value in document["data"].items() if name != "event_id"}
    kept = {name: document[name] for name in ("id", "source", "type", "time", "recordedtime")}
    if "traceparent" in document:
        kept["traceparent"] = document["traceparent"]
    return {**kept, "data": data}


def restore(kept: Kept, *, event_id: str, subject: str | None) -> Document:
    """The document that was kept, whole."""
    document: dict[str, Any] = {"specversion": "1.0", "id": kept["id"], "source": kept["source"], "type": kept["type"]}
    if subject is not None:
        document["subject"] = subject
    document |= {"time": kept["time"], "recordedtime": kept["recordedtime"], "datacontenttype": "application/json"}
    if "traceparent" in kept:
        document["traceparent"] = kept["traceparent"]
    return {**document, "data": {"event_id": event_id, **kept["data"]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFact:
    """A fact that stands in no presence record: one about the event, or one that tells nothing of presence."""

    document: Document
    reached: Reached | None = None


def reach(kept: Kept, reached: Reached) -> None:
    """Note on a fact what it first led to."""
    kept["reached"] = _noted(reached)


def reached_of(kept: Kept) -> Reached | None:
    """What a fact first led to; None for one that concerns nobody."""
    noted = kept.get("reached")
    return None if noted is None else Reached(**noted)


def _noted(reached: Reached) -> dict[str, Any]:
    return {"counted_for": reached.counted_for, "status": reached.status, "seconds": dict(reached.seconds)}


def seconds(durations: Durations) -> dict[str, float]:
    """Durations as the wire has them."""
    return {
        "in_person": durations.in_person / 1000,
        "remote": durations.remote / 1000,
        "both": durations.both / 1000,
        "total": durations.total / 1000,
    }


def read_facts(record: bytes | None) -> dict[str, Kept]:
    """The facts in a presence record, by id."""
    if record is None:
        return {}
    return {kept["id"]: kept for kept in json.loads(record)["data"]["facts"]}


def subject_fact(kept: Kept, subject: str) -> SubjectFact:
    """A fact in a presence record, as the fold sees it."""
    return cast("SubjectFact", domain_fact({**kept, "subject": subject}))


def write_presence(
    event_id: str, subject: str, presence: Presence, *, facts: Mapping[str, Kept], about: Iterable[SubjectFact]
) -> bytes:
    """The presence record of a subject: `facts` are its own, `about` all that count for it.

    Its id, `time` and `recordedtime` follow from what it says and from those facts, not from when it is written.
    """
    times = [(fact.time, fact.recorded, fact.id) for fact in about]
    data = PresenceData(
        event_id=event_id,
        status=presence.status.value,  # type: ignore[arg-type]  # pydantic makes the wire's value of it
        registered_mode=presence.registered_mode,  # type: ignore[arg-type]
        registration=presence.registration,  # type: ignore[arg-type]
        intervals=tuple(
            PresenceInterval(
                mode=interval.mode,  # type: ignore[arg-type]
                start=instant(interval.start),
                end=None if interval.end is None else instant(interval.end),
                via=interval.via,
                start_inferred=interval.start_inferred,
                end_inferred=interval.end_inferred,  # type: ignore[arg-type]
            )
            for interval in presence.intervals
        ),
        seconds=Seconds(**seconds(presence.durations)),
        linked_to=presence.linked_to,
    )
    said = sha256(data.model_dump_json().encode())
    said.update("".join(sorted(fact for _, _, fact in times)).encode())
    record = PresenceChanged(
        type="passerelle.presence.changed.v1",
        id=fact_id("presence", event_id, subject, said.hexdigest()),
        source=SOURCE,
        subject=subject,
        time=instant(max(time for time, _, _ in times)),
        recordedtime=instant(max(recorded for _, recorded, _ in times)),
        data=data.model_copy(update={"facts": tuple(sorted(facts.values(), key=_order))}),
    )
    return record.to_bytes()


def write_context(facts: Iterable[Kept]) -> bytes:
    """The record of what an event's context is folded from: of each fact only what the fold needs."""
    return _json([_needed(kept) for kept in sorted(facts, key=_order)])


def read_context_facts(record: bytes | None) -> dict[str, Kept]:
    """The facts in a context record, by id."""
    return {} if record is None else {kept["id"]: kept for kept in json.loads(record)}


@lru_cache(maxsize=_CONTEXTS_KEPT)
def read_context(record: bytes | None) -> EventContext:
    """The context that a context record leads to. It is the same value for the same bytes: do not change it."""
    return fold_context(cast("EventFact", domain_fact(kept)) for kept in read_context_facts(record).values())


def write_other_fact(fact: OtherFact) -> bytes:
    """The record of one fact that stands in no presence record."""
    return _json({"fact": fact.document, "reached": None if fact.reached is None else _noted(fact.reached)})


def read_other_fact(record: bytes) -> OtherFact:
    """Read what `write_other_fact` wrote."""
    read = json.loads(record)
    return OtherFact(document=read["fact"], reached=read["reached"] and Reached(**read["reached"]))


def _needed(kept: Kept) -> Kept:
    data = {name: value for name, value in kept["data"].items() if name in _CONTEXT_NAMES}
    return {**{name: kept[name] for name in ("id", "source", "type", "time", "recordedtime")}, "data": data}


def _order(kept: Kept) -> tuple[str, str]:
    """By (time, id): instants of the wire sort as text, all being UTC with milliseconds."""
    return kept["time"], kept["id"]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
