"""`passerelle replay`: the facts of an event once more, on a terminal, into a file or into a topic."""

# ruff: noqa: PLC0415  (each command loads what it needs, when it is called)

import json
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from services.chassis.command import (
    DataDir,
    EventId,
    fail,
    instant_option,
    kept_settings,
    known_instant,
    run_command,
)
from services.chassis.errors import OperatorError

if TYPE_CHECKING:
    from rich.console import Console

    from schemas.decode import KnownFact
    from services.attendance.application.replaying import WhatIf
    from services.attendance.settings import AttendanceSettings
    from services.attendance.stream.event_log import EventLog

commands = typer.Typer()

_INTERRUPTED: Final = 130
_TELL_EVERY: Final = 500
_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600}


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


def _duration(text: str) -> int:
    """Seconds: 900, 900s, 15m or 1h."""
    read = re.fullmatch(r"(\d{1,9})([smh]?)", text)
    if read is None:
        message = "is not a duration such as 900, 15m or 1h"
        raise typer.BadParameter(message)
    return int(read[1]) * _UNITS[read[2]]


def _source(text: str) -> str:
    if not text.strip():
        message = "names no source"
        raise typer.BadParameter(message)
    return text


@commands.command()
def replay(  # noqa: PLR0913  (each is an option of the command)
    event: EventId,
    speed: Annotated[
        float, typer.Option(parser=_speed, metavar="X|max", help="How many times as fast as it happened.")
    ] = 60,
    from_: Annotated[
        datetime | None,
        typer.Option(
            "--from", parser=instant_option, metavar="T", help="Begin at this instant, such as 2026-11-20T09:00:00Z."
        ),
    ] = None,
    to: Annotated[
        datetime | None, typer.Option("--to", parser=instant_option, metavar="T", help="End at this instant.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", parser=known_instant, metavar="T", help="Play what was known at this instant."),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Play into this Kafka topic of your own; it is made if it is missing."),
    ] = None,
    *,
    presence: Annotated[
        bool, typer.Option("--presence", help="Write no facts, but the presence they lead to: a line a person.")
    ] = False,
    grace: Annotated[
        int | None,
        typer.Option(parser=_duration, metavar="SECONDS|15m", help="What if the event had this grace at its end?"),
    ] = None,
    reconnect_grace: Annotated[
        int | None,
        typer.Option(parser=_duration, metavar="SECONDS|2m", help="What if gaps up to this were bridged in reports?"),
    ] = None,
    ignore_source: Annotated[
        list[str] | None,
        typer.Option(
            parser=_source, metavar="SOURCE", help="What if this source had said nothing? May be given again."
        ),
    ] = None,
    archive: Annotated[
        str | None,
        typer.Option(metavar="DIR|s3://…", help="Read this archive, and from Kafka only what it does not hold."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Play the facts of an event again, in the order they happened, a JSON document a line.

    The same log and the same options give the same bytes.

    --grace, --reconnect-grace and --ignore-source play what might have been: each line says so under `whatif`.

    With --presence, what was recorded stands beside it.
    """
    from rich.console import Console

    from services.attendance.application.replaying import WhatIf, in_event_time

    if topic is not None:
        _refuse_ours(topic)
    if presence and (topic is not None or from_ is not None):
        fail(
            OperatorError("--presence goes with neither --topic nor --from: it needs all facts from the first."), code=2
        )
    if from_ is not None and to is not None and from_ > to:
        message = "lies after --to"
        raise typer.BadParameter(message, param_hint="--from")
    settings = _settings(data_dir, needed=archive is None or topic is not None)
    what_if = WhatIf(
        grace_seconds=grace, reconnect_grace_seconds=reconnect_grace, ignored_sources=frozenset(ignore_source or ())
    )
    console = Console(stderr=True)
    whole = in_event_time(_read(settings, event, archive, console).facts)
    _check_sources(whole, what_if, event)
    recorded = in_event_time(whole, from_=from_, to=to, as_of=as_of)
    facts = list(what_if.of(recorded))
    if not facts:
        fail(OperatorError(f"The log has no fact of {event} that fits."), code=1)
    if what_if:
        console.print(f"[bold]What if:[/bold] {what_if}. This is not what happened.", highlight=False, soft_wrap=True)
    if presence:
        _write_presence(event, facts, recorded, what_if, console)
    elif topic is not None and settings is not None:
        _play_into(settings, topic, facts, speed=speed, what_if=what_if, console=console)
    else:
        _play_out(facts, speed=speed, what_if=what_if, console=console)


def _play_out(facts: "Sequence[KnownFact]", *, speed: float, what_if: "WhatIf", console: "Console") -> None:
    """Write each fact when its time has come; without an event loop, as a slow reader may hold it up for long."""
    from services.attendance.application.replaying import due
    from services.chassis.progress import bar

    out = sys.stdout.buffer
    began = time.monotonic()
    # On one terminal, the facts themselves are the progress.
    with _ended_by_signals(), bar("Playing", console=console, shown=not sys.stdout.isatty()) as tell:
        for number, (seconds, fact) in enumerate(due(facts, speed=speed), start=1):
            wait = began + seconds - time.monotonic()
            if wait > 0:
                out.flush()
                tell(number - 1, len(facts), f"next at {fact.time:%Y-%m-%d %H:%M:%S} UTC")
                time.sleep(wait)
            out.write(what_if.line(fact))
            if number % _TELL_EVERY == 0:
                tell(number, len(facts), f"{fact.time:%Y-%m-%d %H:%M:%S} UTC")
        out.flush()


def _play_into(
    settings: "AttendanceSettings",
    topic: str,
    facts: "Sequence[KnownFact]",
    *,
    speed: float,
    what_if: "WhatIf",
    console: "Console",
) -> None:
    from services.attendance.stream.replay_topic import play_into
    from services.chassis.progress import bar

    with bar("Playing", console=console) as tell:
        count = 0

        def played(fact: "KnownFact") -> None:
            nonlocal count
            count += 1
            if count % _TELL_EVERY == 0 or speed != float("inf"):
                tell(count, len(facts), f"{fact.time:%Y-%m-%d %H:%M:%S} UTC")

        async def play() -> bool:
            await play_into(settings, topic, facts, speed=speed, what_if=what_if, played=played)
            return True

        ended = run_command(play)
    if not ended:
        raise typer.Exit(_INTERRUPTED)
    typer.echo(f"{len(facts)} facts are in the topic {topic}", err=True)


def _write_presence(
    event: str,
    facts: "Sequence[KnownFact]",
    recorded: "Sequence[KnownFact]",
    what_if: "WhatIf",
    console: "Console",
) -> None:
    from services.attendance.application.replayed_presence import differing, hours, lines, outcome

    played = outcome(event, facts)
    beside = outcome(event, recorded) if what_if else None
    for line in lines(played, what_if=what_if, recorded=beside):
        sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    sys.stdout.buffer.flush()
    rows = {"recorded": beside or played, **({"what if": played} if beside else {})}
    console.print(hours(rows))
    if beside is not None:
        console.print(f"{differing(played, beside)} of {len(played.people)} people differ.", highlight=False)


def _refuse_ours(topic: str) -> None:
    from services.attendance.stream.replay_topic import UnfitTopicError, check_topic

    try:
        check_topic(topic)
    except UnfitTopicError as error:
        raise typer.BadParameter(str(error), param_hint="--topic") from None


def _check_sources(facts: "Sequence[KnownFact]", what_if: "WhatIf", event: str) -> None:
    """A source with a typing error in it would be a what-if that changes nothing."""
    sources = sorted({fact.source for fact in facts})
    if facts and (unknown := sorted(what_if.ignored_sources.difference(sources))):
        fail(OperatorError(f"No fact of {event} is by {unknown[0]}; its sources are {', '.join(sources)}."), code=1)


def _settings(data_dir: Path | None, *, needed: bool) -> "AttendanceSettings | None":
    """Those of the Passerelle that is kept; an archive can be read without one."""
    from services.attendance.settings import AttendanceSettings
    from services.chassis.logging import configure_logging
    from services.chassis.settings import NothingKeptError, SettingsError

    try:
        return kept_settings(data_dir, AttendanceSettings)
    except SettingsError as error:
        if needed or not isinstance(error, NothingKeptError):
            fail(error, code=2)
    configure_logging(AttendanceSettings(log_level="error"), service="command_line")
    return None


def _read(settings: "AttendanceSettings | None", event: str, archive: str | None, console: "Console") -> "EventLog":
    """Everything that is known of an event; ends the command if that is nothing, or if it is interrupted."""
    from services.attendance.rebuilding import known_of
    from services.chassis.progress import bar

    with bar("Reading the log", console=console) as tell:
        read = run_command(
            lambda: known_of(
                settings,
                event,
                archive=archive,
                alone=lambda error: typer.echo(f"{error}: this is what the archive holds.", err=True),
                progress=lambda done, total: tell(done, total, "records"),
            )
        )
    if read is None:
        raise typer.Exit(_INTERRUPTED)
    if not read.facts:
        fail(OperatorError(f"The log has no fact of {event}."), code=1)
    if read.unfit:
        typer.echo(f"{read.unfit} records are left out: see `passerelle dead-letters list`", err=True)
    return read


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the command in silence, with what was written so far."""
    before = {number: signal.signal(number, _end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _frame: object) -> NoReturn:
    raise typer.Exit(128 + number)
