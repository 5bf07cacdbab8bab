"""Tables on RocksDB that are written by partition, after Kafka has acknowledged their changelog records.

A write is the same step as recovery: a record of the changelog, with its offset, goes into the local store. So the
store never holds what the changelog does not, and a process that dies at any instant finds its state on the topic.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import faust
import rocksdict
from faust.stores import rocksdb
from faust.types import StoreT
from yarl import URL

from services.attendance.stream.batches import FAUST_LOG

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

    def keep(self, partition: int, records: Mapping[bytes, bytes | None], *, offset: int | None) -> None:
        """Write changelog records, of which the last has `offset` where that is known, at once. None deletes."""
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in records.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        if offset is not None:
            batch.put(self.offset_key, str(offset).encode())
        self._db_for_partition(partition).write(batch)


class PartitionedTable(faust.Table[bytes, bytes]):
    """A table whose changelog is one of the project's own topics."""

    logger = FAUST_LOG

    def __init__(self, app: faust.App, *, name: str, topic: str, partitions: int) -> None:
        changelog = app.topic(
            topic,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            partitions=partitions,
            acks=False,
            allow_empty=True,
        )
        super().__init__(
            app,
            name=name,
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            changelog_topic=changelog,
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
