"""The presence that the facts of a replay lead to, for analysts: what was, or what would have been beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.table import Table

from schemas.decode import KnownFact
from schemas.envelope import format_instant
from schemas.identifiers import is_guest_id
from schemas.registration import EventData
from services.attendance.adapters.tables import SIGHTINGS
from services.attendance.application.rebuild import interval_data
from services.attendance.application.records import seconds
from services.attendance.application.replaying import WhatIf
from services.attendance.application.translation import document, domain_fact, instant, milliseconds
from services.attendance.domain.fold import NOBODY, Presence, fold_event
from services.attendance.domain.intervals import Durations, bridged, durations

_VOIDED: Final = ("passerelle.checkin.voided.v1", "passerelle.participation.voided.v1")
_RECONNECT_GRACE_SECONDS: Final[int] = EventData.model_fields["reconnect_grace_seconds"].default


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody's presence; `report` is how long the intervals last once short gaps between remote ones are bridged."""

    presence: Presence
    counted: Durations
    report: Durations


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The presence of everybody that some facts speak of; what goes on counts up to `horizon`."""

    event_id: str
    people: Mapping[str, Person]
    horizon: int | None
    reconnect_grace_seconds: int

    @property
    def report(self) -> Durations:
        """The report's durations of all people together."""
        lengths = [person.report for person in self.people.values()]
        return Durations(
            in_person=sum(length.in_person for length in lengths),
            remote=sum(length.remote for length in lengths),
            both=sum(length.both for length in lengths),
        )


def outcome(event_id: str, facts: Sequence[KnownFact]) -> Outcome:
    """Fold the facts of one event; guests who are linked stand with their participant alone."""
    documents = [document(fact) for fact in facts]
    folded = fold_event(domain_fact(said) for said in documents)
    left_out = {*folded.context.suspect, *(one for presence in folded.people.values() for one in presence.suspect)}
    left_out |= {said["data"]["voided_id"] for said in documents if said["type"] in _VOIDED}
    seen = (said["time"] for said in documents if said["type"] in SIGHTINGS and said["id"] not in left_out)
    horizon = max(map(milliseconds, seen), default=None)
    grace = _reconnect_grace(facts)
    people = {
        subject: Person(
            presence=presence,
            counted=durations(presence.intervals, horizon=horizon),
            report=durations(bridged(presence.intervals, grace=1000 * grace), horizon=horizon),
        )
        for subject, presence in sorted(folded.people.items())
        if presence.linked_to is None and presence != NOBODY
    }
    return Outcome(event_id=event_id, people=people, horizon=horizon, reconnect_grace_seconds=grace)


def lines(played: Outcome, *, what_if: WhatIf, recorded: Outcome | None) -> Iterable[dict[str, Any]]:
    """A document a person, named as the presence API names it.

    `recorded` is what the facts lead to as they were: it stands beside a what-if, for everybody in either.
    """
    for subject in sorted({*played.people, *(recorded.people if recorded else ())}):
        who = "guest_id" if is_guest_id(subject) else "participant_id"
        line = {"event_id": played.event_id, who: subject, **_told(played.people.get(subject) or _NOBODY)}
        line["horizon"] = None if played.horizon is None else format_instant(instant(played.horizon))
        if recorded is not None:
            line |= {"whatif": str(what_if), "recorded": _lengths(recorded.people.get(subject) or _NOBODY)}
        yield line


def differing(played: Outcome, recorded: Outcome) -> int:
    """How many people's status or seconds a what-if changes."""
    everybody = {*played.people, *recorded.people}
    return sum(_essence(played.people.get(who)) != _essence(recorded.people.get(who)) for who in everybody)


def hours(rows: Mapping[str, Outcome]) -> Table:
    """The hours of all people together, a row for each outcome, by its name."""
    modes = ("in_person", "remote", "both", "total")
    table = Table("", "people", "in person", "remote", "both", "total", "gaps bridged", title="Hours of presence")
    for name, told in rows.items():
        lengths = [f"{getattr(told.report, mode) / 3_600_000:.2f}" for mode in modes]
        table.add_row(name, str(len(told.people)), *lengths, f"up to {told.reconnect_grace_seconds} s")
    return table


_NOBODY: Final = Person(presence=Presence(), counted=Durations(), report=Durations())


def _essence(person: Person | None) -> tuple[str, Durations, Durations]:
    shown = person or _NOBODY
    return shown.presence.status.value, shown.counted, shown.report


def _told(person: Person) -> dict[str, Any]:
    presence = person.presence
    return {
        **_lengths(person),
        "registered_mode": presence.registered_mode and presence.registered_mode.value,
        "registration": presence.registration and presence.registration.value,
        "intervals": [interval_data(interval).model_dump(mode="json") for interval in presence.intervals],
    }


def _lengths(person: Person) -> dict[str, Any]:
    return {
        "status": person.presence.status.value,
        "seconds": seconds(person.counted),
        "report_seconds": seconds(person.report),
    }


def _reconnect_grace(facts: Sequence[KnownFact]) -> int:
    """As the latest word on the event says; `facts` are in event time."""
    said = [fact.data.reconnect_grace_seconds for fact in facts if isinstance(fact.data, EventData)]
    return said[-1] if said else _RECONNECT_GRACE_SECONDS
