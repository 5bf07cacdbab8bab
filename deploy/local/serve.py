"""What `passerelle up` and `passerelle demo` do, and what they say meanwhile."""

import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.table import Table

from deploy.local.entrance import Entrance
from deploy.local.up import Running, everything
from services.chassis.settings import CommonSettings

if TYPE_CHECKING:
    from deploy.local.demo.compare import Comparison
    from deploy.local.lan import Lan

_DOORS_OPEN = time(8, 30)
_ZONE = ZoneInfo("Europe/Paris")


async def serve(settings: CommonSettings, *, port: int, lan: "Lan | None" = None) -> None:
    """Start everything, print the address, and run until stopped; with `lan`, print how telephones open a desk too."""
    console = Console(stderr=True)
    async with _started(settings, port=port, console=console, lan=lan) as running:
        _announce(console, running, await Entrance(settings=settings, running=running).sign_in_path())
        if lan is not None:
            _announce_desk(console, lan)
        await running.supervisor.wait()


async def serve_demo(settings: CommonSettings, *, port: int, participants: int, speed: float, stay: bool) -> bool:
    """Start everything, play the colloquium, compare: whether everything agrees to the second."""
    from deploy.local.demo.client import Client  # noqa: PLC0415  (`up` does without the demo)
    from deploy.local.demo.colloquium import colloquium  # noqa: PLC0415
    from deploy.local.demo.compare import compare  # noqa: PLC0415
    from deploy.local.demo.play import Play  # noqa: PLC0415

    console = Console(stderr=True)
    scenario = colloquium(participants=participants)
    async with _started(settings, port=port, console=console) as running:
        entrance = Entrance(settings=settings, running=running)
        async with Client(running.address, await entrance.organizer_token()) as client:
            play = Play(scenario=scenario, client=client, opens_at=_yesterday_morning())
            with _progress(console) as progress:
                registering = progress.add_task("Registering", total=participants)
                event_id = await play.prepare(lambda: progress.advance(registering))
            live = f"/events/{event_id}/live"
            sign_in = await entrance.sign_in_path()
            _announce(console, running, f"{sign_in}&next={live}")
            console.print(f"[bold]Live page:[/bold] {running.address}{live}", soft_wrap=True)
            with _progress(console) as progress:
                playing = progress.add_task(f"Playing the day, {speed:g} times as fast", total=scenario.acts[-1].send)
                await play.perform(speed=speed, on_act=lambda second: progress.update(playing, completed=second))
            with console.status("Comparing what was played with what the system answers"):
                comparison = await compare(play)
        agrees = _report(console, comparison, retried=client.retried)
        if stay:
            console.print("Everything keeps running: stop it with Ctrl-C.")
            await running.supervisor.wait()
    return agrees


@asynccontextmanager
async def _started(
    settings: CommonSettings, *, port: int, console: Console, lan: "Lan | None" = None
) -> AsyncIterator[Running]:
    os.umask(0o077)  # databases and logs are for their owner alone, wherever the data directory is
    with console.status("Starting Kafka and the services") as status:
        async with everything(settings, port=port, console=console, lan=lan) as running:
            status.stop()
            yield running
            status.update("Stopping")
            status.start()


def _announce(console: Console, running: Running, sign_in_path: str) -> None:
    console.print(f"[bold]Passerelle is at:[/bold] {running.address}")
    console.print(f"[bold]Sign in (once):[/bold] {running.address}{sign_in_path}", soft_wrap=True)


def _announce_desk(console: Console, lan: "Lan") -> None:
    for title, path in (("Desks, on telephones of this network:", "desk"), ("Once on each telephone:", "telephone")):
        console.print(f"[bold]{title}[/bold] {lan.url}/{path}", soft_wrap=True)
        console.file.write(_code_of(f"{lan.url}/{path}"))
    console.print(
        "A telephone warns of the certificate until it trusts this machine; the second page says how. To accept the "
        "warning is enough for the camera; to open a desk without the network, let it be trusted.",
        soft_wrap=True,
    )
    console.print(f"The certificate's SHA-256 fingerprint: {lan.fingerprint}", soft_wrap=True)
    if lan.others:
        others = ", ".join(map(str, lan.others))
        console.print(f"This machine has other addresses (--lan-address chooses): {others}", soft_wrap=True)


def _code_of(text: str) -> str:
    import segno  # noqa: PLC0415  (only who asks for the local network waits for it)

    drawn = io.StringIO()
    segno.make_qr(text, error="l").terminal(out=drawn, compact=True)
    return drawn.getvalue()


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        console=console,
    )


def _report(console: Console, comparison: "Comparison", *, retried: int) -> bool:
    table = Table("", "in person", "remote", "both", "total", title="Hours of presence played")
    hours = [f"{comparison.seconds[mode] / 3600:.1f}" for mode in ("in_person", "remote", "both", "total")]
    table.add_row(f"{comparison.people} people, guests among them", *hours)
    console.print(table)
    if retried:
        console.print(f"{retried} requests had to be sent again before they were answered, as desks and platforms do.")
    if not comparison.differences:
        console.print(f"[bold green]Equal to the second for all {comparison.people} people.[/bold green]")
        return True
    for difference in comparison.differences[:20]:
        console.print(f"{difference.subject}: played {dict(difference.played)}, answered {difference.answered}")
    console.print(f"[bold red]{len(comparison.differences)} of {comparison.people} people differ.[/bold red]")
    return False


def _yesterday_morning() -> datetime:
    """The doors opened yesterday at 8:30 in Paris: the whole day is past, as in any replay."""
    yesterday = datetime.now(_ZONE).date() - timedelta(days=1)
    return datetime.combine(yesterday, _DOORS_OPEN, _ZONE).astimezone(UTC)
