"""`passerelle dead-letters`: see what is kept aside, and send it back."""

# ruff: noqa: PLC0415  (each command loads what it needs, when it is called)

import sys
from typing import Annotated

import typer

from services.chassis.command import DataDir, run_command, use_running

commands = typer.Typer(help="What could not be read or did not fit.", no_args_is_help=True)

LetterId = Annotated[str, typer.Argument(metavar="ID", help="As `passerelle dead-letters list` shows it.")]


@commands.command("list")
def list_dead_letters(data_dir: DataDir = None) -> None:
    """List what is kept aside: when, by which service, where it came from and why."""
    from rich.console import Console
    from rich.table import Table

    from services.chassis.dead_letter_log import place, read_all

    settings = use_running(data_dir)
    kept = run_command(lambda: read_all(settings)) or []
    table = Table("id", "time", "service", "from", "reason", caption=f"{len(kept)} kept")
    for item in kept:
        letter = item.letter
        table.add_row(item.id, letter.time.isoformat(), letter.service, place(letter), letter.reason)
    Console().print(table)


@commands.command("show")
def show_dead_letter(letter_id: LetterId, data_dir: DataDir = None) -> None:
    """Print the content of one, whole (a webhook's body is unsealed: it may name people)."""
    from services.chassis.dead_letter_log import read_one
    from services.chassis.dead_letters import PURPOSE
    from services.chassis.secrets import SecretBox

    settings = use_running(data_dir)
    kept = run_command(lambda: read_one(settings, letter_id))
    if kept:
        box = SecretBox.derive(settings.secret, purpose=PURPOSE)
        sys.stdout.buffer.write((kept.letter.open(box) or b"") + b"\n")


@commands.command("redrive")
def redrive_dead_letter(letter_id: LetterId, data_dir: DataDir = None) -> None:
    """Send one back to where it came from, after a fix. Twice is harmless: facts count once."""
    from services.chassis.dead_letter_log import read_one, redrive

    settings = use_running(data_dir)

    async def again() -> str:
        return await redrive(settings, await read_one(settings, letter_id))

    typer.echo(f"{letter_id} is on {run_command(again)} again.")
