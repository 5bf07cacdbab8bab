"""`passerelle retention`: delete what was kept for as long as its purpose asks, or say what would go."""

# ruff: noqa: PLC0415  (it loads what it needs, when it is called)

import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.chassis.command import DataDir, run_command, settings_beside
from services.chassis.errors import OperatorError

if TYPE_CHECKING:
    from services.chassis.retention import Line, Progress, Retention
    from services.chassis.scrubbing import Scrubbing
    from services.chassis.settings import CommonSettings

commands = typer.Typer()

_TELL_SECONDS: Final = 2.0
_SQLITE: Final = "sqlite+aiosqlite:///"


@commands.command()
def retention(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and delete nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete what was kept for as long as its purpose asks; the services do so by themselves, every night.

    It says how many rows went for each purpose, and from when the oldest was counted. Killed in the middle, it finds
    what is left when it is called again. It ends with 0, with 1 if another run is under way or a database is away, and
    with 2 for wrong settings.
    """
    from services.registration.settings import RegistrationSettings
    from services.streaming_bridge.settings import BridgeSettings

    registration = settings_beside(data_dir, RegistrationSettings)
    bridge = settings_beside(data_dir, BridgeSettings)

    async def applied() -> "list[tuple[str, Sequence[Line]]]":
        from services.registration.bootstrap import assembled
        from services.streaming_bridge.bootstrap import built

        @asynccontextmanager
        async def of_registration() -> "AsyncIterator[tuple[Retention, Scrubbing]]":
            async with assembled(registration) as parts:
                yield parts.use_cases.retention.retention, parts.scrubbing

        @asynccontextmanager
        async def of_the_bridge() -> "AsyncIterator[tuple[Retention, Scrubbing]]":
            async with built(bridge) as parts:
                yield parts.retention.retention, parts.scrubbing

        done: list[tuple[str, Sequence[Line]]] = []
        for settings, opened in ((registration, of_registration), (bridge, of_the_bridge)):
            if _is_here(settings):
                with _trouble_in_one_line(settings.service):
                    async with opened() as (one, scrubbing):
                        done.append((settings.service, await _apply(one, scrubbing, dry_run=dry_run, quiet=as_json)))
        return done

    done = run_command(applied)
    if done is None:
        raise typer.Exit(130)
    if as_json:
        typer.echo(json.dumps(_document(done, dry_run=dry_run), indent=2))
    else:
        _show(done, dry_run=dry_run)


async def _apply(one: "Retention", scrubbing: "Scrubbing", *, dry_run: bool, quiet: bool) -> "Sequence[Line]":
    if dry_run:
        return await one.preview()
    lines = await one.run() if quiet else await one.run(progress=_teller())
    await scrubbing.scrub_owed()
    return lines


@contextmanager
def _trouble_in_one_line(service: str) -> "Iterator[None]":
    from sqlalchemy.exc import SQLAlchemyError

    from services.chassis.database import is_away
    from services.chassis.retention_ledger import RetentionTakenOverError, RetentionUnderWayError

    try:
        yield
    except (RetentionUnderWayError, RetentionTakenOverError):
        message = "Retention is being applied by another process, or by one that was killed: try again in a minute."
        raise OperatorError(message) from None
    except (SQLAlchemyError, OSError) as error:
        if not is_away(error):
            raise
        message = (
            f"The database of {service} does not answer. What is deleted is deleted; call this again for the rest."
        )
        raise OperatorError(message) from None


def _is_here(settings: "CommonSettings") -> bool:
    """Whether the service has a database: in a deployment, each machine may know one of them alone."""
    url = str(getattr(settings, f"{settings.service}_database"))
    return not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).exists()


def _teller() -> "Progress":
    """Says every two seconds how far it is, to a person at a terminal."""
    told = time.monotonic()

    def tell(line: "Line") -> None:
        nonlocal told
        if sys.stderr.isatty() and time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            typer.echo(f"{line.rule.purpose}: {line.rows} {line.kind} so far", err=True)

    return tell


def _document(done: "Sequence[tuple[str, Sequence[Line]]]", *, dry_run: bool) -> dict[str, object]:
    from schemas.envelope import format_instant

    lines = [
        {
            "service": service,
            "purpose": line.rule.purpose,
            "kind": line.kind,
            "kept_for": str(line.rule.period),
            "counted_from": line.rule.counted_from,
            "before": format_instant(line.before),
            "rows": line.rows,
            "oldest": None if line.oldest is None else format_instant(line.oldest),
        }
        for service, found in done
        for line in found
    ]
    return {"dry_run": dry_run, "rows": sum(line.rows for _, found in done for line in found), "lines": lines}


def _show(done: "Sequence[tuple[str, Sequence[Line]]]", *, dry_run: bool) -> None:
    """Each purpose with what there is of it; into a file or a pipe, a line each, its columns separated by tabs."""
    from rich.console import Console
    from rich.table import Column, Table

    names = ("service", "purpose", "kept for", "counted from", "what", "rows", "oldest")
    rows = [
        (
            service,
            line.rule.purpose,
            str(line.rule.period),
            line.rule.counted_from.replace("_", " "),
            line.kind,
            str(line.rows),
            "" if line.oldest is None else f"{line.oldest:%Y-%m-%d}",
        )
        for service, found in done
        for line in found
    ]
    if not sys.stdout.isatty():
        for row in (names, *rows):
            typer.echo("\t".join(row))
        return
    total = sum(line.rows for _, found in done for line in found)
    caption = f"{total} rows would be deleted; nothing was." if dry_run else f"{total} rows deleted."
    table = Table(*(Column(name, justify="right" if name == "rows" else "left") for name in names), caption=caption)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
