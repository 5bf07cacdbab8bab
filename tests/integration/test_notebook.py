"""The example notebook, run as a script: over an archive, and over what analysts are told."""

import asyncio
import sys
from pathlib import Path

import pytest

from schemas.registration import EventStatus
from services.attendance.adapters.tables import MIGRATIONS
from tests.architecture.house import ROOT
from tests.databases import NewDatabase
from tests.fakes.attendance_facts import colloquium, small_event
from tests.fakes.attendance_web import ANALYST, attending
from tests.integration.attendance_commands import command, produce

EVENT = "evt_" + "a" * 32
PICTURES = {"presence.png", "retention.png", "durations.png", "arrivals.png", "switches.png"}


async def drawn(folder: Path, *arguments: str) -> tuple[int | None, set[str], str]:
    """The exit code, which pictures there are, and what was said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "docs/notebooks/attendance.py"),
        *arguments,
        "--pictures",
        str(folder),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 240)
    found = {file.name for file in folder.glob("*") if file.stat().st_size} if folder.exists() else set()
    return process.returncode, found, said.decode()


async def test_an_archive_is_drawn(kafka: str, tmp_path: Path) -> None:
    facts = small_event("evt_notebook_archive")
    facts.event(EventStatus.CLOSED, minutes=500)
    await produce(kafka, tmp_path, facts.written)
    archive = str(tmp_path / "archive")
    assert (await command(kafka, tmp_path, "archive", facts.event_id, "-o", archive))[0] == 0
    assert await drawn(tmp_path / "pictures", "--archive", archive) == (0, PICTURES, "")


async def test_what_analysts_are_told_is_drawn(new_database: NewDatabase, tmp_path: Path) -> None:
    async with attending(await new_database(MIGRATIONS)) as service:
        facts = colloquium(EVENT, people=40)
        facts.event(EventStatus.CLOSED, minutes=500)
        await service.store(facts.written)
        asked = ("--server", service.url, "--token", ANALYST, "--event", EVENT)
        assert await drawn(tmp_path / "pictures", *asked) == (0, PICTURES, "")


@pytest.mark.parametrize(
    "arguments, reason", [((), "Say what to read"), (("--archive", "nowhere"), "nowhere: there is no archive")]
)
async def test_nothing_to_read_is_told_in_one_line(arguments: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    code, found, said = await drawn(tmp_path / "pictures", *arguments)
    assert (code, found) == (1, set())
    assert said.startswith(reason)
    assert said.count("\n") == 1
