"""`passerelle replay` as a process, on a real broker that holds some events."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from schemas import topics
from services.attendance.application.translation import milliseconds
from services.attendance.replay_command import commands
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.replay_topic import UnfitTopicError, check_topic
from services.chassis.log_reading import read_to_end
from tests.builders import settings_for
from tests.fakes.attendance_facts import ANNE, BRIDGE, EventFacts, colloquium, guest
from tests.integration.attendance_commands import closed_event, command, produce, settings_of

pytestmark = pytest.mark.timeout(180)


async def test_a_replay_is_the_same_to_the_byte_however_the_facts_came(kafka: str, tmp_path: Path) -> None:
    one = colloquium("evt_replay_1", people=30)
    await produce(kafka, tmp_path, one.written)
    code, first, said = await command(kafka, tmp_path, "replay", "evt_replay_1", "--speed", "max")
    assert (code, said) == (0, "")
    await produce(kafka, tmp_path, list(reversed(one.written)))
    await produce(kafka, tmp_path, EventFacts(event_id="evt_replay_other", written=[]).written)
    code, again, _ = await command(kafka, tmp_path, "replay", "evt_replay_1", "--speed", "max")
    assert (code, again) == (0, first)
    facts = [json.loads(line) for line in first.splitlines()]
    assert [(fact["time"], fact["id"]) for fact in facts] == sorted((fact["time"], fact["id"]) for fact in facts)
    assert {fact["id"] for fact in facts} == {fact.id for fact in one.written}


async def test_a_replay_takes_its_time(kafka: str, tmp_path: Path) -> None:
    facts = EventFacts(event_id="evt_replay_slow")
    for second in range(4):
        facts.checked_in(ANNE, second / 60, gate=f"Gate {second}")
    await produce(kafka, tmp_path, facts.written)
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
    await produce(kafka, tmp_path, facts.written)
    process = await _start(kafka, tmp_path, "replay", "evt_replay_stopped", "--speed", "1")
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(number)
    out, said = await process.communicate()
    assert (process.returncode, out, said) == (code, b"", b"")


async def test_a_reader_that_has_enough_ends_a_replay_in_silence(kafka: str, tmp_path: Path) -> None:
    await produce(kafka, tmp_path, colloquium("evt_replay_piped", people=300).written)
    process = await _start(kafka, tmp_path, "replay", "evt_replay_piped", "--speed", "max", stdout=_closed_pipe())
    _, said = await process.communicate()
    assert (process.returncode, said) == (1, b"")


async def test_a_what_if_is_marked_on_every_line_and_in_words(kafka: str, tmp_path: Path) -> None:
    facts = closed_event("evt_replay_if")
    await produce(kafka, tmp_path, facts.written)
    options = ("--speed", "max", "--grace", "30m", "--ignore-source", BRIDGE)
    code, out, said = await command(kafka, tmp_path, "replay", "evt_replay_if", *options)
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0, said
    assert {line["whatif"] for line in lines} == {f"grace_seconds=1800 ignored_source={BRIDGE}"}
    assert {line["data"]["grace_seconds"] for line in lines if "grace_seconds" in line["data"]} == {1800}
    assert BRIDGE not in {line["source"] for line in lines}
    assert said.strip() == f"What if: grace_seconds=1800 ignored_source={BRIDGE}. This is not what happened."


async def test_the_presence_of_a_what_if_stands_beside_what_was_recorded(kafka: str, tmp_path: Path) -> None:
    await produce(kafka, tmp_path, closed_event("evt_replay_presence").written)
    code, out, said = await command(kafka, tmp_path, "replay", "evt_replay_presence", "--presence", "--grace", "0")
    told = {line.get("participant_id") or line["guest_id"]: line for line in map(json.loads, out.splitlines())}
    assert code == 0, said
    assert (told[ANNE]["seconds"]["in_person"], told[ANNE]["recorded"]["seconds"]["in_person"]) == (28_800, 29_700)
    assert told[guest(1)]["seconds"] == told[guest(1)]["recorded"]["seconds"]
    assert "1 of 2 people differ." in said
    code, out, _ = await command(kafka, tmp_path, "replay", "evt_replay_presence", "--presence")
    assert code == 0, said
    assert all("whatif" not in json.loads(line) for line in out.splitlines())


async def test_a_source_that_never_spoke_is_named(kafka: str, tmp_path: Path) -> None:
    await produce(kafka, tmp_path, closed_event("evt_replay_source").written)
    options = ("--speed", "max", "--ignore-source", "/bridge/jitsi/mian")
    code, out, said = await command(kafka, tmp_path, "replay", "evt_replay_source", *options)
    assert (code, out) == (1, "")
    assert "/bridge/jitsi/mian" in said
    assert BRIDGE in said


async def test_a_replay_into_a_topic_writes_what_it_would_have_printed(kafka: str, tmp_path: Path) -> None:
    await produce(kafka, tmp_path, closed_event("evt_replay_topic").written)
    options = ("replay", "evt_replay_topic", "--speed", "max", "--grace", "0")
    _, out, _ = await command(kafka, tmp_path, *options)
    code, nothing, said = await command(kafka, tmp_path, *options, "--topic", "analysts.replay")
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
    code, out, said = await command(kafka, tmp_path, "replay", "evt_any", "--topic", topics.CHECKIN.name)
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


async def _start(
    kafka: str | None, data_dir: Path, *arguments: str, stdout: int = asyncio.subprocess.PIPE
) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.command_line",
        *arguments,
        env={**os.environ, **settings_of(kafka, data_dir)},
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
    )
    if stdout != asyncio.subprocess.PIPE:
        os.close(stdout)
    return process


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
