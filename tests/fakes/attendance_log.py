"""What the worker would tell of some facts: timeline entries and presences, folded here at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.envelope import Fact
from schemas.identifiers import is_guest_id
from schemas.presence import PresenceChanged
from schemas.timeline import TimelineEntry
from services.attendance.application.translation import domain_fact, instant
from services.attendance.domain.facts import Fact as DomainFact
from services.attendance.domain.fold import Presence, fold_event
from services.attendance.domain.intervals import Durations

SOURCE = "/attendance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The records of `passerelle-timeline`, one a fact as given, and of `passerelle-presence`, one a person."""

    entries: Sequence[TimelineEntry]
    presences: Sequence[PresenceChanged]


def told(facts: Sequence[Fact]) -> Told:
    """Fold facts of one event that were recorded in the order given."""
    known: list[DomainFact] = []
    by_subject: dict[str, list[DomainFact]] = {}
    shared: list[DomainFact] = []
    entries = []
    for fact in facts:
        document = fact.model_dump(mode="json", exclude_none=True)
        read = domain_fact(document)
        known.append(read)
        group = shared if fact.subject is None else by_subject.setdefault(fact.subject, [])
        group.append(read)
        presence = None
        if fact.subject is not None:
            presence = fold_event([*shared, *group]).people.get(fact.subject)
        entries.append(_entry(fact, document, presence))
    people = fold_event(known).people
    return Told(
        entries=entries,
        presences=[presence_record(facts, subject, presence) for subject, presence in people.items()],
    )


def presence_record(facts: Iterable[Fact], subject: str, presence: Presence) -> PresenceChanged:
    """A presence as the worker writes it."""
    last = max(facts, key=lambda fact: fact.time)
    intervals = [
        {
            "mode": interval.mode,
            "start": instant(interval.start),
            "end": None if interval.end is None else instant(interval.end),
            "via": interval.via,
            "start_inferred": interval.start_inferred,
            "end_inferred": interval.end_inferred,
        }
        for interval in presence.intervals
    ]
    return PresenceChanged.model_validate(
        {
            "id": f"{last.data.event_id}.{subject}",
            "source": SOURCE,
            "subject": subject,
            "time": last.time,
            "recordedtime": last.recordedtime,
            "data": {
                "event_id": last.data.event_id,
                "status": presence.status,
                "registered_mode": presence.registered_mode,
                "registration": presence.registration,
                "intervals": intervals,
                "seconds": _seconds(presence.durations),
                "linked_to": presence.linked_to,
            },
        }
    )


def _entry(fact: Fact, document: dict[str, Any], presence: Presence | None) -> TimelineEntry:
    guest = fact.subject is not None and is_guest_id(fact.subject)
    reached = presence and {"status": presence.status, "seconds": _seconds(presence.durations)}
    return TimelineEntry.model_validate(
        {
            "id": fact.id,
            "source": SOURCE,
            "subject": fact.subject,
            "time": fact.time,
            "recordedtime": fact.recordedtime,
            "data": {
                "event_id": fact.data.event_id,
                "fact": document,
                "participant_id": None if guest else fact.subject,
                "guest_id": fact.subject if guest else None,
                "presence": reached,
            },
        }
    )


def _seconds(lengths: Durations) -> dict[str, float]:
    modes = ("in_person", "remote", "both", "total")
    return {mode: getattr(lengths, mode) / 1000 for mode in modes}
