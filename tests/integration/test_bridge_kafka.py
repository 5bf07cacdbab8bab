"""From webhook to topic on a real broker: claims read, facts published in order, whatever dies or is away."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from aiokafka import ConsumerRecord

from deploy.local.kafka import EmbeddedKafka
from schemas.decode import KnownFact
from schemas.envelope import Fact, FactData
from schemas.erasures import ErasureData, PersonErased
from schemas.identifiers import fact_id, new_event_id, new_participant_id
from schemas.registration import IdentityLinked, IdentityUnlinked, LinkData
from schemas.topics import DEAD_LETTER, REGISTRATION
from services.chassis.database import create_engine
from services.chassis.dead_letters import PURPOSE, read_dead_letter
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.secrets import SecretBox
from services.chassis.settings import CommonSettings
from services.streaming_bridge.adapters.tables import GUESTS_OF_EVENTS, REPORTS
from services.streaming_bridge.settings import BridgeSettings
from tests.builders import SECRET_KEY, settings_for
from tests.fakes.bridge import OPENING, event_fact
from tests.fakes.bridge_process import bridge_process, post, prepare_source, published, tell
from tests.fakes.platforms import JitsiShapes
from tests.fakes.service_process import ServiceProcess

ADA = new_participant_id()


class OwnJitsi(JitsiShapes):
    """A Jitsi of one test, which shares its broker with others."""

    def __init__(self, event_id: str) -> None:
        self.source = f"jitsi-{event_id[-12:]}"


@pytest.fixture
def event_id() -> str:
    return new_event_id()


@pytest.fixture
def shapes(event_id: str) -> OwnJitsi:
    return OwnJitsi(event_id)


def settings_of(data_dir: Path, servers: str) -> BridgeSettings:
    return settings_for(BridgeSettings, data_dir=data_dir, kafka=servers)


async def claim(settings: CommonSettings, shapes: OwnJitsi, event_id: str) -> None:
    await tell(settings, event_fact((shapes.source, shapes.room), event_id=event_id))


async def until_claimed(bridge: ServiceProcess, shapes: OwnJitsi) -> None:
    """Return when the bridge knows whose room it is: a delivery is answered 200."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while await post(session, bridge.url, shapes.request(shapes.opened(0))) != 200:
            await asyncio.sleep(0.05)


async def test_a_delivery_reaches_the_topic_of_the_event_that_claims_its_room(
    kafka: str, tmp_path: Path, shapes: OwnJitsi, event_id: str
) -> None:
    settings = settings_of(tmp_path, kafka)
    await prepare_source(tmp_path, shapes)
    await claim(settings, shapes, event_id)
    async with bridge_process(tmp_path, kafka) as bridge, aiohttp.ClientSession() as session:
        await until_claimed(bridge, shapes)
        await post(session, bridge.url, shapes.request(shapes.joined(5, who="ada", user_id=ADA)))
        facts = await published(settings, event_id, lambda found: len(found) >= 2)
        assert facts[1].subject == ADA
        assert await bridge.stop() == 0


async def test_a_room_claimed_later_gets_what_was_kept(
    kafka: str, tmp_path: Path, shapes: OwnJitsi, event_id: str
) -> None:
    settings = settings_of(tmp_path, kafka)
    await prepare_source(tmp_path, shapes)
    async with bridge_process(tmp_path, kafka) as bridge, aiohttp.ClientSession() as session:
        bodies = [shapes.joined(5, who="ada", user_id=ADA), shapes.left(9, who="ada", came=5, user_id=ADA)]
        assert [await post(session, bridge.url, shapes.request(body)) for body in bodies] == [202, 202]
        await claim(settings, shapes, event_id)
        facts = await published(settings, event_id, lambda found: len(found) >= 2)
        assert [fact.time for fact in facts] == [OPENING + timedelta(minutes=5), OPENING + timedelta(minutes=9)]


async def test_what_registration_tells_of_people_settles_names_and_deletes_reports(
    kafka: str, tmp_path: Path, shapes: OwnJitsi, event_id: str
) -> None:
    settings = settings_of(tmp_path, kafka)
    await prepare_source(tmp_path, shapes)
    await claim(settings, shapes, event_id)
    kept = create_engine(settings.streaming_bridge_database)
    async with bridge_process(tmp_path, kafka) as bridge, aiohttp.ClientSession() as session:
        await until_claimed(bridge, shapes)
        await post(session, bridge.url, shapes.request(shapes.joined(5, who="a", user_id="sso-1", name="Léa")))
        guest = str((await published(settings, event_id, lambda found: len(found) >= 2))[1].subject)
        row = {"report_id": "rep_1", "event_id": event_id, "room_id": "1", "zone": "UTC", "sealed_report": b"."}
        async with kept.begin() as connection:
            await connection.execute(sa.insert(REPORTS), {**row, "brought_at": datetime.now(UTC)})

        async def until(query: sa.Select[Any], expected: int) -> None:
            async with asyncio.timeout(60):
                while True:
                    async with kept.connect() as connection:
                        if (await connection.scalar(query)) == expected:
                            return
                    await asyncio.sleep(0.05)

        of_event = GUESTS_OF_EVENTS.c
        settled = sa.select(sa.func.count()).where(of_event.guest_id == guest, of_event.settled_at.is_not(None))
        link = LinkData(event_id=event_id, guest_id=guest, participant_id=ADA)

        async def registration_tells(model: type[Fact], kind: str, data: FactData) -> None:
            told = {"type": f"passerelle.registration.{kind}.v1", "id": kind, "source": "/registration", "subject": ADA}
            await tell(settings, model.model_validate({**told, "time": OPENING, "recordedtime": OPENING, "data": data}))

        await registration_tells(IdentityLinked, "identity.linked", link)
        await until(settled, 1)
        await registration_tells(IdentityUnlinked, "identity.unlinked", link)
        await until(settled, 0)
        await registration_tells(PersonErased, "person.erased", ErasureData(event_id=event_id))
        await until(sa.select(sa.func.count()).select_from(REPORTS), 0)
    await kept.dispose()


async def test_a_record_that_cannot_be_read_is_a_dead_letter_and_reading_goes_on(
    kafka: str, tmp_path: Path, shapes: OwnJitsi, event_id: str
) -> None:
    settings = settings_of(tmp_path, kafka)
    await prepare_source(tmp_path, shapes)
    async with bridge_process(tmp_path, kafka) as bridge:
        await claim(settings, shapes, new_event_id())
        producer = new_producer(settings, client_id="test-broken")
        await producer.start()
        await producer.send_and_wait(REGISTRATION.name, value=b"{broken", key=event_id.encode())
        await producer.stop()
        await claim(settings, shapes, event_id)
        await until_claimed(bridge, shapes)
        letter = await dead_letter(settings, event_id.encode())
        assert letter.value == b"{broken"


async def test_a_delivery_that_cannot_be_read_is_a_sealed_dead_letter(
    kafka: str, tmp_path: Path, shapes: OwnJitsi
) -> None:
    settings = settings_of(tmp_path, kafka)
    await prepare_source(tmp_path, shapes)
    async with bridge_process(tmp_path, kafka) as bridge, aiohttp.ClientSession() as session:
        body = b'{"event_name": "muc-occupant-joined", "occupant": {"name": "Ada"}}'
        assert await post(session, bridge.url, shapes.request(body)) == 400
        letter = await dead_letter(settings, shapes.source.encode())
        opened = read_dead_letter(key=letter.key, value=letter.value, headers=letter.headers)
        assert b"Ada" not in letter.value
        assert opened.reason.startswith("room_jid: Field required")
        assert opened.open(SecretBox.derive(SECRET_KEY, purpose=PURPOSE)) == body


@pytest.mark.faults
async def test_after_a_kill_every_delivery_that_was_answered_is_on_kafka(
    kafka: str, tmp_path: Path, shapes: OwnJitsi, event_id: str
) -> None:
    settings = settings_of(tmp_path, kafka)
    await prepare_source(tmp_path, shapes)
    await claim(settings, shapes, event_id)
    answered: list[str] = []
    async with bridge_process(tmp_path, kafka) as bridge, aiohttp.ClientSession() as session:
        await until_claimed(bridge, shapes)
        for life in range(4):
            already = len(answered)
            stream = [asyncio.create_task(keep_sending(session, bridge, shapes, life, n, answered)) for n in range(16)]
            async with asyncio.timeout(60):
                while len(answered) < already + 150:
                    await asyncio.sleep(0.005)
            await bridge.kill()
            await asyncio.gather(*stream)
            await bridge.start()
        assert len(answered) >= 600
        facts = await published(settings, event_id, lambda found: {fact.id for fact in found} >= set(answered))
    copies = [fact.to_bytes() for fact in facts]
    assert len({fact.id for fact in facts}) == len(set(copies))


async def keep_sending(
    session: aiohttp.ClientSession, bridge: ServiceProcess, shapes: OwnJitsi, life: int, lane: int, answered: list[str]
) -> None:
    """Send joins one after the other until the bridge is gone; note the ids of those that were answered 200."""
    for number in range(10_000):
        who = f"{life}/{lane}/{number}"
        request = shapes.request(shapes.joined(lane + number / 60, who=who))
        status = await post(session, bridge.url, request)
        if status is None:
            return
        assert status == 200
        answered.append(joined_id(shapes, lane + number / 60, who))


def joined_id(shapes: OwnJitsi, minute: float, who: str) -> str:
    """The id that the fact of a join must have, on every machine."""
    instant = int((OPENING + timedelta(minutes=minute)).timestamp()) * 1000
    jid = shapes.occupant(who)["occupant_jid"]
    return fact_id(
        f"/bridge/jitsi/{shapes.source}", "joined", f"{shapes.room}@conference.meet.example.org", jid, str(instant)
    )


@pytest.mark.faults
async def test_while_kafka_is_away_everything_is_taken_and_drained_in_order_when_it_is_back(
    own_kafka: EmbeddedKafka, tmp_path: Path, shapes: OwnJitsi, event_id: str
) -> None:
    data_dir = tmp_path / "bridge"
    settings = settings_of(data_dir, own_kafka.bootstrap_servers)
    await prepare_source(data_dir, shapes)
    await claim(settings, shapes, event_id)
    async with bridge_process(data_dir, own_kafka.bootstrap_servers) as bridge, aiohttp.ClientSession() as session:
        await until_claimed(bridge, shapes)
        await own_kafka.stop()
        bodies = [shapes.joined(number / 60, who=f"person {number}") for number in range(300)]
        for body in bodies[:150]:
            assert await post(session, bridge.url, shapes.request(body)) == 200
        # It takes deliveries too when it starts without Kafka.
        await bridge.kill()
        await bridge.start()
        for body in bodies[150:]:
            assert await post(session, bridge.url, shapes.request(body)) == 200
        await own_kafka.start()
        facts = await published(settings, event_id, lambda found: len({fact.id for fact in found}) >= 301)
    times = [fact.time for fact in once(facts)[1:]]
    assert times == sorted(times)
    assert len(times) == 300


def once(facts: list[KnownFact]) -> list[KnownFact]:
    """Without the copies that a kill can leave behind: the first of each."""
    return list({fact.id: fact for fact in reversed(facts)}.values())[::-1]


async def dead_letter(settings: CommonSettings, key: bytes) -> ConsumerRecord:
    """The first dead letter of a key."""
    consumer = new_consumer(settings, DEAD_LETTER.name, client_id="test-dead-letters")
    await consumer.start()
    try:
        async with asyncio.timeout(60):
            async for record in consumer:
                if record.key == key:
                    return record
    finally:
        await consumer.stop()
    raise AssertionError(key)
