"""`passerelle timeline`, `replay`, `rebuild` and `dead-letters`, as somebody types them beside a running Passerelle."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from deploy.local.demo.client import Client, UnexpectedAnswerError
from deploy.local.demo.colloquium import colloquium
from deploy.local.demo.compare import compare
from deploy.local.demo.play import Play
from deploy.local.up import Running
from schemas.topics import TIMELINE
from services.attendance.application.kept import NO_WORDS, ToldEnd
from services.attendance.application.records import write_end
from services.chassis.kafka import new_producer
from services.chassis.settings import CommonSettings, load_settings
from tests.fakes.passerelle import passerelle

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

OPENS_AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


async def test_an_event_is_written_out_replayed_and_rebuilt(passerelle: tuple[Running, str]) -> None:
    running, token = passerelle
    async with Client(running.address, token) as client:
        play = Play(scenario=colloquium(participants=10), client=client, opens_at=OPENS_AT)
        event_id = await play.prepare()
        await play.perform(speed=10_000)
        assert (await compare(play)).differences == ()

    code, out, _ = await _passerelle(running, "timeline", event_id, "--format", "ndjson")
    entries = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(entry["time"], entry["id"]) for entry in entries] == sorted((e["time"], e["id"]) for e in entries)

    code, out, _ = await _passerelle(running, "replay", event_id, "--speed", "max")
    facts = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    # The ends that attendance inferred stand on the timeline too, and are no facts to be played.
    assert [fact["id"] for fact in facts] == [entry["id"] for entry in entries if entry["source"] != "/attendance"]

    code, out, _ = await _passerelle(
        running, "replay", event_id, "--speed", "max", "--from", "2026-11-20T08:00:00Z", "--to", "2026-11-20T08:30:00Z"
    )
    times = [json.loads(line)["time"] for line in out.splitlines()]
    assert times
    assert all("2026-11-20T08:00" <= time <= "2026-11-20T08:30:00.000Z" for time in times)

    code, _, said = await _passerelle(running, "rebuild", event_id, "--check")
    assert (code, said.strip()[:45]) == (0, "The log, the topics and the read model agree:"), said

    await _a_rebuild_puts_right_what_differs(running, event_id)


async def _a_rebuild_puts_right_what_differs(running: Running, event_id: str) -> None:
    # Somebody's row is changed by hand: the check names the person, the field and both values.
    database = sqlite3.connect(f"{running.environment['PASSERELLE_DATA_DIR']}/attendance.db")
    of_event = "FROM presence WHERE status = 'away' AND event_id = ?"
    (subject,) = database.execute(f"SELECT max(subject) {of_event}", [event_id]).fetchone()
    database.execute("UPDATE presence SET status = 'both' WHERE subject = ?", [subject])
    database.commit()
    code, out, said = await _passerelle(running, "rebuild", event_id, "--check", "--format", "ndjson")
    difference = {
        "event_id": event_id,
        "place": "read model",
        "subject": subject,
        "field": "status",
        "log": "away",
        "found": "both",
        "remedy": "rebuild",
    }
    assert (code, [json.loads(line) for line in out.splitlines()]) == (1, [difference]), said
    assert said.startswith("1 difference from the log")
    code, out, _ = await _passerelle(running, "rebuild", event_id, "--check")
    assert (code, out.split()[-2:]) == (1, ["away", "both"])
    code, out, said = await _passerelle(running, "rebuild", "--all", "--check", "--format", "ndjson")
    assert (code, [json.loads(line)["event_id"] for line in out.splitlines()]) == (1, [event_id]), said
    database.close()
    await _tell_an_end_that_nothing_leads_to(running, event_id, subject)

    # The remedy is a command, and it works beside everything that runs.
    assert f"passerelle rebuild {event_id}" in said
    code, _, said = await _passerelle(running, "rebuild", event_id)
    assert (code, "1 entries that no fact leads to are withdrawn" in said) == (0, True), said
    async with asyncio.timeout(90):
        while True:
            code, out, said = await _passerelle(running, "rebuild", "--all", "--check")
            if code == 0:
                break
    assert (out, said.strip().endswith("events agree.")) == ("", True), said
    code, out, said = await _passerelle(running, "rebuild", event_id, "--check")
    assert (code, out) == (0, ""), said


async def _tell_an_end_that_nothing_leads_to(running: Running, event_id: str, subject: str) -> None:
    """As a worker of former times may have done that then lost its state."""
    settings = load_settings(CommonSettings, data_dir=Path(running.environment["PASSERELLE_DATA_DIR"]))
    settings = settings.model_copy(update={"kafka": running.kafka})
    end = ToldEnd(
        whose=subject,
        opening="fact-1",
        cause="fact-2",
        mode="remote",
        via="/bridge/jitsi/main/hall",
        start=0,
        end=1000,
        reason="room_closed",
        recorded=1000,
        words=NO_WORDS,
    )
    async with new_producer(settings, client_id="test") as producer:
        await producer.send_and_wait(TIMELINE.name, write_end(event_id, end), key=event_id.encode())


async def test_an_event_that_does_not_exist_is_named(passerelle: tuple[Running, str]) -> None:
    running, _ = passerelle
    for command in (["timeline", "evt_x"], ["replay", "evt_x"], ["rebuild", "evt_x", "--check"]):
        code, out, said = await _passerelle(running, *command)
        assert (code, out) == (1, "")
        assert "evt_x" in said
        assert len(said.strip().splitlines()) == 1


async def test_a_wrong_option_is_named(passerelle: tuple[Running, str]) -> None:
    running, _ = passerelle
    for option, value in (("--from", "yesterday"), ("--to", "2026-11-20T08:00:00"), ("--speed", "0")):
        code, _, said = await _passerelle(running, "replay", "evt_x", option, value)
        assert code == 2
        assert option in said


async def test_a_webhook_that_cannot_be_read_is_kept_aside_and_shown(passerelle: tuple[Running, str]) -> None:
    running, token = passerelle
    body = b'{"event_name": "muc-occupant-joined", "room_name": "hall"}'
    async with Client(running.address, token) as client:
        source = {"platform": "jitsi", "name": "commands", "webhook_token": "a-secret-of-the-test"}
        await client.api("POST", "/api/v1/sources", source)
        headers = {"Authorization": "Bearer a-secret-of-the-test", "Content-Type": "application/json"}
        with pytest.raises(UnexpectedAnswerError) as caught:
            await client.webhook("/webhooks/jitsi/commands/events/occupant/joined", body, lambda _: headers)
    assert caught.value.status == aiohttp.web.HTTPBadRequest.status_code
    line = ""
    async with asyncio.timeout(90):
        while not line:
            _, out, _ = await _passerelle(running, "dead-letters", "list")
            line = next((row for row in out.splitlines() if "/webhooks/jitsi/commands" in row), "")
    assert "occupant" in line or "room_jid" in line, "the reason names what is wrong"
    letter_id = line.split()[0].strip("│┃ ")
    code, out, _ = await _passerelle(running, "dead-letters", "show", letter_id)
    assert (code, out.strip()) == (0, body.decode())
    code, _, said = await _passerelle(running, "dead-letters", "redrive", letter_id)
    assert code == 1
    assert "could not be read again" in said
    assert "room_jid" in said


async def _passerelle(running: Running, *arguments: str) -> tuple[int, str, str]:
    """Run the command on the data of the running Passerelle: its exit code, what it wrote and what it said."""
    settings = {"PASSERELLE_DATA_DIR": running.environment["PASSERELLE_DATA_DIR"], "COLUMNS": "250"}
    finished = await passerelle(*arguments, settings=settings)
    return finished.code, finished.out, finished.said
