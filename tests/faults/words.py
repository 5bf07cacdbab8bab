"""Where people stand, in words that the fold, the presence topic and the API have in common: to be compared."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from schemas.envelope import format_instant
from schemas.timeline import END_INFERRED
from services.attendance.application.records import seconds
from services.attendance.application.translation import instant, milliseconds
from services.attendance.domain.fold import Presence
from services.attendance.domain.intervals import Interval, durations

Words = Mapping[str, Any]


class InferredEnd(NamedTuple):
    """An end that attendance tells as a fact of its own: whose, of what, when, and why."""

    subject: str
    mode: str
    via: str
    start: str
    end: str
    reason: str
    facts: tuple[str, ...]


def folded(presence: Presence, *, horizon: str | None = None) -> Words:
    """What the fold makes of somebody; what goes on counts up to `horizon`, if one is given."""
    counted = durations(presence.intervals, horizon=None if horizon is None else milliseconds(horizon))
    return {
        "status": presence.status.value,
        "registered_mode": presence.registered_mode and presence.registered_mode.value,
        "registration": presence.registration and presence.registration.value,
        "linked_to": presence.linked_to,
        "seconds": seconds(counted),
        "suspect": list(presence.suspect),
        "contradictions": [
            {"fact_id": found.fact_id, "time": _text(found.time), "kind": found.kind.value}
            for found in presence.contradictions
        ],
        "intervals": [
            {
                "mode": interval.mode.value,
                "start": _text(interval.start),
                "end": None if interval.end is None else _text(interval.end),
                "via": interval.via,
                "start_inferred": interval.start_inferred,
                "end_inferred": interval.end_inferred and interval.end_inferred.value,
                "facts": list(interval.facts),
                "sources": list(interval.sources),
                "contradicted_by": list(interval.contradicted_by),
                "grade": interval.grade.value,
            }
            for interval in presence.intervals
        ],
    }


def told(data: Words) -> Words:
    """What a presence record's data or an answer says of somebody; what is empty may be left out there."""
    return {
        "status": data["status"],
        "registered_mode": data.get("registered_mode"),
        "registration": data.get("registration"),
        "linked_to": data.get("linked_to"),
        "seconds": data["seconds"],
        "suspect": data.get("suspect", []),
        "contradictions": data.get("contradictions", []),
        "intervals": [
            {
                "mode": interval["mode"],
                "start": interval["start"],
                "end": interval.get("end"),
                "via": interval["via"],
                "start_inferred": interval.get("start_inferred", False),
                "end_inferred": interval.get("end_inferred") or interval.get("left_inferred"),
                "facts": interval.get("facts", []),
                "sources": interval.get("sources", []),
                "contradicted_by": interval.get("contradicted_by", []),
                "grade": interval.get("grade"),
            }
            for interval in data["intervals"]
        ],
    }


def ends_of(people: Mapping[str, Presence]) -> set[InferredEnd]:
    """All ends that the fold infers."""
    return {
        _end(subject, interval)
        for subject, presence in people.items()
        for interval in presence.intervals
        if interval.is_unclosed and interval.end_inferred is not None
    }


def ends_on_the_topic(entries: Iterable[Words]) -> set[InferredEnd]:
    """The inferred ends that stand, by the last entry of each."""
    facts = [entry["data"]["fact"] for entry in entries if entry["data"].get("withdrawn_at") is None]
    return {
        InferredEnd(
            subject=fact["subject"],
            **{name: fact["data"][name] for name in ("mode", "via", "start", "end", "reason")},
            facts=tuple(fact["data"]["facts"]),
        )
        for fact in facts
        if fact["type"] == END_INFERRED
    }


def ends_in_the_api(items: Iterable[Words]) -> set[InferredEnd]:
    """The inferred ends that stand, by the timeline as it is answered."""
    return {
        InferredEnd(
            subject=item["participant_id"] or item["guest_id"],
            mode=item["mode"],
            via=item["ends"]["via"],
            start=item["ends"]["start"],
            end=item["time"],
            reason=item["ends"]["reason"],
            facts=tuple(item["ends"]["facts"]),
        )
        for item in items
        if item["type"] == END_INFERRED and item["withdrawn_at"] is None
    }


def _end(subject: str, interval: Interval) -> InferredEnd:
    assert interval.end is not None
    assert interval.end_inferred is not None
    return InferredEnd(
        subject=subject,
        mode=interval.mode.value,
        via=interval.via,
        start=_text(interval.start),
        end=_text(interval.end),
        reason=interval.end_inferred.value,
        facts=interval.facts,
    )


def _text(at: int) -> str:
    return format_instant(instant(at))
