"""Read the dead-letter topic from its beginning, as `passerelle dead-letters` shows it, and send records back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition

from schemas.envelope import format_instant
from schemas.topics import DEAD_LETTER
from services.chassis.clock import Clock
from services.chassis.dead_letter_requests import hand_back
from services.chassis.dead_letters import REDRIVEN, DeadLetter, mark_redriven, read_dead_letter
from services.chassis.errors import OperatorError
from services.chassis.kafka import decode_headers, encode_headers, new_producer
from services.chassis.log_reading import read_to_end
from services.chassis.settings import CommonSettings

log = structlog.stdlib.get_logger(__name__)


class NotRedrivableError(OperatorError):
    """A dead letter that is cut is not the record."""

    def __init__(self, letter_id: str) -> None:
        """Say what can be done instead."""
        super().__init__(
            f"{letter_id} is only the beginning of a record that was too large: "
            f"`passerelle dead-letters show {letter_id}` says where the whole stands"
        )


class UnknownDeadLetterError(OperatorError):
    """No dead letter has this id (any more: they are kept 30 days)."""

    def __init__(self, letter_id: str) -> None:
        """Name it."""
        super().__init__(
            f"there is no dead letter {letter_id}; `passerelle dead-letters list` shows those that are kept"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A dead letter; its own id, or its place on the topic: `<partition>-<offset>`; when it was last sent back."""

    id: str
    letter: DeadLetter
    redriven_at: datetime | None = None


def place(letter: DeadLetter) -> str:
    """Where it came from, for people: `topic/partition@offset`, or the path of a request."""
    origin = letter.origin
    return origin if isinstance(origin, str) else f"{origin.topic}/{origin.partition}@{origin.offset}"


def listed(kept: Iterable[Kept]) -> list[tuple[str, ...]]:
    """A table of dead letters, its head first; each cell is one line without tabs."""
    rows = [
        (
            item.id,
            format_instant(item.letter.time),
            item.letter.service,
            place(item.letter),
            item.letter.reason,
            "" if item.redriven_at is None else format_instant(item.redriven_at),
        )
        for item in kept
    ]
    return [
        ("id", "time", "service", "from", "reason", "redriven"),
        *(tuple(" ".join(cell.split()) for cell in row) for row in rows),
    ]


async def read_all(settings: CommonSettings) -> list[Kept]:
    """Every dead letter kept at this moment, oldest first; a record set aside again is one, of the first time.

    Raises:
        KafkaAwayError: if no Kafka answers.
    """
    kept: dict[str, Kept] = {}
    redriven: dict[str, datetime] = {}
    partitions = [TopicPartition(DEAD_LETTER.name, number) for number in range(settings.partitions)]
    async for record in read_to_end(settings, partitions, client_id="passerelle-dead-letters"):
        said = decode_headers(record.headers)
        try:
            if REDRIVEN in said:
                redriven[said[REDRIVEN]] = datetime.fromisoformat(said.get("time", ""))
                continue
            letter = read_dead_letter(key=record.key, value=record.value, headers=record.headers)
        except ValueError as error:
            log.warning("dead_letter.unreadable", partition=record.partition, reason=str(error))
            continue
        id_ = letter.id or f"{record.partition}-{record.offset}"
        first = kept[id_].letter.time if id_ in kept else letter.time
        # The later reason: it is that of the service as it is now.
        kept[id_] = Kept(id=id_, letter=replace(letter, time=min(first, letter.time)))
    all_ = [replace(item, redriven_at=redriven.get(item.id)) for item in kept.values()]
    return sorted(all_, key=lambda item: item.letter.time)


async def read_those(settings: CommonSettings, letter_ids: Sequence[str]) -> list[Kept]:
    """The dead letters of these ids, in their order.

    Raises:
        UnknownDeadLetterError: if none is kept under one of them.
    """
    kept = {item.id: item for item in await read_all(settings)}
    for letter_id in letter_ids:
        if letter_id not in kept:
            raise UnknownDeadLetterError(letter_id)
    return [kept[letter_id] for letter_id in letter_ids]


async def redrive(settings: CommonSettings, letters: Sequence[Kept], *, clock: Clock) -> list[str]:
    """Send letters back to where they came from, whole and as they were, in this order; what became of each.

    A record goes to its topic, the body of a request to its service. They stay on the dead-letter topic, which is a
    log, each with a mark. Doing it twice is harmless: facts are a set by id.

    Raises:
        NotRedrivableError: if one is cut; none is sent then.
        NotTakenError: if a service does not take one; those before it are sent.
    """
    for kept in letters:
        if kept.letter.cut:
            raise NotRedrivableError(kept.id)
    async with new_producer(settings, client_id="passerelle-redrive") as producer:
        return [await _sent_back(settings, producer, kept, clock) for kept in letters]


async def _sent_back(settings: CommonSettings, producer: AIOKafkaProducer, kept: Kept, clock: Clock) -> str:
    record = kept.letter.redriven()
    if record is None:
        await hand_back(settings, kept.id, kept.letter)
        return "was read"
    await producer.send_and_wait(
        record.topic, value=record.value, key=record.key, headers=encode_headers(record.headers)
    )
    mark = mark_redriven(kept.id, now=clock())
    await producer.send_and_wait(mark.topic, value=mark.value, headers=encode_headers(mark.headers))
    return f"is on {record.topic} again"
