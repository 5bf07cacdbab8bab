"""What attendance has told of one event on its own topics, read straight from the log: the last word on each thing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.decode import UnreadableRecordError, decode
from schemas.presence import PresenceChanged, PresenceData, PresenceEarlier
from schemas.timeline import TimelineEntry
from schemas.topics import PRESENCE, TIMELINE
from services.attendance.application.translation import Document
from services.attendance.stream.places import place_of
from services.chassis.log_reading import Progress, read_batches
from services.chassis.settings import CommonSettings


@dataclass(slots=True, kw_only=True)
class ToldLog:
    """One event: the presence of each person, whole, and each timeline entry that stands, by id."""

    presences: dict[str, PresenceData] = field(default_factory=dict)
    entries: dict[str, TimelineEntry] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Document]:
        """The fact of each entry."""
        return {one: entry.data.fact for one, entry in self.entries.items()}


async def read_told(
    settings: CommonSettings, event_id: str, *, progress: Progress = lambda _done, _total: None
) -> ToldLog:
    """Read what stands on `passerelle-presence` and `passerelle-timeline` now.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the topics are not there.
    """
    told = ToldLog()
    records: dict[bytes, bytes | None] = {}
    prefix = f"{event_id}/".encode()
    key = event_id.encode()
    places = [place_of(topic, event_id, settings) for topic in (PRESENCE, TIMELINE)]
    async for batch in read_batches(settings, places, client_id="passerelle-told-log", progress=progress):
        for record in batch.records:
            if batch.topic == PRESENCE.name:
                if record.key is not None and record.key.startswith(prefix):
                    records[record.key[len(prefix) :]] = record.value
            elif record.key == key and record.value is not None:
                _take_entry(told, record.value)
    _take_presences(told, records)
    return told


def _take_entry(told: ToldLog, value: bytes) -> None:
    try:
        entry = decode(value)
    except UnreadableRecordError:
        return
    if not isinstance(entry, TimelineEntry):
        return
    if entry.data.withdrawn_at is None:
        told.entries[entry.id] = entry
    else:
        told.entries.pop(entry.id, None)


def _take_presences(told: ToldLog, records: Mapping[bytes, bytes | None]) -> None:
    """Put the earlier intervals of somebody before the last ones."""
    earlier: dict[tuple[str, int], PresenceEarlier] = {}
    for value in records.values():
        try:
            fact = decode(value or b"")
        except UnreadableRecordError:
            continue
        if isinstance(fact, PresenceChanged):
            told.presences[fact.subject] = fact.data
        elif isinstance(fact, PresenceEarlier):
            earlier[fact.subject, fact.data.number] = fact
    for subject, data in told.presences.items():
        chunks = [earlier[subject, number] for number in range(data.earlier) if (subject, number) in earlier]
        intervals = (*(one for chunk in chunks for one in chunk.data.intervals), *data.intervals)
        told.presences[subject] = data.model_copy(update={"intervals": intervals})
