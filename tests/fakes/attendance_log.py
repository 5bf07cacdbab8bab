"""What the worker would tell of some facts: timeline entries and presences, folded here at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.envelope import Fact
from schemas.presence import PresenceChanged, PresenceData, PresenceInterval, PresenceStatus, Seconds
from schemas.timeline import EntryData, PresenceReached, TimelineEntry
from services.attendance.application.translation import domain_fact, instant
from services.attendance.domain.facts import Fact as DomainFact
from services.attendance.domain.fold import Presence, fold_event
from services.attendance.domain.intervals import Durations

SOURCE = "/attendance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The records of `passerelle-timeline`, one a fact in the order given, and of `passerelle-presence`, one a person."""

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
    return PresenceChanged(
        id=f"{last.data.event_id}.{subject}",
        source=SOURCE,
        subject=subject,
        time=last.time,
        recordedtime=last.recordedtime,
        data=PresenceData(
            event_id=last.data.event_id,
            status=PresenceStatus(presence.status),
            registered_mode=presence.registered_mode and presence.registered_mode.value,
            registration=presence.registration and presence.registration.value,
            intervals=tuple(
                PresenceInterval(
                    mode=interval.mode.value,
                    start=instant(interval.start),
                    end=None if interval.end is None else instant(interval.end),
                    via=interval.via,
                    start_inferred=interval.start_inferred,
                    end_inferred=interval.end_inferred and interval.end_inferred.value,
                )
                for interval in presence.intervals
            ),
            seconds=_seconds(presence.durations),
            linked_to=presence.linked_to,
        ),
    )


def _entry(fact: Fact, document: dict[str, Any], presence: Presence | None) -> TimelineEntry:
    guest = fact.subject is not None and fact.subject.startswith("gst_")
    return TimelineEntry(
        id=fact.id,
        source=SOURCE,
        subject=fact.subject,
        time=fact.time,
        recordedtime=fact.recordedtime,
        data=EntryData(
            event_id=fact.data.event_id,
            fact=document,
            participant_id=None if guest else fact.subject,
            guest_id=fact.subject if guest else None,
            presence=presence
            and PresenceReached(status=PresenceStatus(presence.status), seconds=_seconds(presence.durations)),
        ),
    )


def _seconds(lengths: Durations) -> Seconds:
    return Seconds(
        in_person=lengths.in_person / 1000,
        remote=lengths.remote / 1000,
        both=lengths.both / 1000,
        total=lengths.total / 1000,
    )
