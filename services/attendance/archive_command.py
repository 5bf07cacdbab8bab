"""`passerelle archive`: the facts of events as Parquet files that outlive Kafka's log, and whether they are whole."""

# ruff: noqa: PLC0415  (each command loads what it needs, when it is called)

from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.chassis.command import DataDir, event_id, fail, run_command, settings_beside
from services.chassis.errors import OperatorError

if TYPE_CHECKING:
    from services.attendance.application.archive import Archive
    from services.attendance.settings import AttendanceSettings
    from services.attendance.stream.archiving import Archived, Tell

commands = typer.Typer()

_INTERRUPTED: Final = 130


@commands.command()
def archive(
    event: Annotated[
        str | None, typer.Argument(metavar="EVENT", parser=event_id, help="The id of the event: evt_…")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All events, in place of one.")] = False,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="DIR|s3://…", help="The archive that is written to.")
    ] = None,
    check: Annotated[
        str | None, typer.Option("--check", metavar="DIR|s3://…", help="Read a whole archive, and change nothing.")
    ] = None,
    restore: Annotated[
        str | None,
        typer.Option(
            "--restore", metavar="DIR|s3://…", help="Put facts that Kafka no longer has back on their topics."
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Add what came since to an archive: every fact to the byte, and the presence they lead to, as Parquet files.

    It holds random ids and no personal data. Whoever kills it leaves the archive as it was.

    One event's damaged files are written anew while Kafka still has their facts. --check names all that are damaged,
    missing, or not of the archive, and ends with 1 if there are any. --restore writes nothing twice, however often it
    is called.

    With PASSERELLE_ARCHIVE and PASSERELLE_KEEP_FACTS_DAYS, --all has Kafka let go of what is older, once it is there.
    """
    if check is not None:
        if event is not None or everything or output is not None or restore is not None:
            message = "--check reads a whole archive: give it alone"
            raise typer.BadParameter(message)
        raise typer.Exit(_check(check))
    if everything == (event is not None) or (output is not None and restore is not None):
        message = "name an event, or give --all; say with -o or with --restore where the archive is"
        raise typer.BadParameter(message)
    if restore is not None:
        raise typer.Exit(_restore(event, restore, data_dir))
    raise typer.Exit(_write(event, output, data_dir))


def _restore(event: str | None, address: str, data_dir: Path | None) -> int:
    from rich.console import Console

    from services.attendance.settings import AttendanceSettings
    from services.attendance.stream.restoring import restore
    from services.chassis.progress import bar

    settings, archive = settings_beside(data_dir, AttendanceSettings), open_archive(address)
    with bar("Restoring", console=Console(stderr=True)) as tell:
        done = run_command(
            lambda: restore(settings, archive, event, tell=lambda what, count, of: tell(count, of, what))
        )
    if done is None:
        return _INTERRUPTED
    typer.echo(f"{done.facts} facts of {done.events} events are back on their topics", err=True)
    return 0


def _write(event: str | None, output: str | None, data_dir: Path | None) -> int:
    from rich.console import Console

    from services.attendance.settings import AttendanceSettings
    from services.chassis.progress import bar

    settings = settings_beside(data_dir, AttendanceSettings)
    address = output or settings.archive
    if address is None:
        message = "say with -o, or with PASSERELLE_ARCHIVE, where the archive is"
        raise typer.BadParameter(message)
    archive = open_archive(address)
    try:
        with archive.store.alone(), bar("Archiving", console=Console(stderr=True)) as tell:
            done = run_command(
                lambda: _archived(
                    settings,
                    archive,
                    event,
                    lambda what, count, of: tell(count, of, what),
                    is_the_kept_one=address == settings.archive,
                )
            )
    except OperatorError as error:
        fail(error, code=1)
    if done is None:
        return _INTERRUPTED
    if event is not None and not done.known:
        fail(OperatorError(f"The log has no fact of {event}."), code=1)
    return _told(done, archive)


async def _archived(
    settings: "AttendanceSettings", archive: "Archive", event: str | None, tell: "Tell", *, is_the_kept_one: bool
) -> "Archived":
    from services.attendance.stream.archiving import archive_all, archive_event
    from services.attendance.stream.letting_go import let_go
    from services.chassis.clock import system_clock

    by, now = f"passerelle {version('passerelle')}", system_clock()
    if event is not None:
        return await archive_event(settings, archive, event, now=now, by=by, tell=tell)
    done = await archive_all(settings, archive, now=now, by=by, tell=tell)
    if settings.keep_facts_days is not None and is_the_kept_one and not done.troubles:
        before = now - timedelta(days=settings.keep_facts_days)
        done.let_go = await let_go(settings, archive, before=before, tell=tell)
    return done


def _told(done: "Archived", archive: "Archive") -> int:
    for path in done.repaired:
        typer.echo(f"{path} was damaged or missing: it is written anew from Kafka.", err=True)
    for gap in done.gaps:
        typer.echo(
            f"Kafka had deleted offsets {gap.begin} to {gap.end - 1} of {gap.topic}, partition {gap.partition}, before "
            "they were archived: what they said is lost, unless another archive has it.",
            err=True,
        )
    for trouble in done.troubles:
        typer.echo(
            f"{archive.address}/{trouble.path} is {trouble.what}, and Kafka no longer has all its facts: restore the "
            f"file from a backup. Of {trouble.event_id} nothing was changed.",
            err=True,
        )
    events = "1 event" if done.events == 1 else f"{done.events} events"
    typer.echo(f"{done.facts} records of {events} are new in {archive.address}", err=True)
    if done.let_go:
        typer.echo(f"Kafka let go of {done.let_go} records that are old and in the archive", err=True)
    return 1 if done.troubles else 0


def _check(address: str) -> int:
    from rich.console import Console

    from services.chassis.progress import bar

    archive = open_archive(address)
    try:
        with bar("Checking", console=Console(stderr=True)) as tell:
            troubles = archive.check(tell=lambda done, total: tell(done, total, "files"))
    except OperatorError as error:
        fail(error, code=1)
    for trouble in troubles:
        about = "" if trouble.event_id is None else f"\t{trouble.event_id}"
        typer.echo(f"{trouble.what}\t{trouble.path}{about}")
    if not troubles:
        typer.echo(f"All files of {archive.address} are what was written.", err=True)
        return 0
    typer.echo(
        f"Files that are not as they should be: {len(troubles)}. To have an event's written anew, while Kafka has its "
        f"facts: passerelle archive EVENT -o {archive.address}",
        err=True,
    )
    return 1


def open_archive(address: str) -> "Archive":
    """The archive at an address, which need not be there yet; an address that leads nowhere ends the command."""
    from services.attendance.rebuilding import archive_at

    try:
        return archive_at(address)
    except OperatorError as error:
        fail(error, code=2)
