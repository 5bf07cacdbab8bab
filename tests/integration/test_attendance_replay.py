"""`passerelle replay` and `rebuild --check` as processes, on a real broker that holds some events."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from schemas.envelope import Fact
from schemas.registration import EventStatus
from services.attendance.adapters.tables import MIGRATIONS
from services.attendance.application.translation import milliseconds
from services.attendance.rebuild_command import commands as rebuild
from services.attendance.replay_command import commands
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.event_log import place_of, read_event
from services.attendance.stream.replay_topic import UnfitTopicError, check_topic
from services.chassis.database import upgrade
from services.chassis.dead_letters import from_record
from services.chassis.kafka import encode_headers, new_producer
from services.chassis.log_reading import read_to_end
from services.chassis.topics import ensure_topics
from tests.builders import SECRET_KEY, settings_for
from tests.fakes.attendance_facts import ANNE, BRIDGE, EventFacts, colloquium, guest
from tests.fakes.passerelle import passerelle

pytestmark = pytest.mark.timeout(180)


async def test_a_replay_is_the_same_to_the_byte_however_the_facts_came(kafka: str, tmp_path: Path) -> None:
    one = colloquium("evt_replay_1", people=30)
    await _produce(kafka, tmp_path, one.written)
    code, first, said = await _passerelle(kafka, tmp_path, "replay", "evt_replay_1", "--speed", "max")
    assert (code, said) == (0, "")
    await _produce(kafka, tmp_path, list(reversed(one.written)))
    await _produce(kafka, tmp_path, EventFacts(event_id="evt_replay_other", written=[]).written)
    code, again, _ = await _passerelle(kafka, tmp_path, "replay", "evt_replay_1", "--speed", "max")
    assert (code, again) == (0, first)
    facts = [json.loads(line) for line in first.splitlines()]
    assert [(fact["time"], fact["id"]) for fact in facts] == sorted((fact["time"], fact["id"]) for fact in facts)
    assert {fact["id"] for fact in facts} == {fact.id for fact in one.written}


async def test_a_replay_takes_its_time(kafka: str, tmp_path: Path) -> None:
    facts = EventFacts(event_id="evt_replay_slow")
    for second in range(4):
        facts.checked_in(ANNE, second / 60, gate=f"Gate {second}")
    await _produce(kafka, tmp_path, facts.written)
    process = await _start(kafka, tmp_path, "replay", "evt_replay_slow", "--speed", "2")
    assert process.stdout is not None
    loop = asyncio.get_running_loop()
    await process.stdout.readline()
    began = loop.time()
    for _ in range(3):
        assert await process.stdout.readline()
    assert loop.time() - began == pytest.approx(1.5, abs=0.5)
    assert await process.wait() == 0


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_replay_can_be_stopped(kafka: str, tmp_path: Path, number: signal.Signals, code: int) -> None:
    facts = EventFacts(event_id="evt_replay_stopped")
    facts.checked_in(ANNE, 0)
    facts.checked_out(ANNE, 400)
    await _produce(kafka, tmp_path, facts.written)
    process = await _start(kafka, tmp_path, "replay", "evt_replay_stopped", "--speed", "1")
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(number)
    out, said = await process.communicate()
    assert (process.returncode, out, said) == (code, b"", b"")


async def test_a_reader_that_has_enough_ends_a_replay_in_silence(kafka: str, tmp_path: Path) -> None:
    await _produce(kafka, tmp_path, colloquium("evt_replay_piped", people=300).written)
    process = await _start(kafka, tmp_path, "replay", "evt_replay_piped", "--speed", "max", stdout=_closed_pipe())
    _, said = await process.communicate()
    assert (process.returncode, said) == (1, b"")


async def test_a_what_if_is_marked_on_every_line_and_in_words(kafka: str, tmp_path: Path) -> None:
    facts = _closed_event("evt_replay_if")
    await _produce(kafka, tmp_path, facts.written)
    options = ("--speed", "max", "--grace", "30m", "--ignore-source", BRIDGE)
    code, out, said = await _passerelle(kafka, tmp_path, "replay", "evt_replay_if", *options)
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0, said
    assert {line["whatif"] for line in lines} == {f"grace_seconds=1800 ignored_source={BRIDGE}"}
    assert {line["data"]["grace_seconds"] for line in lines if "grace_seconds" in line["data"]} == {1800}
    assert BRIDGE not in {line["source"] for line in lines}
    assert said.strip() == f"What if: grace_seconds=1800 ignored_source={BRIDGE}. This is not what happened."


async def test_the_presence_of_a_what_if_stands_beside_what_was_recorded(kafka: str, tmp_path: Path) -> None:
    await _produce(kafka, tmp_path, _closed_event("evt_replay_presence").written)
    code, out, said = await _passerelle(kafka, tmp_path, "replay", "evt_replay_presence", "--presence", "--grace", "0")
    told = {line.get("participant_id") or line["guest_id"]: line for line in map(json.loads, out.splitlines())}
    assert code == 0, said
    assert (told[ANNE]["seconds"]["in_person"], told[ANNE]["recorded"]["seconds"]["in_person"]) == (28_800, 29_700)
    assert told[guest(1)]["seconds"] == told[guest(1)]["recorded"]["seconds"]
    assert "1 of 2 people differ." in said
    code, out, _ = await _passerelle(kafka, tmp_path, "replay", "evt_replay_presence", "--presence")
    assert code == 0, said
    assert all("whatif" not in json.loads(line) for line in out.splitlines())


async def test_a_source_that_never_spoke_is_named(kafka: str, tmp_path: Path) -> None:
    await _produce(kafka, tmp_path, _closed_event("evt_replay_source").written)
    options = ("--speed", "max", "--ignore-source", "/bridge/jitsi/mian")
    code, out, said = await _passerelle(kafka, tmp_path, "replay", "evt_replay_source", *options)
    assert (code, out) == (1, "")
    assert "/bridge/jitsi/mian" in said
    assert BRIDGE in said


async def test_a_replay_into_a_topic_writes_what_it_would_have_printed(kafka: str, tmp_path: Path) -> None:
    await _produce(kafka, tmp_path, _closed_event("evt_replay_topic").written)
    options = ("replay", "evt_replay_topic", "--speed", "max", "--grace", "0")
    _, out, _ = await _passerelle(kafka, tmp_path, *options)
    code, nothing, said = await _passerelle(kafka, tmp_path, *options, "--topic", "analysts.replay")
    assert (code, nothing) == (0, ""), said
    assert "7 facts are in the topic analysts.replay" in said

    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    places = [TopicPartition("analysts.replay", number) for number in range(settings.partitions)]
    records = [record async for record in read_to_end(settings, places, client_id="test")]
    assert [(record.value or b"").decode() for record in records] == out.splitlines()
    assert {record.key for record in records} == {b"evt_replay_topic"}
    times = [milliseconds(json.loads(record.value or b"")["time"]) for record in records]
    assert [record.timestamp for record in records] == times, "a record has the time of its fact"
    assert all(dict(record.headers)["passerelle-what-if"] == b"grace_seconds=0" for record in records)
    assert (await _setting(kafka, "analysts.replay", "retention.ms")) == "-1"


async def test_a_replay_goes_into_none_of_the_projects_own_topics(kafka: str, tmp_path: Path) -> None:
    code, out, said = await _passerelle(kafka, tmp_path, "replay", "evt_any", "--topic", topics.CHECKIN.name)
    assert (code, out) == (2, "")
    assert "--topic" in said


@pytest.mark.parametrize(
    "options",
    [
        ("--presence", "--topic", "mine"),
        ("--presence", "--from", "2026-11-24T08:00:00Z"),
        ("--from", "2026-11-24T08:00:00Z", "--to", "2026-11-24T07:00:00Z"),
        ("--grace", "soon"),
        ("--reconnect-grace", "-1"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(commands, ["evt_any", *options])
    assert answer.exit_code == 2
    assert options[0] in answer.output


@pytest.mark.parametrize("topic", [topics.CHECKIN.name, "passerelle-anything", "__consumer_offsets", "my topic", ".."])
def test_no_replay_goes_into_a_topic_that_means_something_else(topic: str) -> None:
    with pytest.raises(UnfitTopicError):
        check_topic(topic)
    check_topic("analysts.replay")


async def test_a_check_tells_what_waits_when_nobody_works(kafka: str, tmp_path: Path) -> None:
    facts = _closed_event("evt_rebuild_waits")
    await _produce(kafka, tmp_path, facts.written)
    await upgrade(settings_for(AttendanceSettings, data_dir=tmp_path).attendance_database, MIGRATIONS)
    code, out, said = await _passerelle(
        kafka, tmp_path, "rebuild", "evt_rebuild_waits", "--check", "--format", "ndjson"
    )
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
    places = (await read_event(settings, "evt_rebuild_waits")).places
    refused = next(place for place in places if place.topic == topics.CHECKIN.name)
    now = facts.written[-1].recordedtime
    letter = from_record(service="attendance", reason="test", now=now, origin=refused, key=b"evt", value=b"{}")
    async with new_producer(settings, client_id="test") as producer:
        headers = encode_headers(letter.headers)
        await producer.send_and_wait(letter.topic, letter.value, key=letter.key, headers=headers)
    code, out, said = await _passerelle(
        kafka, tmp_path, "rebuild", "evt_rebuild_waits", "--check", "--format", "ndjson"
    )
    differences = [json.loads(line) for line in out.splitlines()]
    assert {one["subject"] for one in differences if "subject" in one} == {guest(1)}
    assert "1 facts refused" in said


async def test_what_the_log_has_lost_is_not_rebuilt(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    kafka, facts = own_kafka.bootstrap_servers, _closed_event("evt_rebuild_cut")
    await _produce(kafka, tmp_path, facts.written)
    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    await upgrade(settings.attendance_database, MIGRATIONS)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({place_of(topics.CHECKIN, "evt_rebuild_cut", settings): RecordsToDelete(1)})
    await admin.close()
    code, out, said = await _passerelle(kafka, tmp_path, "rebuild", "evt_rebuild_cut")
    assert (code, out) == (1, "")
    assert said.startswith("1 records are gone from the log's partitions"), said


@pytest.mark.parametrize("arguments", [[], ["--all"], ["evt_any", "--all", "--check"]])
def test_a_rebuild_says_of_what_it_is(arguments: list[str]) -> None:
    answer = CliRunner().invoke(rebuild, arguments)
    assert answer.exit_code == 2
    assert "name an event" in answer.output


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
    code, out, said = await _passerelle(None, tmp_path, *arguments, "--data-dir", str(wrong))
    assert (code, out) == (2, "")
    assert said == f"PASSERELLE_DATA_DIR (--data-dir): no Passerelle is kept in {wrong}\n"
    assert not wrong.exists()


async def test_a_timeline_is_not_read_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Somebody's own folder.")
    code, out, said = await _passerelle(None, tmp_path, "timeline", "evt_any")
    assert (code, out) == (2, "")
    assert said == f"PASSERELLE_DATA_DIR (--data-dir): there is no read model at {tmp_path / 'attendance.db'}\n"
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]


def _closed_event(event_id: str) -> EventFacts:
    facts = EventFacts(event_id=event_id)
    facts.event()
    facts.room(-5, opened=True)
    facts.checked_in(ANNE, 0)
    facts.joined(guest(1), 5)
    facts.left(guest(1), 6)
    facts.room(30, opened=False)
    facts.event(EventStatus.CLOSED, minutes=600)
    return facts


async def _produce(kafka: str, tmp_path: Path, facts: Sequence[Fact]) -> None:
    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    await ensure_topics(kafka, topics.ALL, partitions=settings.partitions)
    names = {"registration": topics.REGISTRATION, "checkin": topics.CHECKIN, "participation": topics.PARTICIPATION}
    async with new_producer(settings, client_id="test") as producer:
        sent = [
            await producer.send(names[fact.type.split(".")[1]].name, fact.to_bytes(), key=fact.data.event_id.encode())
            for fact in facts
        ]
        await asyncio.gather(*sent)


async def _passerelle(kafka: str | None, data_dir: Path, *arguments: str) -> tuple[int, str, str]:
    finished = await passerelle(*arguments, settings=_settings(kafka, data_dir))
    return finished.code, finished.out, finished.said


async def _start(
    kafka: str | None, data_dir: Path, *arguments: str, stdout: int = asyncio.subprocess.PIPE
) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.command_line",
        *arguments,
        env={**os.environ, **_settings(kafka, data_dir)},
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
    )
    if stdout != asyncio.subprocess.PIPE:
        os.close(stdout)
    return process


def _settings(kafka: str | None, data_dir: Path) -> dict[str, str]:
    given = {"DATA_DIR": str(data_dir), "KAFKA": kafka or "", "SECRET_KEY": SECRET_KEY}
    return {"COLUMNS": "250", **{f"PASSERELLE_{name}": value for name, value in given.items()}}


def _closed_pipe() -> int:
    """The writing end of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


async def _setting(kafka: str, topic: str, name: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return str(next(entry[1] for *_, entries in answer.resources for entry in entries if entry[0] == name))
    finally:
        await admin.close()
