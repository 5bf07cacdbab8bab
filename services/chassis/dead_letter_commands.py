"""`passerelle dead-letters`: see what is kept aside, and send it back."""

# ruff: noqa: PLC0415  (each command loads what it needs, when it is called)

import sys
from typing import Annotated, Final

import typer

from services.chassis.command import DataDir, run_command, use_running

commands = typer.Typer(help="What could not be read or did not fit.", no_args_is_help=True)

_SHOWN: Final = "As `passerelle dead-letters list` shows it."
LetterId = Annotated[str, typer.Argument(metavar="ID", help=_SHOWN)]
LetterIds = Annotated[list[str], typer.Argument(metavar="ID…", help=_SHOWN)]


@commands.command("list")
def list_dead_letters(data_dir: DataDir = None) -> None:
    """List what is kept aside: when, by which service, where it came from, why, and when it was sent back.

    Into a file or a pipe, a line each, its columns separated by tabs.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from services.chassis.dead_letter_log import listed, read_all

    settings = use_running(data_dir)
    kept = run_command(lambda: read_all(settings)) or []
    names, *rows = listed(kept)
    if not sys.stdout.isatty():
        # A program reads whole lines, and none that are cut to the width of a screen.
        for row in (names, *rows):
            typer.echo("\t".join(row))
        return
    # Folded, not cut: the name of the wrong field is what somebody looks for.
    table = Table(*(Column(name, overflow="fold") for name in names), caption=f"{len(rows)} kept")
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)


@commands.command("show")
def show_dead_letter(letter_id: LetterId, data_dir: DataDir = None) -> None:
    """Print the content of one, whole (a webhook's body is unsealed: it may name people)."""
    from services.chassis.dead_letter_log import read_those
    from services.chassis.dead_letters import PURPOSE
    from services.chassis.secrets import SecretBox

    settings = use_running(data_dir)
    for kept in run_command(lambda: read_those(settings, [letter_id])) or ():
        box = SecretBox.derive(settings.secret, purpose=PURPOSE)
        sys.stdout.buffer.write((kept.letter.open(box) or b"") + b"\n")


@commands.command("redrive")
def redrive_dead_letters(letter_ids: LetterIds, data_dir: DataDir = None) -> None:
    """Send some back to where they came from, after a fix or an upgrade. Twice is harmless: facts count once."""
    from schemas.envelope import format_instant
    from services.chassis.clock import system_clock
    from services.chassis.dead_letter_log import Kept, read_those, redrive

    settings = use_running(data_dir)

    async def again() -> list[tuple[Kept, str]]:
        letters = await read_those(settings, list(dict.fromkeys(letter_ids)))
        return list(zip(letters, await redrive(settings, letters, clock=system_clock), strict=True))

    for kept, became in run_command(again) or ():
        before = "" if kept.redriven_at is None else f" It was already sent back at {format_instant(kept.redriven_at)}."
        typer.echo(f"{kept.id} {became}.{before}")
