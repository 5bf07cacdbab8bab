"""The commands of attendance as processes, and the log they read."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from schemas import topics
from schemas.envelope import Fact
from schemas.registration import EventStatus
from services.attendance.settings import AttendanceSettings
from services.chassis.kafka import new_producer
from services.chassis.topics import ensure_topics
from tests.builders import SECRET_KEY, settings_for
from tests.fakes.attendance_facts import ANNE, EventFacts, guest
from tests.fakes.passerelle import passerelle


def closed_event(event_id: str) -> EventFacts:
    """An event at which somebody stayed and a guest looked in."""
    facts = EventFacts(event_id=event_id)
    facts.event()
    facts.room(-5, opened=True)
    facts.checked_in(ANNE, 0)
    facts.joined(guest(1), 5)
    facts.left(guest(1), 6)
    facts.room(30, opened=False)
    facts.event(EventStatus.CLOSED, minutes=600)
    return facts


async def produce(kafka: str, tmp_path: Path, facts: Sequence[Fact]) -> None:
    """Write facts, as the services would."""
    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    await ensure_topics(kafka, topics.ALL, partitions=settings.partitions)
    names = {"registration": topics.REGISTRATION, "checkin": topics.CHECKIN, "participation": topics.PARTICIPATION}
    async with new_producer(settings, client_id="test") as producer:
        sent = [
            await producer.send(names[fact.type.split(".")[1]].name, fact.to_bytes(), key=fact.data.event_id.encode())
            for fact in facts
        ]
        await asyncio.gather(*sent)


async def command(kafka: str | None, data_dir: Path, *arguments: str) -> tuple[int, str, str]:
    """Run a command: its exit code, what it wrote and what it said."""
    finished = await passerelle(*arguments, settings=settings_of(kafka, data_dir))
    return finished.code, finished.out, finished.said


def settings_of(kafka: str | None, data_dir: Path) -> dict[str, str]:
    """The variables of a command's environment."""
    given = {"DATA_DIR": str(data_dir), "KAFKA": kafka or "", "SECRET_KEY": SECRET_KEY}
    return {"COLUMNS": "250", **{f"PASSERELLE_{name}": value for name, value in given.items()}}
