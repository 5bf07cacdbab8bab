"""`passerelle timeline` and `passerelle export`: what attendance tells, on a terminal and to other programs."""

# ruff: noqa: PLC0415  (each command loads what it needs, when it is called)

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from schemas.envelope import format_instant
from services.attendance.delivery import written_whole
from services.chassis.command import DataDir, EventId, fail, known_instant, run_command, settings_beside
from services.chassis.errors import OperatorError

commands = typer.Typer()

AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        parser=known_instant,
        metavar="T",
        help="What was known at this instant, such as 2026-11-20T09:00:00Z.",
    ),
]


class Format(StrEnum):
    """How a timeline is written."""

    TABLE = "table"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


_BINARY: Final = {Format.XLSX.value, Format.PARQUET.value}


def _two_instants(texts: tuple[str, str]) -> tuple[datetime, datetime]:
    try:
        earlier, later = [known_instant(text) for text in texts]
    except typer.BadParameter as error:
        raise typer.BadParameter(error.message, param_hint="--diff") from None
    if later < earlier:
        message = "the second instant lies before the first"
        raise typer.BadParameter(message, param_hint="--diff")
    return earlier, later


class What(StrEnum):
    """What can be exported."""

    TIMELINE = "timeline"
    PRESENCE = "presence"
    MINUTES = "minutes"


class ExportFormat(StrEnum):
    """How it is written."""

    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    XAPI = "xapi"


@commands.command()
def export(
    event: EventId,
    what: Annotated[
        What | None, typer.Option("--what", help="Each fact, where all are and were, or how long they were.")
    ] = None,
    form: Annotated[ExportFormat, typer.Option("--format", help="How it is written.")] = ExportFormat.NDJSON,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of the terminal.")] = None,
    as_of: AsOf = None,
    data_dir: DataDir = None,
) -> None:
    """Write an event's timeline, presence or attended minutes for other programs, with random ids and no names.

    Minutes are of the whole event, each half-day and each session. xlsx and parquet go to a file or into a pipe.

    With --format xapi, in place of --what: who attended a closed event and its sessions, for how long, a statement for
    a learning record store on each line.
    """
    if form is ExportFormat.XAPI:
        _refuse_beside_xapi(what, as_of)
        written = _deliver(_writing_statements(event, data_dir), output, whole=True)
        if output is not None:
            typer.echo(f"{written} statements are in {output}", err=True)
        return
    if what is None:
        message = "say what to export: timeline, presence or minutes; or give --format xapi"
        raise typer.BadParameter(message, param_hint="--what")
    if output is None and form.value in _BINARY and sys.stdout.isatty():
        fail(OperatorError(f"{form.value} is not for a terminal: name a file with -o FILE."), code=2)
    rows = _deliver(
        _exporting(event, what, as_of=as_of, form=form, data_dir=data_dir),
        output,
        whole=output is not None or form.value in _BINARY,
    )
    if rows == 0 and as_of is not None:
        typer.echo(f"At {format_instant(as_of)} nothing was known of {event} yet.", err=True)
    if output is not None:
        typer.echo(f"{rows} rows are in {output}", err=True)


def _refuse_beside_xapi(what: What | None, as_of: datetime | None) -> None:
    if what is not None:
        message = "xapi tells who attended: leave out --what"
        raise typer.BadParameter(message, param_hint="--format")
    if as_of is not None:
        message = "a record store gets what is known now of an event that is closed: leave out --as-of"
        raise typer.BadParameter(message, param_hint="--format")


def _writing_statements(event: str, data_dir: Path | None) -> Callable[[BinaryIO], Awaitable[int]]:
    from services.attendance.application.analysis import StillOpenError
    from services.attendance.bootstrap import export_statements
    from services.attendance.settings import AttendanceSettings
    from services.chassis.settings import SettingsError

    settings = settings_beside(data_dir, AttendanceSettings)

    async def write(out: BinaryIO) -> int:
        try:
            with _in_words(event):
                return await export_statements(settings, event, out=out)
        except StillOpenError:
            raise OperatorError(f"{event} is not closed: what it would tell a record store still changes.") from None
        except SettingsError as error:
            raise OperatorError(str(error)) from None

    return write


def _exporting(
    event: str, what: What, *, as_of: datetime | None, form: ExportFormat, data_dir: Path | None
) -> Callable[[BinaryIO], Awaitable[int]]:
    if what is What.TIMELINE:
        return _writing(event, as_of=as_of, moments=None, form=Format(form.value), data_dir=data_dir)

    from services.attendance.application.timeline_export import Format as Written
    from services.attendance.bootstrap import export_minutes, export_presence
    from services.attendance.settings import AttendanceSettings

    settings = settings_beside(data_dir, AttendanceSettings)
    export_people = export_presence if what is What.PRESENCE else export_minutes

    async def write(out: BinaryIO) -> int:
        with _in_words(event):
            return await export_people(settings, event, as_of=as_of, form=Written(form.value), out=out)

    return write


@commands.command()
def timeline(
    event: EventId,
    as_of: AsOf = None,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option("--diff", metavar="T1 T2", help="Whose seconds changed from T1 to T2, and by which facts."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of the terminal.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write an event's timeline, in the order it happened; or, with --diff, what changed between two reports of it.

    xlsx and parquet are binary: they go to a file or into a pipe.
    """
    if diff is not None and as_of is not None:
        message = "--diff names both instants: leave out --as-of"
        raise typer.BadParameter(message)
    moments = None if diff is None else _two_instants(diff)
    if output is None and form in _BINARY and sys.stdout.isatty():
        fail(OperatorError(f"{form.value} is not for a terminal: name a file with -o FILE."), code=2)
    write = _writing(event, as_of=as_of, moments=moments, form=form, data_dir=data_dir)
    lines = _deliver(write, output, whole=output is not None or form in _BINARY)
    if lines == 0 and as_of is not None:
        typer.echo(f"At {format_instant(as_of)} nothing was known of {event} yet.", err=True)
    if lines == 0 and moments is not None:
        earlier, later = map(format_instant, moments)
        typer.echo(f"Nobody's seconds changed from {earlier} to {later}.", err=True)
    if output is not None:
        typer.echo(f"{lines} {'entries' if moments is None else 'changes'} are in {output}", err=True)


def _writing(
    event: str,
    *,
    as_of: datetime | None,
    moments: tuple[datetime, datetime] | None,
    form: Format,
    data_dir: Path | None,
) -> Callable[[BinaryIO], Awaitable[int]]:
    """What writes the timeline, or what changed in it, and gives the number of lines."""
    from services.attendance.application.timeline_export import Format as Written
    from services.attendance.bootstrap import export_changes, export_timeline
    from services.attendance.settings import AttendanceSettings

    settings = settings_beside(data_dir, AttendanceSettings)
    written = Written(form.value)

    async def write(out: BinaryIO) -> int:
        with _in_words(event):
            if moments is None:
                return await export_timeline(settings, event, as_of=as_of, form=written, out=out)
            earlier, later = moments
            return await export_changes(settings, event, earlier=earlier, later=later, form=written, out=out)

    return write


@contextmanager
def _in_words(event: str) -> Iterator[None]:
    """What can be wrong with the event that is asked for, in one line."""
    from services.attendance.application.reading import UnknownEventError
    from services.attendance.application.timeline_files import TooManyEntriesError

    try:
        yield
    except UnknownEventError as error:
        raise OperatorError(f"There is no event {error.event_id} in the read model.") from None
    except TooManyEntriesError as error:
        raise OperatorError(f"A sheet holds {error.most} entries, {event} has more: use parquet.") from None


def _deliver(write: Callable[[BinaryIO], Awaitable[int]], output: Path | None, *, whole: bool) -> int | None:
    """Let it write to the terminal or a file; gives the number of lines, None if that was cut short.

    With `whole` it is written before anything is replaced: what was in the file stays there if this fails.
    """
    if not whole:
        return run_command(lambda: write(sys.stdout.buffer))
    with written_whole(output) as out:
        lines = run_command(lambda: write(out))
        if lines is None:
            raise typer.Exit(1)
    return lines
