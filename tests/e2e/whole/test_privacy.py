"""No name and no address of anybody leaves for a topic, a log or a metric: looked for after a whole play."""

from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiokafka import TopicPartition

from deploy.local.demo.client import Client
from deploy.local.demo.colloquium import colloquium
from deploy.local.demo.compare import compare
from deploy.local.demo.play import Play
from deploy.local.up import Running
from schemas.topics import ALL
from services.chassis.log_reading import read_to_end
from services.chassis.settings import CommonSettings, load_settings

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

OPENS_AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


async def test_nothing_about_a_person_is_on_a_topic_in_a_log_or_in_a_metric(passerelle: tuple[Running, str]) -> None:
    running, token = passerelle
    async with Client(running.address, token) as client:
        play = Play(scenario=colloquium(participants=20), client=client, opens_at=OPENS_AT)
        await play.prepare()
        await play.perform(speed=10_000)
        assert (await compare(play)).differences == ()
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

    logs = sorted((data_dir / "logs").glob("*.log"))
    assert {"registration.log", "streaming_bridge.log", "attendance-web.log"} <= {log.name for log in logs}
    for log in logs:
        assert _found([*personal, token.encode()], log.read_bytes()) == [], log.name

    async with aiohttp.ClientSession() as session:
        for service in ("REGISTRATION", "STREAMING_BRIDGE", "ATTENDANCE"):
            async with session.get(running.environment[f"PASSERELLE_{service}_URL"] + "/metrics") as answer:
                metrics = await answer.read()
            assert b"passerelle_http_requests_total" in metrics
            assert _found([*personal, play.event_id.encode(), play.participants[0].encode()], metrics) == [], service


def _found(personal: list[bytes], text: bytes) -> list[bytes]:
    return [word for word in personal if word in text]
