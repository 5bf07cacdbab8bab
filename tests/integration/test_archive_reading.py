"""What reads an archive as it reads Kafka: replay and rebuild; and facts put back where Kafka has let them go."""

import json
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from schemas.registration import IdentityUnlinked, LinkData
from services.attendance.adapters.archive_stores import FolderStore
from services.attendance.adapters.tables import MIGRATIONS
from services.attendance.application.archive import Archive
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.event_log import read_event
from services.attendance.stream.fact_sources import KafkaLog
from services.attendance.stream.membership import APP_ID
from services.attendance.stream.places import place_of
from services.chassis.database import upgrade
from services.chassis.kafka import new_producer
from services.chassis.log_reading import bounds
from tests.builders import settings_for
from tests.fakes.attendance_facts import ANNE, EventFacts, colloquium, guest
from tests.integration.attendance_commands import command, produce

pytestmark = pytest.mark.timeout(180)
PLAY = ("--speed", "max")


async def _let_go(kafka: str, tmp_path: Path, event: str) -> None:
    """Kafka forgets all that stands in the partitions of an event."""
    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    places = [place_of(topic, event, settings) for topic in topics.INPUTS]
    ends = {place: end for place, (_, end) in (await bounds(settings, places, client_id="test")).items()}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({place: RecordsToDelete(end) for place, end in ends.items() if end})
    await admin.close()


async def test_a_replay_is_the_same_from_kafka_from_the_archive_and_from_both(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    kafka, event, archive = own_kafka.bootstrap_servers, "evt_archive_replay", str(tmp_path / "archive")
    facts = colloquium(event, people=20).written
    half = len(facts) // 2
    await produce(kafka, tmp_path, facts[:half])
    assert (await command(kafka, tmp_path, "archive", event, "-o", archive))[0] == 0
    await produce(kafka, tmp_path, facts[half:])
    _, wanted, _ = await command(kafka, tmp_path, "replay", event, *PLAY)
    assert len(wanted.splitlines()) == len({fact.id for fact in facts})
    assert await command(kafka, tmp_path, "replay", event, *PLAY, "--archive", archive) == (0, wanted, "")

    assert (await command(kafka, tmp_path, "archive", event, "-o", archive))[0] == 0
    await _let_go(kafka, tmp_path, event)
    assert (await command(kafka, tmp_path, "replay", event, *PLAY))[0] == 1
    assert await command(kafka, tmp_path, "replay", event, *PLAY, "--archive", archive) == (0, wanted, "")
    # Neither a Passerelle nor a Kafka is needed.
    elsewhere = tmp_path / "elsewhere"
    assert await command(None, elsewhere, "replay", event, *PLAY, "--archive", archive) == (0, wanted, "")
    code, out, said = await command("127.0.0.1:9", tmp_path, "replay", event, *PLAY, "--archive", archive)
    assert (code, out) == (0, wanted)
    assert "this is what the archive holds" in said

    part = Archive(FolderStore(tmp_path / "archive")).held(event).files[0]
    (tmp_path / "archive" / part.path).write_bytes(b"")
    code, out, said = await command(kafka, tmp_path, "replay", event, *PLAY, "--archive", archive)
    assert (code, out) == (1, "")
    assert f"{part.path} is damaged" in said


async def test_what_kafka_let_go_is_put_back_once_and_checked_against_the_archive(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    kafka, event, archive = own_kafka.bootstrap_servers, "evt_archive_restore", str(tmp_path / "archive")
    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    await upgrade(settings.attendance_database, MIGRATIONS)
    facts = EventFacts(event_id=event)
    facts.event()
    facts.checked_in(ANNE, 0)
    facts.joined(guest(1), 5)
    link = facts.linked(guest(1), ANNE, 10)
    await produce(kafka, tmp_path, facts.written)
    whole = str(tmp_path / "whole")
    assert (await command(kafka, tmp_path, "archive", event, "-o", archive))[0] == 0
    assert (await command(kafka, tmp_path, "archive", "--all", "-o", whole))[0] == 0
    await _let_go(kafka, tmp_path, event)
    facts.written.clear()
    facts.write(IdentityUnlinked, LinkData(event_id=event, guest_id=guest(1), participant_id=ANNE), guest(1), 20)
    await produce(kafka, tmp_path, facts.written)

    code, out, said = await command(kafka, tmp_path, "rebuild", event, "--check", "--format", "ndjson")
    assert "records are gone from the log's partitions" in said or "wait" in out
    code, out, _ = await command(
        kafka, tmp_path, "rebuild", event, "--check", "--format", "ndjson", "--archive", archive
    )
    assert code == 1
    assert {one["subject"] for one in map(json.loads, out.splitlines()) if "subject" in one} == {ANNE, guest(1)}
    code, out, _ = await command(
        kafka, tmp_path, "rebuild", "--all", "--check", "--format", "ndjson", "--archive", archive
    )
    assert code == 1
    assert {one["subject"] for one in map(json.loads, out.splitlines()) if "subject" in one} == {ANNE, guest(1)}
    # The archive holds this event alone, and the partition may have had others.
    code, _, said = await command(kafka, tmp_path, "rebuild", event, "--archive", archive)
    assert code == 1
    assert "Kafka no longer has all records of partition" in said

    restore = ("archive", event, "--restore", archive)
    assert await command(kafka, tmp_path, *restore) == (0, "", "4 facts of 1 events are back on their topics\n")
    assert await command(kafka, tmp_path, *restore) == (0, "", "0 facts of 0 events are back on their topics\n")
    read = await read_event(KafkaLog(settings, event), event)
    assert len({fact.id for fact in read.facts}) == 5
    said_last = [fact.id for fact in read.facts if fact.type.startswith("passerelle.registration.identity.")][-1]
    assert said_last != link.id, "the last word on a link is said again after an older one"

    # What was put back is not archived twice.
    code, _, said = await command(kafka, tmp_path, "archive", event, "-o", archive)
    assert (code, said) == (0, f"1 records of 1 event are new in {archive}\n")
    assert Archive(FolderStore(tmp_path / "archive")).check() == []

    # Where every event was archived in time, the partition can be folded again.
    code, _, said = await command(kafka, tmp_path, "rebuild", event, "--archive", whole)
    assert code == 0, said
    assert f"5 facts of {event}" in said


async def test_kafka_lets_go_of_what_is_old_and_archived_and_folded_and_of_nothing_else(
    own_kafka: EmbeddedKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka, event, archive = own_kafka.bootstrap_servers, "evt_archive_let_go", tmp_path / "archive"
    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    await produce(kafka, tmp_path, [])
    places = [place_of(topic, event, settings) for topic in topics.INPUTS]
    long_ago = [fact for fact in colloquium(event, people=10).written if fact.type.startswith("passerelle.checkin.")]
    async with new_producer(settings, client_id="test") as producer:
        for fact in long_ago:
            await producer.send_and_wait(topics.CHECKIN.name, fact.to_bytes(), key=event.encode(), timestamp_ms=1)
        await producer.send_and_wait(topics.CHECKIN.name, long_ago[0].to_bytes(), key=event.encode())
    checkin = places[1]
    monkeypatch.setenv("PASSERELLE_KEEP_FACTS_DAYS", "30")
    code, _, said = await command(kafka, tmp_path, "archive", "--all", "-o", str(archive))
    assert code == 2
    assert said.startswith("PASSERELLE_KEEP_FACTS_DAYS: must be a whole number of days, 30 or more, and stand beside")

    monkeypatch.setenv("PASSERELLE_ARCHIVE", str(archive))
    assert (await command(kafka, tmp_path, "archive", "--all"))[0] == 0
    assert (await bounds(settings, places, client_id="test"))[checkin][0] == 0, "the worker has not folded them"
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=APP_ID)
    await consumer.start()
    consumer.assign([checkin])
    await consumer.commit({checkin: len(long_ago) + 1})
    await consumer.stop()
    code, _, said = await command(kafka, tmp_path, "archive", "--all", "-o", str(tmp_path / "another"))
    assert "let go" not in said
    code, _, said = await command(kafka, tmp_path, "archive", "--all")
    assert f"Kafka let go of {len(long_ago)} records" in said
    assert (await bounds(settings, places, client_id="test"))[checkin] == (len(long_ago), len(long_ago) + 1)
    _, out, _ = await command(kafka, tmp_path, "replay", event, *PLAY, "--archive", str(archive))
    assert {json.loads(line)["id"] for line in out.splitlines()} == {fact.id for fact in long_ago}
