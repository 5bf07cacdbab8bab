"""Play facts into a topic of somebody's own."""

import asyncio
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from aiokafka.errors import InvalidTimestampError

from schemas import topics
from schemas.decode import KnownFact
from schemas.topics import Topic
from services.attendance.application.replaying import WhatIf, due
from services.attendance.domain.errors import AttendanceError
from services.chassis.errors import OperatorError
from services.chassis.kafka import new_producer, record_headers
from services.chassis.settings import CommonSettings
from services.chassis.topics import TopicMismatchError, ensure_topics

_OURS: Final = ("passerelle-", "__")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
_AT_ONCE: Final = 5000
_ANY_TIME: Final = str(2**63 - 1)


class UnfitTopicError(AttendanceError, ValueError):
    """A replay may not be written there; the text says why."""


class TimeRefusedError(OperatorError):
    """The topic takes no record of such a time; it was made by somebody else, with other settings."""

    def __init__(self, topic: str) -> None:
        """Say what helps."""
        super().__init__(
            f"the topic {topic} refuses facts of the future: set its message.timestamp.after.max.ms to "
            f"{_ANY_TIME}, or name a topic that is made now"
        )


def check_topic(name: str) -> None:
    """Make sure that a replay may be written to a topic of this name.

    Raises:
        UnfitTopicError: if it is, or could become, one of the project's or of Kafka's own, or no name at all.
    """
    if name.startswith(_OURS):
        raise UnfitTopicError(
            "names that begin with passerelle- or __ are taken: a replay there would be taken for facts"
        )
    if not _NAME.fullmatch(name) or name in {".", ".."}:
        raise UnfitTopicError("is no name for a topic: up to 249 letters, digits, dots, underscores and hyphens")


async def play_into(
    settings: CommonSettings,
    topic: str,
    facts: Iterable[KnownFact],
    *,
    speed: float,
    what_if: WhatIf,
    played: Callable[[KnownFact], None],
) -> None:
    """Write each fact when its time has come, under its event's key and its own time; `played` is told of each.

    The topic is made where it is missing, to be kept for ever; one that is there is taken as it is, and the retention
    of that one counts from when the facts happened.

    Raises:
        UnfitTopicError: as `check_topic` does.
        KafkaAwayError, TopicRefusedError: before anything is written.
        TimeRefusedError: if the topic was there, and takes no facts of the future.
    """
    check_topic(topic)
    with suppress(TopicMismatchError):  # a topic of the user's own: each event stays in one partition of it anyhow
        await ensure_topics(
            settings.kafka, [_made_as(topic)], partitions=settings.partitions, replication=settings.replication
        )
    try:
        await _play(settings, topic, facts, speed=speed, what_if=what_if, played=played)
    except InvalidTimestampError:
        raise TimeRefusedError(topic) from None


async def _play(
    settings: CommonSettings,
    topic: str,
    facts: Iterable[KnownFact],
    *,
    speed: float,
    what_if: WhatIf,
    played: Callable[[KnownFact], None],
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    headers = record_headers({"passerelle-what-if": str(what_if)} if what_if else None)
    sent: list[asyncio.Future[object]] = []
    async with new_producer(settings, client_id="passerelle-replay") as producer:
        for seconds, fact in due(facts, speed=speed):
            wait = began + seconds - loop.time()
            if wait > 0 or len(sent) >= _AT_ONCE:
                await asyncio.gather(*sent)
                sent.clear()
                await asyncio.sleep(max(0.0, began + seconds - loop.time()))
            sent.append(
                await producer.send(
                    topic,
                    what_if.line(fact).rstrip(b"\n"),
                    key=fact.data.event_id.encode(),
                    timestamp_ms=round(fact.time.timestamp() * 1000),
                    headers=headers,
                )
            )
            played(fact)
        await asyncio.gather(*sent)


def _made_as(name: str) -> Topic:
    """As the topics of facts are made, and open to any time: an event can be planned for next year."""
    settings = {**topics.REGISTRATION.settings, "message.timestamp.after.max.ms": _ANY_TIME}
    return Topic(name=name, summary="A replay.", producers=(), consumers=(), settings=settings)
