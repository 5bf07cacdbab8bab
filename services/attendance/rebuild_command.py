"""`passerelle rebuild`: what is told of an event, against what its log leads to, and told anew where they differ."""

# ruff: noqa: PLC0415  (it loads what it needs, when it is called)

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.chassis.command import DataDir, event_id, fail, run_command, settings_beside
from services.chassis.errors import OperatorError

if TYPE_CHECKING:
    from services.attendance.stream.rebuild_check import Verdict

commands = typer.Typer()

_INTERRUPTED: Final = 130
_LONGEST_CELL: Final = 60
_MOST_ROWS: Final = 100


class Format(StrEnum):
    """How differences are written."""

    TABLE = "table"
    NDJSON = "ndjson"


@commands.command()
def rebuild(
    event: Annotated[
        str | None, typer.Argument(metavar="EVENT", parser=event_id, help="The id of the event: evt_…")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Check all events, in place of one.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare, and change nothing.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How differences are written.")] = Format.TABLE,
    archive: Annotated[
        str | None,
        typer.Option(metavar="DIR|s3://…", help="Take facts that Kafka no longer has from this archive."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Have an event told anew from the log: the worker folds it again, and the read model forgets and follows.

    With --check nothing changes: everybody's presence and each entry of the timeline, on the topics and in the read
    model, is compared with what the log leads to. It ends with 0 if all agree, with 1 if anything differs.

    With --archive the log is the archive and what came to Kafka since. A rebuild first puts the missing facts of all
    events of the partition back on their topics.
    """
    if everything == (event is not None) or (everything and not check):
        message = "name an event" if not check else "name an event, or give --all"
        raise typer.BadParameter(message)
    if not check and event is not None:
        _rebuild(event, archive, data_dir)
    else:
        raise typer.Exit(
            _check_all(form, archive, data_dir) if event is None else _check(event, form, archive, data_dir)
        )


def _rebuild(event: str, archive: str | None, data_dir: Path | None) -> None:
    from rich.console import Console

    from services.attendance.rebuilding import rebuild_event
    from services.attendance.settings import AttendanceSettings
    from services.chassis.progress import bar

    settings = settings_beside(data_dir, AttendanceSettings)
    with bar("Reading", console=Console(stderr=True)) as tell:
        asked = run_command(
            lambda: rebuild_event(
                settings, event, archive=archive, tell=lambda what, done, total: tell(done, total, what)
            )
        )
    if asked is None:
        raise typer.Exit(_INTERRUPTED)
    withdrawn = f" {asked.withdrawn} entries that no fact leads to are withdrawn." if asked.withdrawn else ""
    typer.echo(
        f"The worker folds partition {asked.partition} again, {asked.facts} facts of {event} and all others in it, and "
        f"the read model follows; if they do not run, at their next start.{withdrawn} See that it is done: "
        f"passerelle rebuild {event} --check",
        err=True,
    )


def _check(event: str, form: Format, archive: str | None, data_dir: Path | None) -> int:
    from rich.console import Console

    from services.attendance.rebuilding import check_rebuild
    from services.attendance.settings import AttendanceSettings
    from services.chassis.progress import bar

    settings = settings_beside(data_dir, AttendanceSettings)
    with bar("Reading", console=Console(stderr=True)) as tell:
        verdict = run_command(
            lambda: check_rebuild(
                settings, event, archive=archive, tell=lambda what, done, total: tell(done, total, what)
            )
        )
    if verdict is None:
        return _INTERRUPTED
    if not verdict.facts and not verdict.differences:
        fail(OperatorError(f"The log has no fact of {event}."), code=1)
    _write_differences(event, verdict, form)
    typer.echo(_judged(event, verdict), err=True)
    return 1 if verdict.differences else 0


def _check_all(form: Format, archive: str | None, data_dir: Path | None) -> int:
    """An event whose presences agree is not looked at any further."""
    from rich.console import Console

    from services.attendance.rebuilding import check_everything
    from services.attendance.settings import AttendanceSettings
    from services.chassis.progress import bar

    settings = settings_beside(data_dir, AttendanceSettings)
    with bar("Reading", console=Console(stderr=True)) as tell:
        verdicts = run_command(
            lambda: check_everything(settings, archive=archive, tell=lambda what, done, of: tell(done, of, what))
        )
    if verdicts is None:
        return _INTERRUPTED
    differing = {event: verdict for event, verdict in verdicts.items() if verdict is not None and verdict.differences}
    for event, verdict in differing.items():
        _write_differences(event, verdict, form)
        typer.echo(f"{event}: {_judged(event, verdict)}", err=True)
    judged = (
        f"{len(differing)} of {len(verdicts)} events differ." if differing else f"All {len(verdicts)} events agree."
    )
    typer.echo(judged, err=True)
    return 1 if differing else 0


def _write_differences(event: str, verdict: "Verdict", form: Format) -> None:
    differences = verdict.differences
    if form is Format.NDJSON:
        for one in differences:
            named = {
                "event_id": event,
                "place": one.place,
                "subject": one.subject,
                "fact_id": one.fact_id,
                "field": one.field,
            }
            document = {name: value for name, value in named.items() if value is not None}
            said = {**document, "log": one.by_log, "found": one.found, "remedy": verdict.remedy.value}
            typer.echo(json.dumps(said, ensure_ascii=False))
        return
    if not differences:
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("Where", "Who or what", "Field", "By the log", "Found", box=None, pad_edge=False, header_style="bold")
    for one in differences[:_MOST_ROWS]:
        table.add_row(one.place, one.subject or one.fact_id, one.field, _short(one.by_log), _short(one.found))
    # A pipe has no width: whole lines then, for grep.
    Console(width=None if sys.stdout.isatty() else 240, highlight=False, markup=False).print(table)
    if len(differences) > _MOST_ROWS:
        typer.echo(f"… and {len(differences) - _MOST_ROWS} more: --format ndjson writes them all", err=True)


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"


def _judged(event: str, verdict: "Verdict") -> str:
    about = f"{verdict.facts} facts, {verdict.people} people"
    if verdict.refused:
        about += f"; {verdict.refused} facts refused, see `passerelle dead-letters list`"
    if not verdict.differences:
        return f"The log, the topics and the read model agree: {about}."
    places = sorted({one.place for one in verdict.differences})
    count = len(verdict.differences)
    found = f"{count} difference{'s' if count > 1 else ''} from the log ({about}), in the {' and the '.join(places)}."
    return f"{found} {_advice(event, verdict)}"


def _advice(event: str, verdict: "Verdict") -> str:
    from services.attendance.stream.rebuild_check import Remedy

    if verdict.remedy is Remedy.WAIT:
        waiting = f"{verdict.lag.worker} facts wait for the worker, {verdict.lag.read_model} records for the read model"
        return f"{waiting}: see that they run, wait until they have caught up, and check again."
    if verdict.remedy is Remedy.CHECK_AGAIN:
        return "Facts kept coming in meanwhile: check again when it is quieter."
    if verdict.remedy is Remedy.RESTORE_LOG:
        return (
            f"{verdict.lost} records are gone from the log's partitions (deleted or compacted), so that it no longer "
            "tells all that happened: check against an archive (--archive), or keep what "
            "is told and restore the topics from a backup."
        )
    return f"To have it told anew from the log: passerelle rebuild {event}"
