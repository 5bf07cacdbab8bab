"""`passerelle rebuild` and what commands do where there is nothing, as processes on a real broker."""

import json
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from typer.testing import CliRunner

from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from services.attendance.adapters.tables import MIGRATIONS
from services.attendance.rebuild_command import commands as rebuild
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.event_log import read_event
from services.attendance.stream.fact_sources import KafkaLog
from services.attendance.stream.places import place_of
from services.chassis.command import KAFKA_ADDRESS, KAFKA_CLUSTER
from services.chassis.database import upgrade
from services.chassis.dead_letter_log import read_all
from services.chassis.dead_letters import from_record
from services.chassis.kafka import encode_headers, new_producer
from tests.builders import settings_for
from tests.fakes.attendance_facts import ANNE, guest
from tests.integration.attendance_commands import closed_event, command, produce

pytestmark = pytest.mark.timeout(180)


async def test_a_check_tells_what_waits_when_nobody_works(kafka: str, tmp_path: Path) -> None:
    facts = closed_event("evt_rebuild_waits")
    await produce(kafka, tmp_path, facts.written)
    await upgrade(settings_for(AttendanceSettings, data_dir=tmp_path).attendance_database, MIGRATIONS)
    code, out, said = await command(kafka, tmp_path, "rebuild", "evt_rebuild_waits", "--check", "--format", "ndjson")
    differences = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert {one["place"] for one in differences} == {"topics", "read model"}
    assert {one["subject"] for one in differences if "subject" in one} == {ANNE, guest(1)}
    assert {one["found"] for one in differences} == {None}
    assert {one["remedy"] for one in differences} == {"wait"}
    # Those of other tests that share the partition wait too.
    assert " facts wait for the worker, 0 records for the read model" in said

    # A fact that the worker has put among the dead letters counts for nothing.
    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    places = (await read_event(KafkaLog(settings, "evt_rebuild_waits"), "evt_rebuild_waits")).places
    refused = next(place for place in places if place.topic == topics.CHECKIN.name)
    now = facts.written[-1].recordedtime
    async with new_producer(settings, client_id="test") as producer:
        for reason in ("test", "set aside again by a rebuild"):
            letter = from_record(service="attendance", reason=reason, now=now, origin=refused, key=b"evt", value=b"{}")
            headers = encode_headers(letter.headers)
            await producer.send_and_wait(letter.topic, letter.value, key=letter.key, headers=headers)
    (kept,) = [kept for kept in await read_all(settings) if kept.letter.origin == refused]
    assert (kept.id, kept.letter.reason) == (kept.letter.id, "set aside again by a rebuild")
    code, out, said = await command(kafka, tmp_path, "rebuild", "evt_rebuild_waits", "--check", "--format", "ndjson")
    differences = [json.loads(line) for line in out.splitlines()]
    assert {one["subject"] for one in differences if "subject" in one} == {guest(1)}
    assert "1 facts refused" in said


async def test_what_the_log_has_lost_is_not_rebuilt(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    kafka, facts = own_kafka.bootstrap_servers, closed_event("evt_rebuild_cut")
    await produce(kafka, tmp_path, facts.written)
    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    await upgrade(settings.attendance_database, MIGRATIONS)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({place_of(topics.CHECKIN, "evt_rebuild_cut", settings): RecordsToDelete(1)})
    await admin.close()
    code, out, said = await command(kafka, tmp_path, "rebuild", "evt_rebuild_cut")
    assert (code, out) == (1, "")
    assert said.startswith("1 records are gone from the log's partitions"), said


@pytest.mark.parametrize("arguments", [[], ["--all"], ["evt_any", "--all", "--check"]])
def test_a_rebuild_says_of_what_it_is(arguments: list[str]) -> None:
    answer = CliRunner().invoke(rebuild, arguments)
    assert answer.exit_code == 2
    assert "name an event" in answer.output


@pytest.mark.parametrize("arguments", [["bad id", "--check"], [""]])
def test_what_cannot_be_an_event_is_refused(arguments: list[str]) -> None:
    answer = CliRunner().invoke(rebuild, arguments)
    assert answer.exit_code == 2
    assert "is not the id of an event" in answer.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("timeline", "evt_any"),
        ("replay", "evt_any"),
        ("rebuild", "evt_any", "--check"),
        ("rebuild", "evt_any"),
        ("dead-letters", "list"),
    ],
)
async def test_a_command_that_looks_makes_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    wrong = tmp_path / "wrong"
    code, out, said = await command(None, tmp_path, *arguments, "--data-dir", str(wrong))
    assert (code, out) == (2, "")
    assert said == f"PASSERELLE_DATA_DIR (--data-dir): no Passerelle is kept in {wrong}\n"
    assert not wrong.exists()


async def test_a_command_leaves_another_kafka_alone_that_answers_in_place_of_ours(kafka: str, tmp_path: Path) -> None:
    settings = settings_for(AttendanceSettings, data_dir=tmp_path)
    await upgrade(settings.attendance_database, MIGRATIONS)
    (tmp_path / KAFKA_ADDRESS).write_text(kafka)
    (tmp_path / KAFKA_CLUSTER).write_text("ours")
    for arguments in (("replay", "evt_any"), ("rebuild", "evt_any"), ("dead-letters", "list")):
        code, out, said = await command(None, tmp_path, *arguments)
        assert (code, out) == (1, "")
        assert said.startswith(f"another Kafka answers at {kafka}: it is cluster "), said


async def test_a_timeline_is_not_read_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Somebody's own folder.")
    code, out, said = await command(None, tmp_path, "timeline", "evt_any")
    assert (code, out) == (2, "")
    assert said == f"PASSERELLE_DATA_DIR (--data-dir): there is no read model at {tmp_path / 'attendance.db'}\n"
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]
