"""What the worker tells of some facts: timeline entries and presences, by its own engine on a state in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.decode import decode
from schemas.envelope import Fact
from schemas.presence import PresenceChanged
from schemas.timeline import TimelineEntry
from services.attendance.application.engine import process
from tests.fakes.attendance_state import MemoryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The records of `passerelle-timeline`, one a fact as given, and of `passerelle-presence`, one a person."""

    entries: Sequence[TimelineEntry]
    presences: Sequence[PresenceChanged]


def told(facts: Sequence[Fact]) -> Told:
    """Take in the facts of one event, in the order given."""
    state = MemoryState()
    entries = []
    for fact in facts:
        outcome = process(state, decode(fact.to_bytes()))
        state.apply(fact.data.event_id, outcome)
        entries.append(TimelineEntry.model_validate_json(outcome.entry.value))
    return Told(
        entries=entries,
        presences=[PresenceChanged.model_validate_json(record) for record in state.presences.values()],
    )
