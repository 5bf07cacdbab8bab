"""The `passerelle` command: thin. Each command loads what it needs and only that, so that help answers at once."""

import logging
import os
import sys
from collections.abc import Awaitable, Callable
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from deploy.local.serve import Credentials
    from services.chassis.settings import CommonSettings

Result = TypeVar("Result")

app = typer.Typer(
    name="passerelle",
    help="One timeline for hybrid events: the people in the room and the people on the link.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
token = typer.Typer(help="Tokens for the API, the desk and the pages.", no_args_is_help=True)
dead_letters = typer.Typer(help="What could not be read or did not fit.", no_args_is_help=True)
app.add_typer(token, name="token")
app.add_typer(dead_letters, name="dead-letters")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where everything is kept. [default: the user's data directory]")
]
LetterId = Annotated[str, typer.Argument(metavar="ID", help="As `passerelle dead-letters list` shows it.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port of the one address.")]


class CommandError(Exception):
    """What was asked cannot be done; the text says why."""


class Service(StrEnum):
    """What `run` can run."""

    REGISTRATION = "registration"
    STREAMING_BRIDGE = "streaming_bridge"
    ATTENDANCE = "attendance"
    GATEWAY = "gateway"


_MODULES: Final = {
    Service.REGISTRATION: "services.registration.__main__",
    Service.STREAMING_BRIDGE: "services.streaming_bridge.__main__",
    Service.ATTENDANCE: "services.attendance.__main__",
    Service.GATEWAY: "deploy.local.gateway",
}


class Part(StrEnum):
    """The parts of the attendance service that can run apart."""

    WORKER = "worker"
    WEB = "web"


class TokenRole(StrEnum):
    """What a token is made for."""

    ORGANIZER = "organizer"
    DESK = "desk"
    ANALYST = "analyst"


@app.command()
def up(data_dir: DataDir = None, port: Port = 8080) -> None:
    """Start everything, on the embedded Kafka, and print one address."""
    from deploy.local.serve import serve

    settings = _settings(data_dir)
    _run(lambda: serve(settings, _credentials(), port=port))


@app.command()
def demo(
    data_dir: DataDir = None,
    port: Port = 8080,
    participants: Annotated[int, typer.Option(min=10, max=20_000, help="How many people register.")] = 300,
    speed: Annotated[float, typer.Option(min=0.1, help="How many times faster than it happened.")] = 60,
    *,
    stay: Annotated[
        bool | None, typer.Option("--stay/--leave", help="Keep running after the comparison. [default: on a terminal]")
    ] = None,
) -> None:
    """Start everything, play a hybrid colloquium into it, and compare what was played with what it answers."""
    from deploy.local.serve import serve_demo

    settings = _settings(data_dir, beside="demo")
    stays = sys.stdout.isatty() if stay is None else stay
    agrees = _run(
        lambda: serve_demo(settings, _credentials(), port=port, participants=participants, speed=speed, stay=stays)
    )
    raise typer.Exit(0 if agrees is not False else 1)


@app.command()
def run(
    service: Service, only: Annotated[Part | None, typer.Option(help="One part of attendance alone.")] = None
) -> None:
    """Run one service, for a deployment; its settings come from PASSERELLE_* variables."""
    arguments = [] if only is None else ["--only", only.value]
    start: Callable[[list[str]], int] = import_module(_MODULES[service]).main
    raise typer.Exit(start(arguments))


@token.command("create")
def create_token(
    role: Annotated[TokenRole, typer.Option(help="What it may do.")],
    event: Annotated[str | None, typer.Option(help="Limit it to one event, by its id.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a token and print it, once: only its hash is kept."""
    from services.chassis.access import Role
    from services.chassis.settings import load_settings
    from services.registration.bootstrap import create_token as create
    from services.registration.domain.errors import EventNotFoundError
    from services.registration.settings import RegistrationSettings

    _settings(data_dir)
    settings = load_settings(RegistrationSettings)

    async def created() -> str:
        try:
            return await create(settings, role=Role(role.value), event_id=event)
        except EventNotFoundError as error:
            raise CommandError(f"There is no event {error.event_id}.") from None

    typer.echo(_run(created))


@dead_letters.command("list")
def list_dead_letters(data_dir: DataDir = None) -> None:
    """List what is kept aside: when, by which service, where it came from and why."""
    from rich.console import Console
    from rich.table import Table

    from services.chassis.dead_letter_log import place, read_all

    settings = _settings(data_dir)
    kept = _run(lambda: read_all(settings)) or []
    table = Table("id", "time", "service", "from", "reason", caption=f"{len(kept)} kept")
    for item in kept:
        letter = item.letter
        table.add_row(item.id, letter.time.isoformat(), letter.service, place(letter), letter.reason)
    Console().print(table)


@dead_letters.command("show")
def show_dead_letter(letter_id: LetterId, data_dir: DataDir = None) -> None:
    """Print the content of one, whole (a webhook's body is unsealed: it may name people)."""
    from services.chassis.dead_letter_log import read_one
    from services.chassis.dead_letters import PURPOSE
    from services.chassis.secrets import SecretBox

    settings = _settings(data_dir)
    kept = _run(lambda: read_one(settings, letter_id))
    if kept:
        box = SecretBox.derive(settings.secret, purpose=PURPOSE)
        sys.stdout.buffer.write((kept.letter.open(box) or b"") + b"\n")


@dead_letters.command("redrive")
def redrive_dead_letter(letter_id: LetterId, data_dir: DataDir = None) -> None:
    """Send one back to where it came from, after a fix. Twice is harmless: facts count once."""
    from services.chassis.dead_letter_log import read_one, redrive

    settings = _settings(data_dir)

    async def again() -> str:
        return await redrive(settings, await read_one(settings, letter_id))

    typer.echo(f"{letter_id} is on {_run(again)} again.")


def main() -> None:
    """Run the command line."""
    app()


def _settings(data_dir: Path | None, *, beside: str | None = None) -> "CommonSettings":
    """The common settings; `beside` keeps a play apart from what is real, in a folder of its own."""
    from services.chassis.logging import configure_logging
    from services.chassis.settings import CommonSettings, SettingsError, load_settings

    if data_dir is not None:
        os.environ["PASSERELLE_DATA_DIR"] = str(data_dir.absolute())
    try:
        settings = load_settings(CommonSettings)
        if beside is not None and data_dir is None:
            os.environ["PASSERELLE_DATA_DIR"] = str(settings.data_dir / beside)
            settings = load_settings(CommonSettings)
    except SettingsError as error:
        _fail(error, code=2)
    # What the services log stands in their own files; here is a person at a terminal.
    configure_logging(settings.model_copy(update={"log_level": "error"}), service="command_line")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it calls each attempt to connect an error
    return settings


def _credentials() -> "Credentials":
    """How somebody who may read the data directory gets in: by links and tokens made from it."""
    from urllib.parse import urlencode

    from deploy.local.serve import Credentials
    from services.chassis.access import Role
    from services.chassis.settings import load_settings
    from services.registration.bootstrap import create_sign_in_code
    from services.registration.bootstrap import create_token as create
    from services.registration.settings import RegistrationSettings

    registration = load_settings(RegistrationSettings)

    async def sign_in_path() -> str:
        return "/sign-in?" + urlencode({"code": await create_sign_in_code(registration)})

    async def organizer_token() -> str:
        return await create(registration, role=Role.ORGANIZER)

    return Credentials(sign_in_path=sign_in_path, organizer_token=organizer_token)


def _run(work: Callable[[], Awaitable[Result]]) -> Result | None:
    """Run to the end, or until Ctrl-C or SIGTERM (then None); an error for the operator is one line and exit 1."""
    from deploy.local.serve import OPERATOR_ERRORS
    from services.chassis.process import run as run_process

    results: list[Result] = []
    failures: list[Exception] = []

    async def to_the_end() -> None:
        try:
            results.append(await work())
        except (CommandError, *OPERATOR_ERRORS) as error:
            failures.append(error)

    code = run_process(to_the_end)
    if failures:
        _fail(failures[0], code=1)
    if code:
        raise typer.Exit(code)
    return results[0] if results else None


def _fail(error: Exception, *, code: int) -> NoReturn:
    typer.secho(str(error), err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
