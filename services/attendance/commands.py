"""`passerelle timeline`, `replay` and `rebuild`: what attendance tells on a terminal."""

# ruff: noqa: PLC0415  (each command loads what it needs, when it is called)

import json
import shutil
import sys
import tempfile
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from services.chassis.command import DataDir, fail, run_command, use_running
from services.chassis.errors import OperatorError

if TYPE_CHECKING:
    from services.attendance.settings import AttendanceSettings

commands = typer.Typer()

EventId = Annotated[str, typer.Argument(metavar="EVENT", help="The id of the event: evt_…")]


def _instant(text: str) -> datetime:
    """An instant with its offset, e.g. 2026-11-20T09:00:00Z."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        message = "is not an instant such as 2026-11-20T09:00:00Z"
        raise typer.BadParameter(message) from None
    if instant.tzinfo is None:
        message = "needs its offset, such as the Z of 2026-11-20T09:00:00Z"
        raise typer.BadParameter(message)
    return instant


def _speed(text: str) -> float:
    """How many times as fast as it happened; `max` is without waiting."""
    try:
        speed = float("inf") if text == "max" else float(text)
    except ValueError:
        speed = 0
    if not speed > 0:
        message = "is neither a number above 0 nor `max`"
        raise typer.BadParameter(message)
    return speed


AsOf = Annotated[
    datetime | None, typer.Option("--as-of", parser=_instant, metavar="T", help="What was known at this instant.")
]


class Format(StrEnum):
    """How a timeline is written."""

    TABLE = "table"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


_BINARY: Final = {Format.XLSX, Format.PARQUET}


@commands.command()
def timeline(
    event: EventId,
    as_of: AsOf = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of the terminal.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write an event's timeline, in the order it happened.

    xlsx and parquet are binary: they go to a file or into a pipe.
    """
    from services.attendance.application.reading import UnknownEventError
    from services.attendance.application.timeline_export import Format as Written
    from services.attendance.application.timeline_files import TooManyEntriesError
    from services.attendance.bootstrap import export_timeline

    if output is None and form in _BINARY and sys.stdout.isatty():
        fail(OperatorError(f"{form.value} is not for a terminal: name a file with -o FILE."), code=2)
    settings = _settings(data_dir)

    async def write(out: BinaryIO) -> int:
        try:
            return await export_timeline(settings, event, as_of=as_of, form=Written(form.value), out=out)
        except UnknownEventError as error:
            raise OperatorError(f"There is no event {error.event_id} in the read model.") from None
        except TooManyEntriesError as error:
            raise OperatorError(f"A sheet holds {error.most} entries, {event} has more: use parquet.") from None

    if output is None and form not in _BINARY:
        run_command(lambda: write(sys.stdout.buffer))
        return
    # Written whole before anything is replaced: what was in the file stays there if this fails.
    with tempfile.TemporaryFile() as whole:
        entries = run_command(lambda: write(whole))
        if entries is None:
            raise typer.Exit(1)
        whole.seek(0)
        if output is None:
            shutil.copyfileobj(whole, sys.stdout.buffer)
            return
        try:
            with output.open("wb") as out:
                shutil.copyfileobj(whole, out)
        except OSError as error:
            fail(OperatorError(f"{output} cannot be written: {error.strerror}."), code=2)
    typer.echo(f"{entries} entries are in {output}", err=True)


@commands.command()
def replay(
    event: EventId,
    speed: Annotated[
        float, typer.Option(parser=_speed, metavar="X|max", help="How many times as fast as it happened.")
    ] = 60,
    from_: Annotated[
        datetime | None, typer.Option("--from", parser=_instant, metavar="T", help="Begin at this instant.")
    ] = None,
    to: Annotated[
        datetime | None, typer.Option("--to", parser=_instant, metavar="T", help="End at this instant.")
    ] = None,
    as_of: AsOf = None,
    data_dir: DataDir = None,
) -> None:
    """Play the facts of an event again, in the order they happened, a JSON document a line."""
    from services.attendance.application.replaying import in_event_time, paced
    from services.attendance.stream.event_log import read_event

    settings = _settings(data_dir)

    async def play() -> None:
        facts = in_event_time(await read_event(settings, event), from_=from_, to=to, as_of=as_of)
        if not facts:
            raise OperatorError(f"The log has no fact of {event} that fits.")
        async for fact in paced(facts, speed=speed):
            sys.stdout.buffer.write(fact.to_bytes() + b"\n")
            sys.stdout.buffer.flush()

    run_command(play)


@commands.command()
def rebuild(
    event: EventId,
    *,
    check: Annotated[bool, typer.Option("--check", help="Compare with the read model; change nothing.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Compute the presence of an event anew from the log, and compare it with the read model; 1 if they differ."""
    from services.attendance.application.rebuild import compare_presence
    from services.attendance.bootstrap import standings_of
    from services.attendance.stream.event_log import read_event

    if not check:
        message = "the read model follows the log by itself: give --check to compare them"
        raise typer.BadParameter(message)
    settings = _settings(data_dir)

    async def compare() -> int:
        facts = await read_event(settings, event)
        if not facts:
            raise OperatorError(f"The log has no fact of {event}.")
        found = compare_presence(facts, await standings_of(settings, event))
        for one in found:
            typer.echo(json.dumps({"subject": one.subject, "log": str(one.from_log), "read": str(one.in_read_model)}))
        return len(found)

    differing = run_command(compare)
    typer.echo("The log and the read model agree." if differing == 0 else f"{differing} people differ.", err=True)
    raise typer.Exit(0 if differing == 0 else 1)


def _settings(data_dir: Path | None) -> "AttendanceSettings":
    from services.attendance.settings import AttendanceSettings
    from services.chassis.settings import load_settings

    use_running(data_dir)
    return load_settings(AttendanceSettings)
