"""The facts of one event as leaves of its evidence, out of Kafka's log."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.topics import INPUTS
from services.attendance.application.evidence import LoggedFact, logged_facts
from services.attendance.stream.places import place_of
from services.chassis.log_reading import Progress, bounds, read_batches
from services.chassis.settings import CommonSettings

_CLIENT = "passerelle-evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvidence:
    """What the log has of an event; `is_whole` unless the beginning of its partitions was deleted."""

    facts: Sequence[LoggedFact]
    is_whole: bool


async def read_evidence(
    settings: CommonSettings, event_id: str, *, progress: Progress = lambda _done, _total: None
) -> LoggedEvidence:
    """Read all that stands in the log about an event now.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the topics are not there.
        LogCutError: if records are deleted before they are read.
    """
    key = event_id.encode()
    places = [place_of(topic, event_id, settings) for topic in INPUTS]
    begins = await bounds(settings, places, client_id=_CLIENT)
    found: list[tuple[int, bytes | None]] = []
    async for batch in read_batches(settings, places, client_id=_CLIENT, progress=progress):
        found += [(record.timestamp, record.value) for record in batch.records if record.key == key]
    return LoggedEvidence(facts=logged_facts(event_id, found), is_whole=all(first == 0 for first, _ in begins.values()))
