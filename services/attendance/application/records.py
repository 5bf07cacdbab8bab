"""The worker's two outputs, written as their bytes: presence records and timeline entries.

They are the bytes that the models of `schemas` would write, without the cost of building those: a test compares them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from pydantic_core import to_json

from schemas.envelope import format_instant
from schemas.identifiers import fact_id, is_guest_id
from services.attendance.application.states import Kept, Reached, in_order
from services.attendance.application.translation import Document, instant
from services.attendance.domain.facts import SubjectFact
from services.attendance.domain.fold import Presence
from services.attendance.domain.intervals import Durations, Interval

SOURCE: Final = "/attendance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A timeline entry: its id, which is that of its fact, and its record."""

    id: str
    value: bytes


def write_presence(
    event_id: str, subject: str, presence: Presence, *, facts: Mapping[str, Kept], about: Iterable[SubjectFact]
) -> bytes:
    """The presence record of a subject: `facts` are its own, `about` all that count for it.

    Its id, `time` and `recordedtime` follow from what it says and from those facts, not from when it is written.
    """
    data: dict[str, Any] = {"event_id": event_id, "status": presence.status.value}
    if presence.registered_mode is not None:
        data["registered_mode"] = presence.registered_mode.value
    if presence.registration is not None:
        data["registration"] = presence.registration.value
    data["intervals"] = [_interval(interval) for interval in presence.intervals]
    data["seconds"] = seconds(presence.durations)
    if presence.linked_to is not None:
        data["linked_to"] = presence.linked_to
    if presence.contradictions:
        data["contradictions"] = [
            {"fact_id": one.fact_id, "time": _text(one.time), "kind": one.kind.value} for one in presence.contradictions
        ]
    if presence.suspect:
        data["suspect"] = presence.suspect
    about = list(about)
    said = sha256(to_json(data))
    said.update("".join(sorted(fact.id for fact in about)).encode())
    if facts:
        data["facts"] = in_order(facts.values())
    return to_json(
        {
            "specversion": "1.0",
            "id": fact_id("presence", event_id, subject, said.hexdigest()),
            "source": SOURCE,
            "type": "passerelle.presence.changed.v1",
            "subject": subject,
            "time": _text(max(fact.time for fact in about)),
            "recordedtime": _text(max(fact.recorded for fact in about)),
            "datacontenttype": "application/json",
            "data": data,
        }
    )


def write_entry(said: Document, reached: Reached | None) -> Entry:
    """The timeline entry of a fact, given as its document, and what it led to when it first came."""
    whom = _whom(said, reached)
    data = {"event_id": said["data"]["event_id"], "fact": said, **whom}
    if reached is not None:
        data["presence"] = {"status": reached.status, "seconds": reached.seconds}
    subject = whom.get("participant_id") or whom.get("guest_id")
    entry = {
        "specversion": "1.0",
        "id": said["id"],
        "source": SOURCE,
        "type": "passerelle.timeline.entry.v1",
        **({} if subject is None else {"subject": subject}),
        "time": said["time"],
        "recordedtime": said["recordedtime"],
        "datacontenttype": "application/json",
        **({"traceparent": said["traceparent"]} if "traceparent" in said else {}),
        "data": data,
    }
    return Entry(id=said["id"], value=to_json(entry))


def seconds(durations: Durations) -> dict[str, float]:
    """Durations as the wire has them."""
    return {
        "in_person": durations.in_person / 1000,
        "remote": durations.remote / 1000,
        "both": durations.both / 1000,
        "total": durations.total / 1000,
    }


def _whom(said: Document, reached: Reached | None) -> dict[str, str]:
    """Whom a fact concerned: the participant, the guest, or both where the one was known to be the other."""
    data, subject = said["data"], said.get("subject")
    if "guest_id" in data and "participant_id" in data:
        return {"participant_id": data["participant_id"], "guest_id": data["guest_id"]}
    if subject is None:
        return {}
    owner = subject if reached is None else reached.counted_for
    if owner != subject:
        return {"participant_id": owner, "guest_id": subject}
    return {"guest_id": subject} if is_guest_id(subject) else {"participant_id": subject}


def _interval(interval: Interval) -> dict[str, Any]:
    written: dict[str, Any] = {"mode": interval.mode.value, "start": _text(interval.start)}
    if interval.end is not None:
        written["end"] = _text(interval.end)
    written |= {"via": interval.via, "start_inferred": interval.start_inferred}
    if interval.end_inferred is not None:
        written["end_inferred"] = interval.end_inferred.value
    evidence = {"facts": interval.facts, "sources": interval.sources, "contradicted_by": interval.contradicted_by}
    return written | {name: told for name, told in evidence.items() if told} | {"grade": interval.grade.value}


def _text(at: int) -> str:
    return format_instant(instant(at))
