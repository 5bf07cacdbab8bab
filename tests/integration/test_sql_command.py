"""`passerelle sql` as it is typed: over the read model of a data directory, and over what analysts are told."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from schemas.registration import EventStatus
from services.attendance.adapters.tables import MIGRATIONS
from services.chassis.database import upgrade
from tests.fakes.attendance_facts import colloquium, small_event
from tests.fakes.attendance_web import ANALYST, attending
from tests.integration.attendance_commands import closed_event, command, produce

EVENT = "evt_" + "a" * 32
OPEN = "evt_" + "b" * 32


async def typed(*arguments: str, asked: str = "") -> tuple[int, str, str]:
    """The exit code, the output, and what was said beside it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.command_line",
        "sql",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, said = await asyncio.wait_for(process.communicate(asked.encode()), 120)
    assert process.returncode is not None
    return process.returncode, told.decode(), said.decode()


async def test_the_same_question_to_the_read_model_and_to_a_service(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path}/attendance.db"
    await upgrade(database, MIGRATIONS)
    count = "SELECT count(DISTINCT person) AS people FROM presence_intervals WHERE mode = 'in_person'"
    async with attending(database) as attendance:
        facts = colloquium(EVENT, people=60)
        facts.event(EventStatus.CLOSED, minutes=500)
        await attendance.store(facts.written)
        await attendance.store(small_event(OPEN).written)
        asking = ("--server", attendance.url, "--token", ANALYST, "--event")
        assert await typed(*asking, EVENT, "--format", "csv", count) == (0, "people\n35\n", "")
        code, told, said = await typed(*asking, EVENT, "--event", OPEN, count)
        assert (code, told) == (1, "")
        assert "409: Analysts are told of an event once it is closed." in said
    code, told, _ = await typed("--data-dir", str(tmp_path), "--format", "csv", asked=count)
    assert (code, told) == (0, "people\n35\n")
    file = tmp_path / "answer.ndjson"
    file.write_text("what was there before")
    code, _, said = await typed("--data-dir", str(tmp_path), "--format", "ndjson", "-o", str(file), "SELECT wrong")
    assert (code, file.read_text()) == (1, "what was there before")
    assert "(line 1, column 8)" in said
    code, _, said = await typed(
        "--data-dir", str(tmp_path), "--format", "ndjson", "-o", str(file), "SELECT 1 AS one, NULL AS nothing"
    )
    assert (code, file.read_text()) == (0, '{"one": 1, "nothing": null}\n')


async def test_an_archive_answers_as_the_read_model_does(kafka: str, tmp_path: Path) -> None:
    facts = closed_event("evt_sql_archive")
    await produce(kafka, tmp_path, facts.written)
    archive = str(tmp_path / "archive")
    assert (await command(kafka, tmp_path, "archive", "evt_sql_archive", "-o", archive))[0] == 0
    query = """SELECT event_id, (SELECT count(*) FROM facts) AS facts, (SELECT max(total) FROM minutes) AS peak,
        (SELECT sum(people) FROM sessions) AS attended, (SELECT count(*) FROM people) AS people FROM events"""
    code, told, _ = await typed("--archive", archive, "--format", "ndjson", query)
    assert (code, json.loads(told)) == (
        0,
        {"event_id": "evt_sql_archive", "facts": 7, "peak": 2, "attended": 4, "people": 2},
    )


@pytest.mark.parametrize(
    "arguments, code, reason",
    [
        (("--server", "http://127.0.0.1:9"), 2, "needs --token"),
        (("--archive", "nowhere", "SELECT 1"), 1, "there is no archive"),
        (("--data-dir", "nowhere", "SELECT 1"), 2, "no Passerelle is kept"),
    ],
)
async def test_what_cannot_be_asked_is_told_in_one_line(
    arguments: tuple[str, ...], code: int, reason: str, tmp_path: Path
) -> None:
    ended, _, said = await typed(*(str(tmp_path / each) if each == "nowhere" else each for each in arguments))
    assert ended == code
    assert reason in said
    assert said.count("\n") == 1
