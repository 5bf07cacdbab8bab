"""One partition that this worker was given: its fold, and what stands on its topics after each round."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from services.attendance.application.partition_fold import PartitionFold, RoundOutput
from services.attendance.stream.batches import Record
from services.attendance.stream.checkpoints import KEY, PREVIOUS, Checkpoint, number_of, record_id
from services.attendance.stream.outlets import Outlet, Produced
from services.attendance.stream.tables import PartitionedStore
from services.attendance.stream.told_ends import ToldEnds
from services.chassis.kafka import record_headers
from services.chassis.outbox import OutboxRecord

_IDS_AT_HAND: Final = 100_000
_CLOUD_EVENT: Final = record_headers()
_JSON: Final = [("content-type", b"application/json")]


class Stores(Protocol):
    """Where the worker keeps what it knows."""

    @property
    def presence(self) -> PartitionedStore:
        """Presence records, by `event_id/subject`."""

    @property
    def context(self) -> PartitionedStore:
        """Records about whole events."""


class Kept:
    """What is kept of one partition; while it is rebuilt, only what was rebuilt. The fold's `Stored`."""

    def __init__(self, stores: Stores, number: int) -> None:
        """Look into these stores."""
        self._stores = stores
        self._number = number
        self.hidden: set[bytes] = set()
        """Presence and context keys of before a rebuild: as if they were not there."""

    def presence(self, key: bytes) -> bytes | None:
        """A presence record."""
        return None if key in self.hidden else self._stores.presence.read(self._number, key)

    def subjects(self, event_id: str) -> Iterator[str]:
        """All who have a presence record at an event."""
        prefix = f"{event_id}/".encode()
        for key in self._stores.presence.keys_with(self._number, prefix):
            subject = key[len(prefix) :]
            if b"/" not in subject and key not in self.hidden:
                yield subject.decode()

    def context(self, key: bytes) -> bytes | None:
        """A record about a whole event."""
        return None if key in self.hidden else self._stores.context.read(self._number, key)

    def keep(self, output: RoundOutput, checkpoint: Checkpoint, *, presence: int | None, context: int | None) -> None:
        """Write what is delivered; the stores then hold all that the topics have before these offsets."""
        if output.presences:
            self._stores.presence.keep(self._number, output.presences, end=presence)
        self._stores.context.keep(self._number, {**output.contexts, KEY: checkpoint.write()}, end=context)
        if self.hidden:
            self.hidden.difference_update(output.presences, output.contexts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Offsets that did not come, from `begin` to before `end`."""

    topic: str
    partition: int
    begin: int
    end: int


@dataclass(slots=True, kw_only=True)
class Rebuild:
    """A partition's facts are folded again from the first that there is.

    Those before `starts`, by topic, are on the log no more: they count as folded, since waiting brings none back. It
    is over when all facts are folded that the topics held when it began, up to `targets` by topic. `stale` are the
    records of before that were not written again since; at the end they are removed. `told_ends` are those of before
    that were not told again since; at the end they are taken back.
    """

    starts: Mapping[str, int]
    targets: Mapping[str, int]
    stale_presences: set[bytes]
    stale_contexts: set[bytes]
    told_ends: ToldEnds


@dataclass(slots=True, kw_only=True)
class PartitionRound:
    """What one round leads to in one partition: `output` as the fold has it, `told` as it is delivered and kept."""

    partition: "Partition"
    output: RoundOutput
    told: RoundOutput
    presences: list[Produced]
    letters: list[OutboxRecord]
    offsets: dict[str, int]
    digest: int
    rebuilding: bool
    untrue: list[tuple[bytes, bytes]]
    """Entries to be taken back, before it is said that a rebuild is over."""
    presence_end: int = 0

    def contexts(self) -> Iterator[Produced]:
        """The context records."""
        return ((key, value, _JSON) for key, value in self.told.contexts.items())

    def entries(self) -> Iterator[Produced]:
        """The timeline entries."""
        return ((key, value, _CLOUD_EVENT) for key, value in self.told.entries)

    async def take_back(self) -> None:
        """Deliver what is to be taken back.

        Raises:
            KafkaError: if it cannot be delivered.
        """
        if self.untrue:
            records = ((key, value, _CLOUD_EVENT) for key, value in self.untrue)
            await (await self.partition.timeline.send(records)).delivered()

    def checkpoint(self) -> Checkpoint:
        """What is to be said of the state after it."""
        return Checkpoint(
            offsets=self.offsets, presence_end=self.presence_end, digest=self.digest, rebuilding=self.rebuilding
        )


@dataclass(slots=True, kw_only=True)
class Partition:
    """What the worker holds of a partition, from its assignment to its revocation.

    `digest` and `offsets` are ahead of what is delivered, as the fold is; `presence_end` is not: it is the offset that
    the next record on the presence topic gets.
    """

    number: int
    kept: Kept
    fold: PartitionFold
    presence: Outlet
    context: Outlet
    timeline: Outlet
    digest: int
    offsets: dict[str, int]
    presence_end: int
    rebuild: Rebuild | None = None
    contexts_in_work: int = 0
    """Rounds in work that change contexts."""
    _letters: list[OutboxRecord] = field(default_factory=list)
    _ids: dict[bytes, bytes | None] = field(default_factory=dict)

    def set_aside(self, letter: OutboxRecord) -> None:
        """Tell of a record that cannot be folded."""
        self._letters.append(letter)

    def passed(self, records: Sequence[Record]) -> None:
        """All these records, of one topic, are folded or set aside, or the partition is given up."""
        last = records[-1]
        self.offsets[last.topic] = max(self.offsets.get(last.topic, 0), last.offset + 1)

    def passed_over(self, taken: Iterable[Sequence[Record]]) -> "Gap | None":
        """The first place where batches do not go on from what is folded; None if they all do."""
        ends = dict(self.offsets)
        for batch in taken:
            first, last = batch[0], batch[-1]
            end = ends.get(first.topic, 0)
            if first.offset > end:
                return Gap(topic=first.topic, partition=self.number, begin=end, end=first.offset)
            ends[first.topic] = max(end, last.offset + 1)
        return None

    def flush(self) -> PartitionRound:
        """What changed since the last flush, to be delivered."""
        output, letters, self._letters = self.fold.flush(), self._letters, []
        told, untrue = self._rebuilt(output)
        self.contexts_in_work += bool(told.contexts)
        return PartitionRound(
            partition=self,
            output=output,
            told=told,
            presences=list(self._presences(told.presences)),
            letters=letters,
            offsets=dict(self.offsets),
            digest=self.digest,
            rebuilding=self.rebuild is not None,
            untrue=untrue,
        )

    def keep(self, done: PartitionRound, *, presence_end: int | None, context_end: int | None) -> None:
        """A round is delivered, up to these offsets: keep what it told."""
        self.contexts_in_work -= bool(done.told.contexts)
        # The checkpoint of this round may stand after the contexts of a later one, which are not kept yet.
        known = context_end if not self.contexts_in_work else None
        self.kept.keep(done.told, done.checkpoint(), presence=presence_end, context=known)
        self.fold.settled(done.output)

    def has_rebuilt(self) -> bool:
        """Whether all facts are folded that a rebuild has to fold, and it is still to be completed."""
        rebuild = self.rebuild
        return rebuild is not None and all(self.offsets.get(t, 0) >= end for t, end in rebuild.targets.items())

    def _rebuilt(self, output: RoundOutput) -> tuple[RoundOutput, list[tuple[bytes, bytes]]]:
        """Complete a rebuild with the round that folds the last fact: what was not written or told again goes."""
        rebuild = self.rebuild
        if rebuild is None:
            return output, []
        rebuild.told_ends.pass_over(entry for _, entry in output.entries)
        rebuild.stale_presences.difference_update(output.presences)
        rebuild.stale_contexts.difference_update(output.contexts)
        if not self.has_rebuilt():
            return output, []
        self.rebuild = None
        output = replace(
            output,
            presences={**output.presences, **dict.fromkeys(rebuild.stale_presences)},
            contexts={**output.contexts, **dict.fromkeys(rebuild.stale_contexts)},
        )
        # Of facts that are on the log no more nobody knows what they led to: what was told of them stays.
        return output, [] if rebuild.starts else list(rebuild.told_ends.taken_back())

    def _presences(self, records: Mapping[bytes, bytes | None]) -> Iterator[Produced]:
        ids = self._ids
        for key, value in records.items():
            before = ids.pop(key) if key in ids else self._id_kept(key)
            headers = _CLOUD_EVENT
            if before is not None:
                self.digest ^= number_of(before)
                headers = [*_CLOUD_EVENT, (PREVIOUS, before)]
            after = ids[key] = None if value is None else record_id(value)
            if after is not None:
                self.digest ^= number_of(after)
            yield key, value, headers
        while len(ids) > _IDS_AT_HAND:
            # The oldest: long kept, so that it can be read again.
            del ids[next(iter(ids))]

    def _id_kept(self, key: bytes) -> bytes | None:
        record = self.kept.presence(key)
        return None if record is None else record_id(record)
