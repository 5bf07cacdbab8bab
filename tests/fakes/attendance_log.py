"""What the worker tells of some facts: timeline entries and presences, by its own fold on a state in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.envelope import Fact
from schemas.presence import PresenceChanged
from schemas.timeline import TimelineEntry
from services.attendance.application.partition_fold import PartitionFold
from tests.fakes.attendance_state import MemoryStored


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The records of `passerelle-timeline`, those of each fact together, and of `passerelle-presence`, by key."""

    rounds: Sequence[Sequence[TimelineEntry]]
    kept: Mapping[bytes, bytes]

    @property
    def entries(self) -> Sequence[TimelineEntry]:
        """All entries, as they came."""
        return [entry for entries in self.rounds for entry in entries]

    @property
    def presences(self) -> Sequence[PresenceChanged]:
        """One a person."""
        records = (record for key, record in self.kept.items() if key.count(b"/") == 1)
        return [PresenceChanged.model_validate_json(record) for record in records]


def told(facts: Sequence[Fact]) -> Told:
    """Take in the facts of one event, in the order given."""
    stored = MemoryStored()
    fold = PartitionFold(stored)
    rounds = []
    for fact in facts:
        fold.take(fact.data.event_id.encode(), fact.to_bytes())
        output = fold.flush()
        stored.keep(output)
        fold.settled(output)
        rounds.append([TimelineEntry.model_validate_json(entry) for _, entry in output.entries])
    return Told(rounds=rounds, kept=stored.presences)
