"""The two folds that the raw clients run: the peers' own, and the very one of this project's worker."""

from typing import Protocol, TypeAlias

import orjson

from benchmarks.peers.programs.arguments import Arguments
from benchmarks.peers.programs.fold import State, entry, is_movement, presence, state_key, take
from services.attendance.application.partition_fold import PartitionFold
from tests.fakes.attendance_state import MemoryStored

Told: TypeAlias = list[tuple[bytes, bytes | None]]
"""Keys and values of records, in order."""


class Folding(Protocol):
    """Folds the facts of one partition, with its state in memory."""

    def take(self, key: bytes, value: bytes) -> None:
        """Take in one fact."""

    def flush(self) -> tuple[Told, Told]:
        """The presence records and the timeline entries since the last flush."""


class PeersFolding:
    """The peers' fold: a presence record for each fact that changed it."""

    def __init__(self, *, entries: bool) -> None:
        self._entries = entries
        self._states: dict[str, State] = {}
        self._told: tuple[Told, Told] = ([], [])

    def take(self, key: bytes, value: bytes) -> None:
        """Take in one fact."""
        fact = orjson.loads(value)
        if not is_movement(fact):
            return
        person = state_key(fact)
        state = take(self._states.get(person), fact)
        if state is None:
            return
        self._states[person] = state
        if state["changed"]:
            self._told[0].append((person.encode(), orjson.dumps(presence(person, state))))
        if self._entries:
            self._told[1].append((key, orjson.dumps(entry(fact, state))))

    def flush(self) -> tuple[Told, Told]:
        """What was told since the last flush."""
        told, self._told = self._told, ([], [])
        return told


class CoreFolding:
    """The fold of this project's worker: a presence record a person and flush, a timeline entry a fact."""

    def __init__(self) -> None:
        self._kept = MemoryStored()
        self._fold = PartitionFold(self._kept)

    def take(self, key: bytes, value: bytes) -> None:
        """Take in one fact."""
        self._fold.take(key, value)

    def flush(self) -> tuple[Told, Told]:
        """What was told since the last flush; taken as delivered."""
        output = self._fold.flush()
        self._kept.keep(output)
        self._fold.settled(output)
        return list(output.presences.items()), list(output.entries)


def folding(told: Arguments) -> Folding:
    """A fold for one partition, as the command line wants it."""
    return CoreFolding() if told.variant == "core" else PeersFolding(entries=told.entries is not None)
