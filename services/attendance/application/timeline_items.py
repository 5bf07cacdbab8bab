"""Entries of the timeline, and what changed in it, as programs get them: from the API and in files."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.identifiers import is_guest_id
from schemas.timeline import END_INFERRED
from services.attendance.application.changes import Explained
from services.attendance.application.translation import instant
from services.attendance.domain.intervals import Durations
from services.attendance.domain.reading import Entry


def item_of(entry: Entry) -> dict[str, Any]:
    """What an entry says, by the names of the API; instants as such.

    `participant_id` or `guest_id` is set, or neither if it is about the event. `ends` is what an inferred end says.
    """
    return {
        "id": entry.id,
        "time": instant(entry.time),
        "recorded_time": instant(entry.recorded),
        "type": entry.type,
        "source": entry.source,
        "participant_id": entry.participant_id,
        "guest_id": None if entry.participant_id else entry.guest_id,
        "mode": entry.mode,
        "room": entry.told("room"),
        "gate": entry.told("gate"),
        "presence": None
        if entry.reached is None
        else {"status": entry.reached.status.value, "seconds": seconds_of(entry.reached.durations)},
        "suspect_time": entry.suspect and entry.suspect.value,
        "accepted": entry.accepted,
        "ends": _ends(entry),
        "inferred": entry.told("inferred"),
        "withdrawn_at": None if entry.withdrawn is None else instant(entry.withdrawn),
    }


def change_of(explained: Explained) -> dict[str, Any]:
    """What changed for one person, by the names of the API; instants as such."""
    change = explained.change
    guest = is_guest_id(change.subject)
    return {
        "participant_id": None if guest else change.subject,
        "guest_id": change.subject if guest else None,
        "before": seconds_of(change.before),
        "after": seconds_of(change.after),
        "steps": [
            {
                "cause": step.cause.value,
                "fact": item_of(explained.facts[step.fact_id]),
                "before": seconds_of(step.before),
                "after": seconds_of(step.after),
            }
            for step in change.steps
        ],
        "unweighed": change.unweighed,
    }


def seconds_of(lengths: Durations) -> Mapping[str, float]:
    """A length of time by mode, in seconds."""
    return {mode: getattr(lengths, mode) / 1000 for mode in ("in_person", "remote", "both", "total")}


def _ends(entry: Entry) -> Mapping[str, Any] | None:
    """Which presence an inferred end ends, and why."""
    if entry.type != END_INFERRED:
        return None
    said = {name: entry.data.get(name) for name in ("start", "via", "reason", "facts")}
    return {**said, "start": datetime.fromisoformat(str(said["start"]))}
