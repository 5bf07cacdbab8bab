"""From an archive back onto the input topics: the facts that the log no longer has, each once however often asked for.

Whoever reads the topics takes them like any fact that comes late: what attendance and the bridge make of facts does not
depend on their order. The one exception is whether the bridge takes a guest to be settled: so the last word on each
link that is put back is said again after it.
"""

import asyncio
from asyncio import Future
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition

from schemas.decode import KnownFact
from schemas.registration import IdentityLinked, IdentityUnlinked
from schemas.topics import INPUTS
from services.attendance.application.archive import Archive
from services.attendance.application.archive_layout import Manifest
from services.attendance.application.archive_tables import Row, known_fact
from services.attendance.stream.archiving import RESTORED, Tell
from services.attendance.stream.places import place_of
from services.chassis.errors import OperatorError
from services.chassis.kafka import new_producer, record_headers
from services.chassis.log_reading import bounds, read_batches
from services.chassis.settings import CommonSettings
from services.chassis.topics import cluster_id

_CLIENT: Final = "passerelle-restore"
_HEADERS: Final = record_headers({RESTORED: "1"})
_IDENTITY: Final = b'"passerelle.registration.identity.'
_AT_ONCE: Final = 2000


class PartlyArchivedError(OperatorError):
    """Records are gone from the log, and not of every event are they in the archive."""

    def __init__(self, address: str, number: int) -> None:
        """Say what is missing."""
        super().__init__(
            f"Kafka no longer has all records of partition {number}, and {address} does not hold those of every event "
            "in it (only `passerelle archive --all` does that): a rebuild would forget them. Nothing was changed"
        )


@dataclass(slots=True, kw_only=True)
class Restored:
    """What was put back: so many facts, of so many events."""

    events: int = 0
    facts: int = 0


async def restore(settings: CommonSettings, archive: Archive, event_id: str | None, *, tell: Tell) -> Restored:
    """Put the missing facts of an event, or of all in the archive, back on their topics.

    Raises:
        KafkaAwayError, MissingPartitionError: if there is no log.
        NoArchiveError, NotArchivedError, DamagedFileError: if the archive has not what is asked for; what came before a
            damaged file is back then.
    """
    if event_id is None:
        archive.standing()
        manifests = list(archive.manifests())
    else:
        manifests = [archive.held(event_id)]
    return await _restore(settings, archive, manifests, tell)


async def restore_beside(settings: CommonSettings, archive: Archive, event_id: str, *, tell: Tell) -> Restored:
    """Put back the missing facts of all events in the partition of one: what a rebuild of the partition needs.

    Raises:
        PartlyArchivedError: if that would not be all of them; nothing is put back then.
        What `restore` raises.
    """
    archive.held(event_id)
    places = [place_of(topic, event_id, settings) for topic in INPUTS]
    number = places[0].partition
    limits = await bounds(settings, places, client_id=_CLIENT)
    root, cluster = archive.standing(), await cluster_id(settings)
    held = root.all if root.all is not None and root.all.cluster == cluster else None
    for place, (first, _) in limits.items():
        if first and (held is None or not held.is_whole(place.topic, number, until=first)):
            raise PartlyArchivedError(archive.address, number)
    manifests = [one for one in archive.manifests() if _number(one, settings) == number]
    return await _restore(settings, archive, manifests, tell)


async def _restore(settings: CommonSettings, archive: Archive, manifests: list[Manifest], tell: Tell) -> Restored:
    done = Restored()
    by_number: dict[int, list[Manifest]] = {}
    for manifest in manifests:
        by_number.setdefault(_number(manifest, settings), []).append(manifest)
    async with new_producer(settings, client_id=_CLIENT) as producer:
        for count, (number, here) in enumerate(sorted(by_number.items())):
            tell("Reading what Kafka has", count, len(by_number))
            there = await _OnLog.read(settings, number, {one.event_id.encode() for one in here})
            for manifest in here:
                count_before = done.facts
                await _restore_event(producer, archive, manifest, there, done, number)
                done.events += done.facts > count_before
    return done


async def _restore_event(
    producer: AIOKafkaProducer, archive: Archive, manifest: Manifest, there: "_OnLog", done: Restored, number: int
) -> None:
    key, links = manifest.event_id.encode(), _Links(manifest.event_id)
    for rows in archive.facts(manifest):
        missing = [row for row in rows if there.lacks(key, row.value) and known_fact(row.value, manifest.event_id)]
        for chunk in _chunks(missing):
            await _sent([await _send(producer, row, key, number) for row in chunk])
        links.take(missing, restored=True)
        done.facts += len(missing)
    links.take(there.links.get(key, ()), restored=False)
    await _sent([await _send(producer, row, key, number) for row in links.last_words()])


async def _send(producer: AIOKafkaProducer, row: Row, key: bytes, number: int) -> "Future[Any]":
    """Kafka's own time of the record stays what it was: by then the fact had been told."""
    sent: Future[Any] = await producer.send(
        row.topic, row.value, key=key, partition=number, headers=_HEADERS, timestamp_ms=row.timestamp
    )
    return sent


async def _sent(futures: "Iterable[Future[Any]]") -> None:
    await asyncio.gather(*futures)


class _OnLog:
    """Which records of some events one partition of the log still has."""

    def __init__(self) -> None:
        self._digests: dict[bytes, set[bytes]] = {}
        self.links: dict[bytes, list[Row]] = {}

    @classmethod
    async def read(cls, settings: CommonSettings, number: int, keys: set[bytes]) -> "_OnLog":
        """Read the partition of each topic."""
        found = cls()
        places = [TopicPartition(topic.name, number) for topic in INPUTS]
        async for batch in read_batches(settings, places, client_id=_CLIENT):
            for record in batch.records:
                if record.key not in keys or record.value is None:
                    continue
                found._digests.setdefault(record.key, set()).add(_digest(record.value))
                if _IDENTITY in record.value:
                    row = Row(batch.topic, batch.partition, record.offset, record.timestamp, record.value)
                    found.links.setdefault(record.key, []).append(row)
        return found

    def lacks(self, key: bytes, value: bytes | None) -> bool:
        """Whether a record is not there; from now on it counts as there."""
        if value is None:
            return False
        known = self._digests.setdefault(key, set())
        digest = _digest(value)
        if digest in known:
            return False
        known.add(digest)
        return True


class _Links:
    """The links between guests and participants that are put back, and the last word on each."""

    def __init__(self, event_id: str) -> None:
        self._event_id = event_id
        self._last: dict[str, tuple[KnownFact, Row, bool]] = {}
        self._restored: set[str] = set()

    def take(self, rows: Iterable[Row], *, restored: bool) -> None:
        """Take records, of which those about links count."""
        for row in rows:
            if row.value is None or _IDENTITY not in row.value:
                continue
            fact = known_fact(row.value, self._event_id)
            if not isinstance(fact, IdentityLinked | IdentityUnlinked):
                continue
            guest = fact.data.guest_id
            if restored:
                self._restored.add(guest)
            last = self._last.get(guest)
            if last is None or (last[0].time, last[0].id) < (fact.time, fact.id):
                self._last[guest] = fact, row, restored

    def last_words(self) -> Iterator[Row]:
        """Those to be said again."""
        for guest, (_, row, restored) in self._last.items():
            if guest in self._restored and not restored:
                yield row


def _number(manifest: Manifest, settings: CommonSettings) -> int:
    number: int = place_of(INPUTS[0], manifest.event_id, settings).partition
    return number


def _digest(value: bytes) -> bytes:
    return blake2b(value, digest_size=16).digest()


def _chunks(rows: list[Row]) -> Iterator[list[Row]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))
