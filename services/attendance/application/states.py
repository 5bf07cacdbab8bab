"""How the worker keeps what it knows, as bytes.

A presence record is output and state in one: beside the presence it holds the facts of its subject, each with the
presence that it first led to, so that a fact that comes again is told again in the same words. What concerns a whole
event stands apart: one record with all that its context is folded from, and one a fact.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

from pydantic_core import from_json, to_json

from services.attendance.application.translation import Document, domain_fact
from services.attendance.domain.context import EventContext, fold_context
from services.attendance.domain.facts import EventFact, SubjectFact

_CONTEXT_NAMES: Final = frozenset(
    {
        *("status", "starts_at", "ends_at", "timezone", "grace_seconds", "closed_at"),
        *("room", "room_session", "guest_id", "participant_id", "fact_id"),
    }
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


def read_facts(record: bytes | None) -> dict[str, Kept]:
    """The facts in a presence record, by id."""
    if record is None:
        return {}
    return {kept["id"]: kept for kept in from_json(record)["data"].get("facts", ())}


def subject_fact(kept: Kept, subject: str) -> SubjectFact:
    """A fact in a presence record, as the fold sees it."""
    return cast("SubjectFact", domain_fact({**kept, "subject": subject}))


def write_context(facts: Iterable[Kept]) -> bytes:
    """The record of what an event's context is folded from: of each fact only what the fold needs."""
    return to_json([_needed(kept) for kept in in_order(facts)])


def read_context_facts(record: bytes | None) -> dict[str, Kept]:
    """The facts in a context record, by id."""
    return {} if record is None else {kept["id"]: kept for kept in from_json(record)}


@lru_cache(maxsize=_CONTEXTS_KEPT)
def read_context(record: bytes | None) -> EventContext:
    """The context that a context record leads to. It is the same value for the same bytes: do not change it."""
    return fold_context(cast("EventFact", domain_fact(kept)) for kept in read_context_facts(record).values())


def write_other_fact(fact: OtherFact) -> bytes:
    """The record of one fact that stands in no presence record."""
    return to_json({"fact": fact.document, "reached": None if fact.reached is None else _noted(fact.reached)})


def read_other_fact(record: bytes) -> OtherFact:
    """Read what `write_other_fact` wrote."""
    read = from_json(record)
    return OtherFact(document=read["fact"], reached=read["reached"] and Reached(**read["reached"]))


def _needed(kept: Kept) -> Kept:
    data = {name: value for name, value in kept["data"].items() if name in _CONTEXT_NAMES}
    return {**{name: kept[name] for name in ("id", "source", "type", "time", "recordedtime")}, "data": data}


def in_order(facts: Iterable[Kept]) -> list[Kept]:
    """Facts in the one order they are kept in."""
    return sorted(facts, key=_order)


def _order(kept: Kept) -> tuple[str, str]:
    """By (time, id): instants of the wire sort as text, all being UTC with milliseconds."""
    return kept["time"], kept["id"]
