"""Where the records about one event are read from; Kafka's log is one such source, an archive another."""

from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol

from aiokafka import TopicPartition

from schemas.topics import INPUTS
from services.attendance.stream.places import place_of
from services.chassis.log_reading import Batch, Progress, read_batches
from services.chassis.settings import CommonSettings

CLIENT: Final = "passerelle-event-log"


class FactSource(Protocol):
    """Gives the records of the partitions that an event is in, those of others too, in the order of each."""

    @property
    def vouched(self) -> Mapping[TopicPartition, int]:
        """Once all is read: how many offsets of each partition are known of without a record of theirs."""

    def batches(self, progress: Progress) -> AsyncIterator[Batch]:
        """Read all of it, once.

        Raises:
            KafkaAwayError, MissingPartitionError: if there is no log.
            DamagedFileError: if a file of an archive is not what was written, and Kafka no longer has its facts.
        """


class KafkaLog:
    """The log alone."""

    def __init__(self, settings: CommonSettings, event_id: str) -> None:
        self._settings = settings
        self._places = [place_of(topic, event_id, settings) for topic in INPUTS]
        self.vouched: Mapping[TopicPartition, int] = {}

    def batches(self, progress: Progress) -> AsyncIterator[Batch]:
        """Read what stands in the log now."""
        return read_batches(self._settings, self._places, client_id=CLIENT, progress=progress)
