"""`passerelle rebuild`: what is told of an event, against what its log leads to."""

# ruff: noqa: PLC0415  (it loads what it needs, when it is called)

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.chassis.command import DataDir, fail, run_command, settings_beside
from services.chassis.errors import OperatorError

if TYPE_CHECKING:
    from services.attendance.application.rebuild import Difference
    from services.attendance.stream.rebuild_check import Verdict

commands = typer.Typer()

_INTERRUPTED: Final = 130
_LONGEST_CELL: Final = 60
_MOST_ROWS: Final = 100

EventId = Annotated[str | None, typer.Argument(metavar="EVENT", help="The id of the event: evt_…")]


class Format(StrEnum):
    """How differences are written."""

    TABLE = "table"
    NDJSON = "ndjson"


@commands.command()
def rebuild(
    event: EventId = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All events, in place of one.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare, and change nothing.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How differences are written.")] = Format.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Compute an event anew from the log, and compare that with what is told of it.

    Everybody's presence, and each entry of the timeline, on the topics and in the read model.

    Ends with 0 if all agree, with 1 if anything differs.
    """
    if not check:
        message = (
            "give --check to compare. Nothing has to be rebuilt by hand: the worker follows the log, and the read "
            "model follows the worker; one that is deleted is made anew at the next start"
        )
        raise typer.BadParameter(message)
    if everything == (event is not None):
        message = "name an event, or give --all"
        raise typer.BadParameter(message)
    raise typer.Exit(_check_all(form, data_dir) if event is None else _check(event, form, data_dir))


def _check(event: str, form: Format, data_dir: Path | None) -> int:
    from rich.console import Console

    from services.attendance.bootstrap import check_rebuild
    from services.attendance.settings import AttendanceSettings
    from services.chassis.progress import bar

    settings = settings_beside(data_dir, AttendanceSettings)
    with bar("Reading", console=Console(stderr=True)) as tell:
        verdict = run_command(
            lambda: check_rebuild(settings, event, tell=lambda what, done, total: tell(done, total, what))
        )
    if verdict is None:
        return _INTERRUPTED
    if not verdict.facts and not verdict.differences:
        fail(OperatorError(f"The log has no fact of {event}."), code=1)
    _write_differences(event, verdict.differences, form)
    typer.echo(_judged(verdict), err=True)
    return 1 if verdict.differences else 0


def _check_all(form: Format, data_dir: Path | None) -> int:
    """An event whose presences agree is not looked at any further."""
    from rich.console import Console

    from services.attendance.bootstrap import check_everything
    from services.attendance.settings import AttendanceSettings
    from services.chassis.progress import bar

    settings = settings_beside(data_dir, AttendanceSettings)
    with bar("Reading", console=Console(stderr=True)) as tell:
        verdicts = run_command(lambda: check_everything(settings, tell=lambda what, done, of: tell(done, of, what)))
    if verdicts is None:
        return _INTERRUPTED
    differing = {event: verdict for event, verdict in verdicts.items() if verdict is not None and verdict.differences}
    for event, verdict in differing.items():
        _write_differences(event, verdict.differences, form)
        typer.echo(f"{event}: {_judged(verdict)}", err=True)
    judged = (
        f"{len(differing)} of {len(verdicts)} events differ." if differing else f"All {len(verdicts)} events agree."
    )
    typer.echo(judged, err=True)
    return 1 if differing else 0


def _write_differences(event: str, differences: "Sequence[Difference]", form: Format) -> None:
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
            typer.echo(json.dumps({**document, "log": one.by_log, "found": one.found}, ensure_ascii=False))
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


def _judged(verdict: "Verdict") -> str:
    about = f"{verdict.facts} facts, {verdict.people} people"
    if not verdict.differences:
        return f"The log, the topics and the read model agree: {about}."
    places = sorted({one.place for one in verdict.differences})
    count = len(verdict.differences)
    found = f"{count} difference{'s' if count > 1 else ''} from the log ({about}), in the {' and the '.join(places)}."
    if verdict.lag:
        waiting = f"{verdict.lag.worker} facts wait for the worker, {verdict.lag.read_model} records for the read model"
        return f"{found} {waiting}: they may agree once it has caught up."
    if verdict.moving:
        return f"{found} Facts kept coming in meanwhile: check again when it is quieter."
    return found
