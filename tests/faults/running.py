"""Everything, as `passerelle up` runs it, to be hurt: with a client of its API and a reader of its topics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from deploy.local.demo.client import Client
from deploy.local.demo.colloquium import colloquium
from deploy.local.demo.play import Play
from deploy.local.up import Running, everything
from services.chassis.access import Role
from services.chassis.settings import CommonSettings, load_settings
from services.registration.bootstrap import create_token
from services.registration.settings import RegistrationSettings
from tests.fakes.attendance_worker import Log, log_of
from tests.fakes.programs import without_preference

_OPENS_AT: Final = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
_SHORTEST_PLAY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passerelle:
    """A running one, and its folder."""

    running: Running
    folder: Path
    client: Client
    log: Log


@asynccontextmanager
async def passerelle(folder: Path) -> AsyncIterator[Passerelle]:
    """Run everything on its own Kafka, or on that of `PASSERELLE_KAFKA`; all is gone at the end."""
    settings = load_settings(CommonSettings, data_dir=folder)
    without_preference(folder)
    async with everything(settings, port=0, console=Console(quiet=True)) as running:
        token = await create_token(load_settings(RegistrationSettings, data_dir=folder), role=Role.ORGANIZER)
        async with Client(running.address, token, patience=180) as client:
            log = log_of(running.kafka, folder)
            yield Passerelle(running=running, folder=folder, client=client, log=log)


async def prepared_play(client: Client, *, participants: int) -> Play:
    """A small colloquium, registered through HTTP and ready to be played: check-ins, webhooks, links."""
    play = Play(scenario=colloquium(participants=participants), client=client, opens_at=_OPENS_AT)
    await play.prepare()
    return play


async def perform(play: Play, *, seconds: float) -> None:
    """Play the day in about so many seconds."""
    await play.perform(speed=play.scenario.acts[-1].send / max(seconds, _SHORTEST_PLAY_SECONDS))
