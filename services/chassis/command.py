"""What the commands of the command line share: where settings come from, and how a command runs and fails."""

# ruff: noqa: PLC0415  (a command imports its part when it is called: `passerelle --help` must not load Kafka and SQL)

import logging
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeVar

import typer

from services.chassis.errors import OperatorError

if TYPE_CHECKING:
    from services.chassis.settings import CommonSettings, Loaded

Result = TypeVar("Result")

KAFKA_ADDRESS: Final = "kafka.address"
"""The file of a data directory in which `passerelle up` leaves the bootstrap servers of its embedded Kafka."""
KAFKA_CLUSTER: Final = "kafka.cluster"
"""The file beside it with the id of its cluster: when it is down, a stranger's Kafka may answer at its address."""

BRIDGE_ADDRESS: Final = "streaming_bridge.address"
"""The file beside it with the address of the bridge, which takes back dead letters that came with a request."""

PUBLIC_ADDRESS: Final = "public.address"
"""The file beside it with the one address that everything has there."""

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where everything is kept. [default: the user's data directory]")
]


def event_id(text: str) -> str:
    """Read the id of an event, which need not exist."""
    from pydantic import TypeAdapter, ValidationError

    from schemas.envelope import Identifier

    try:
        return TypeAdapter(Identifier).validate_python(text)
    except ValidationError:
        message = "is not the id of an event: evt_… as in the address of its page"
        raise typer.BadParameter(message) from None


EventId = Annotated[str, typer.Argument(metavar="EVENT", parser=event_id, help="The id of the event: evt_…")]


def instant_option(text: str) -> datetime:
    """Read an option that is an instant with its offset, e.g. 2026-11-20T09:00:00Z."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        message = "is not an instant such as 2026-11-20T09:00:00Z"
        raise typer.BadParameter(message) from None
    if instant.tzinfo is None:
        message = "needs its offset, such as the Z of 2026-11-20T09:00:00Z"
        raise typer.BadParameter(message)
    return instant


def known_instant(text: str) -> datetime:
    """Read an instant that has come: nobody knows yet what will be known later."""
    from schemas.envelope import format_instant
    from services.chassis.clock import system_clock

    moment, now = instant_option(text), system_clock()
    if moment > now:
        message = f"lies in the future: here it is {format_instant(now)}"
        raise typer.BadParameter(message)
    return moment


def common_settings(data_dir: Path | None, *, beside: str | None = None) -> "CommonSettings":
    """The common settings; `beside` keeps a play apart from what is real, in a folder of its own."""
    from services.chassis.settings import CommonSettings, SettingsError, load_settings

    _name(data_dir)
    try:
        settings = load_settings(CommonSettings)
        if beside is not None and data_dir is None:
            os.environ["PASSERELLE_DATA_DIR"] = str(settings.data_dir / beside)
            settings = load_settings(CommonSettings)
    except SettingsError as error:
        fail(error, code=2)
    _quieten(settings)
    return settings


def use_running(data_dir: Path | None) -> "CommonSettings":
    """The settings for a command beside a running `passerelle up`: its Kafka and its bridge, or others if named."""
    from services.chassis.settings import CommonSettings

    return settings_beside(data_dir, CommonSettings)


def settings_beside(data_dir: Path | None, kind: "type[Loaded]") -> "Loaded":
    """The settings of one service for such a command; where no Passerelle is kept it ends here, and nothing is made."""
    from services.chassis.settings import SettingsError

    try:
        return kept_settings(data_dir, kind)
    except SettingsError as error:
        fail(error, code=2)


def kept_settings(data_dir: Path | None, kind: "type[Loaded]") -> "Loaded":
    """The same, for a command that can do without.

    Raises:
        SettingsError: if no Passerelle is kept, or a setting is wrong.
    """
    from services.chassis.settings import load_settings_of_others

    _name(data_dir)
    settings = load_settings_of_others(kind)
    address, cluster = settings.data_dir / KAFKA_ADDRESS, settings.data_dir / KAFKA_CLUSTER
    if "kafka" not in settings.model_fields_set and address.exists():
        os.environ["PASSERELLE_KAFKA"] = address.read_text().strip()
        if cluster.exists():
            os.environ["PASSERELLE_KAFKA_CLUSTER"] = cluster.read_text().strip()
        settings = load_settings_of_others(kind)
    bridge = settings.data_dir / BRIDGE_ADDRESS
    if "streaming_bridge_url" not in settings.model_fields_set and bridge.exists():
        os.environ["PASSERELLE_STREAMING_BRIDGE_URL"] = bridge.read_text().strip()
        settings = load_settings_of_others(kind)
    public = settings.data_dir / PUBLIC_ADDRESS
    if "public_url" not in settings.model_fields_set and public.exists():
        os.environ["PASSERELLE_PUBLIC_URL"] = public.read_text().strip()
        settings = load_settings_of_others(kind)
    _quieten(settings)
    return settings


def _name(data_dir: Path | None) -> None:
    if data_dir is not None:
        os.environ["PASSERELLE_DATA_DIR"] = str(data_dir.absolute())


def quieten() -> None:
    """The same where there are no settings."""
    from services.chassis.settings import CommonSettings

    _quieten(CommonSettings.model_construct())


def _quieten(settings: "CommonSettings") -> None:
    """What the services log stands in their own files; here is a person at a terminal."""
    from services.chassis.logging import configure_logging

    configure_logging(settings.model_copy(update={"log_level": "error"}), service="command_line")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it calls each attempt to connect an error


def run_command(work: Callable[[], Awaitable[Result]]) -> Result | None:
    """Run to the end, or until Ctrl-C or SIGTERM (then None); an `OperatorError` is its one line and exit code 1."""
    from services.chassis.process import run

    results: list[Result] = []
    failures: list[OperatorError] = []
    unread: list[BrokenPipeError] = []

    async def to_the_end() -> None:
        try:
            results.append(await work())
        except OperatorError as error:
            failures.append(error)
        except BrokenPipeError as error:
            unread.append(error)

    code = run(to_the_end)
    if failures:
        fail(failures[0], code=1)
    if unread:  # a reader such as `head` has enough: typer ends in silence
        raise unread[0]
    if code:
        raise typer.Exit(code)
    return results[0] if results else None


def fail(error: Exception, *, code: int) -> NoReturn:
    """Say what is wrong and end."""
    typer.secho(str(error), err=True, fg=typer.colors.RED)
    raise typer.Exit(code)
