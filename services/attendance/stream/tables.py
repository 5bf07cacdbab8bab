"""Tables on RocksDB that are written by partition, after Kafka has acknowledged their changelog records.

A write is the same step as recovery: records of the changelog, with the offset of the last, go into the local store. So
the store never holds what the changelog does not, and a process that dies at any instant finds its state on the topic.
That is also why the store does without a log of its own: what a killed process had in memory it reads again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, cast

import faust
import rocksdict
from faust.stores import rocksdb
from faust.tables import TableManager
from faust.types import EventT, StoreT
from yarl import URL

from services.attendance.stream.batches import FAUST_LOG, BatchSchema, Record

_MIB: Final = 1024 * 1024
_OPTIONS: Final = {
    # There is a store a table and partition: small buffers keep them from adding up.
    "driver": "rocksdict",
    "write_buffer_size": 4 * _MIB,
    "max_write_buffer_number": 2,
    "target_file_size_base": 16 * _MIB,
    "block_cache_size": 4 * _MIB,
    "max_open_files": 64,
    "bloom_filter_size": 10,
}
_BATCHES_AT_ONCE: Final = 2
"""Batches of a changelog that recovery applies together. One alone makes Faust go on reading after recovery."""


class PartitionedStore(rocksdb.Store):
    """One RocksDB a partition; keys and values are bytes."""

    logger = FAUST_LOG

    def read(self, partition: int, key: bytes) -> bytes | None:
        """The value of a key."""
        return cast("bytes | None", self._db_for_partition(partition).get(key))

    def keys_with(self, partition: int, prefix: bytes) -> Iterator[bytes]:
        """All keys that begin so, in order."""
        for key in self._db_for_partition(partition).keys(from_key=prefix):
            if not key.startswith(prefix):
                return
            yield key

    def all(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Every key and value, in order of keys."""
        for key, value in self._db_for_partition(partition).items():
            if key != self.offset_key:
                yield key, value

    def end(self, partition: int) -> int:
        """The offset before which the store holds all of the changelog, as far as it knows."""
        offset = self._db_for_partition(partition).get(self.offset_key)
        return 0 if offset is None else int(offset) + 1

    def keep(self, partition: int, records: Mapping[bytes, bytes | None], *, end: int | None) -> None:
        """Write changelog records at once; None deletes. All before the offset `end`, if given, are there then."""
        self._write(partition, records.items(), None if end is None else end - 1)

    def apply_changelog_batch(
        self,
        batch: Iterable[EventT[Any]],
        to_key: Callable[[Any], Any],  # noqa: ARG002  (Faust's signature)
        to_value: Callable[[Any], Any],  # noqa: ARG002
    ) -> None:
        """Write what recovery has read: each event holds the records of one partition in one poll."""
        for event in batch:
            records = cast("list[Record]", event.value)
            read = ((record.key, record.value) for record in records if record.key is not None)
            self._write(event.message.partition, read, records[-1].offset)

    def _write(self, partition: int, records: Iterable[tuple[bytes, bytes | None]], offset: int | None) -> None:
        batch = rocksdict.WriteBatch(raw_mode=True)
        put, delete = batch.put, batch.delete
        for key, value in records:
            if value is None:
                delete(key)
            else:
                put(key, value)
        if offset is not None:
            put(self.offset_key, str(offset).encode())
        self._db_for_partition(partition).write(batch, _without_log())


def _without_log() -> rocksdict.WriteOptions:
    options = rocksdict.WriteOptions()
    options.disable_wal = True  # type: ignore[method-assign, assignment]  # the stub takes the property for a method
    return options


class PromptTables(TableManager):
    """Faust's tables, all of which are there before the app starts: it would wait a second for more to come."""

    logger = FAUST_LOG

    async def on_start(self) -> None:
        """Subscribe to the changelogs, and be ready to recover."""
        await self._update_channels()
        await self.recovery.start()


class PartitionedTable(faust.Table[bytes, bytes]):
    """A table whose changelog is one of the project's own topics, read in batches."""

    logger = FAUST_LOG

    def __init__(self, app: faust.App, *, name: str, topic: str, partitions: int) -> None:
        changelog = app.topic(
            topic, schema=BatchSchema(), value_type=bytes, partitions=partitions, acks=False, allow_empty=True
        )
        super().__init__(
            app,
            name=name,
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            changelog_topic=changelog,
            recovery_buffer_size=_BATCHES_AT_ONCE,
            standby_buffer_size=_BATCHES_AT_ONCE,
            options=dict(_OPTIONS),
        )

    @property
    def stored(self) -> PartitionedStore:
        """The local store."""
        return cast("PartitionedStore", self.data)

    def _new_store_by_url(self, url: str | URL) -> StoreT[Any, Any]:
        return PartitionedStore(
            url,
            self.app,
            self,
            table_name=self.name,
            key_type=self.key_type,
            key_serializer=self.key_serializer,
            value_serializer=self.value_serializer,
            value_type=self.value_type,
            loop=self.loop,
            options=self.options,
        )
