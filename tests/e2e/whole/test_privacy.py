"""Nothing about anybody leaves for a topic, a log or a metric, and of who is erased nothing is left in any file."""

import asyncio
import contextlib
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiokafka import TopicPartition
from sqlalchemy import select

from deploy.local.demo.client import Client
from deploy.local.demo.colloquium import colloquium
from deploy.local.demo.compare import compare
from deploy.local.demo.play import Play
from deploy.local.up import Running
from schemas.topics import ALL
from services.chassis.database import create_reading_engine
from services.chassis.log_reading import read_to_end
from services.chassis.secrets import SecretBox
from services.chassis.settings import CommonSettings, load_settings
from services.chassis.stored_replies import SEALED_FOR
from services.registration.adapters.tables import IDEMPOTENCY
from services.registration.settings import RegistrationSettings
from tests.e2e.whole.marked_people import KEPT, OF_EVENT, MarkedEvent, fields_in, word
from tests.fakes.ticket_shops import pretix_shop

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

OPENS_AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


async def test_nothing_about_a_person_is_on_a_topic_in_a_log_or_in_a_metric_nor_once_erased_in_any_file(
    passerelle: tuple[Running, str],
) -> None:
    running, token = passerelle
    async with (
        Client(running.address, token) as client,
        pretix_shop() as shop,
        aiohttp.ClientSession(running.address, cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        marked = MarkedEvent(running=running, token=token, session=session)
        await marked.fill(shop)
        play = Play(scenario=colloquium(participants=20), client=client, opens_at=OPENS_AT)
        await play.prepare()
        await play.perform(speed=10_000)
        assert (await compare(play)).differences == ()
        await _looked_through(running, token, play)
        await _erased(running, marked)


async def _looked_through(running: Running, token: str, play: Play) -> None:
    people = (*play.scenario.people, *play.scenario.guests.values())
    personal = [person.name.encode() for person in people] + [b"participant."]  # the addresses are participant.N@…

    data_dir = Path(running.environment["PASSERELLE_DATA_DIR"])
    settings = load_settings(CommonSettings, data_dir=data_dir, kafka=running.kafka)
    places = [TopicPartition(topic.name, number) for topic in ALL for number in range(settings.partitions)]
    records = [record async for record in read_to_end(settings, places, client_id="privacy")]
    assert any(play.participants[0].encode() in (record.value or b"") for record in records), (
        "the play is on the topics"
    )
    for record in records:
        whole = b"|".join([record.key or b"", record.value or b"", *(value or b"" for _, value in record.headers)])
        # Types are names of ours: passerelle.registration.participant.registered.v1.
        assert _found(personal, whole.replace(b"registration.participant.", b"")) == [], record.topic
        assert fields_in(whole) == set(), record.topic

    logs = sorted((data_dir / "logs").glob("*.log"))
    assert {"registration.log", "streaming_bridge.log", "attendance-web.log"} <= {log.name for log in logs}
    for log in logs:
        assert _found([*personal, token.encode()], log.read_bytes()) == [], log.name
        assert fields_in(log.read_bytes()) == set(), log.name

    async with aiohttp.ClientSession() as session:
        for service in ("REGISTRATION", "STREAMING_BRIDGE", "ATTENDANCE"):
            async with session.get(running.environment[f"PASSERELLE_{service}_URL"] + "/metrics") as answer:
                metrics = await answer.read()
            assert b"passerelle_http_requests_total" in metrics
            assert _found([*personal, play.event_id.encode(), play.participants[0].encode()], metrics) == [], service
            assert fields_in(metrics) == set(), service


async def _erased(running: Running, marked: MarkedEvent) -> None:
    """Erase everybody of the event, and see that its words go out of all files: databases, their logs, Kafka's."""
    data_dir = Path(running.environment["PASSERELLE_DATA_DIR"])
    settings = load_settings(CommonSettings, data_dir=data_dir)
    written, people = set().union(*_fields_by_file(data_dir).values()), await marked.people()
    assert {"formneeds", "importname", "venuemail", "speaker", "device", "order", "walkinname", "newanswer"} <= written
    assert sorted((await marked.names_of_guests(settings)).values()) == [word("guestname"), word("jaasname")]
    await marked.link_guests(settings)
    await marked.erase()
    assert [each["name"] for each in await marked.people()] == [None] * len(people)
    assert fields_in(await _answers_to_repeat(settings)) <= KEPT | OF_EVENT
    left: object = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(90):
            while left := (await marked.names_of_guests(settings), _fields_by_file(data_dir, but=KEPT)):
                if not any(left):
                    break
                await asyncio.sleep(0.5)
    assert left == ({}, {})
    # Attendance has read of it, and tells that it happened.
    assert await marked.erasures_told() == len(people)


def _fields_by_file(data_dir: Path, *, but: Collection[str] = ()) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for file in data_dir.rglob("*"):
        # Files of Kafka and of SQLite come and go.
        with contextlib.suppress(OSError):
            if file.is_file() and (fields := fields_in(file.read_bytes()) - set(but)):
                found[file.relative_to(data_dir).as_posix()] = fields
    return found


async def _answers_to_repeat(settings: CommonSettings) -> bytes:
    """What is sealed in the database of registration, in case a request is repeated."""
    box = SecretBox.derive(settings.secret, purpose=SEALED_FOR)
    database = load_settings(RegistrationSettings, data_dir=settings.data_dir).registration_database
    engine = create_reading_engine(database)
    async with engine.connect() as connection:
        answers = IDEMPOTENCY.c
        sealed = (await connection.scalars(select(answers.body).where(answers.status < 400))).all()
    await engine.dispose()
    return b"".join(box.open(body) for body in sealed)


def _found(personal: list[bytes], text: bytes) -> list[bytes]:
    return [word for word in personal if word in text]
