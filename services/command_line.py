"""The `passerelle` command: thin. Each command loads what it needs and only that, so that help answers at once."""

import sys
from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Final

import typer

from services.attendance.archive_command import commands as archive
from services.attendance.commands import commands as attendance
from services.attendance.rebuild_command import commands as rebuild
from services.attendance.replay_command import commands as replay
from services.attendance.sql_command import commands as sql
from services.attendance.verify_command import commands as verify
from services.chassis.command import DataDir, common_settings, run_command
from services.chassis.dead_letter_commands import commands as dead_letters
from services.chassis.errors import OperatorError
from services.retention_command import commands as retention

app = typer.Typer(
    name="passerelle",
    help="One timeline for hybrid events: the people in the room and the people on the link.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
token = typer.Typer(help="Tokens for the API, the desk and the pages.", no_args_is_help=True)
app.add_typer(token, name="token")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(attendance)
app.add_typer(replay)
app.add_typer(rebuild)
app.add_typer(sql)
app.add_typer(archive)
app.add_typer(retention)
app.add_typer(verify)

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port of the one address.")]


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
def up(
    data_dir: DataDir = None,
    port: Port = 8080,
    *,
    lan: Annotated[
        bool, typer.Option("--lan", help="Let telephones of the local network in, over TLS, and show a QR code.")
    ] = False,
    lan_address: Annotated[
        str | None,
        typer.Option(help="This machine's address there, or its network card, where it has several. Implies --lan."),
    ] = None,
) -> None:
    """Start everything, on the embedded Kafka, and print one address."""
    from deploy.local.lan import on_the_network
    from deploy.local.serve import serve

    settings = common_settings(data_dir)

    async def served() -> None:
        there = on_the_network(settings.data_dir, lan_address) if lan or lan_address else None
        await serve(settings, port=port, lan=there)

    run_command(served)


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

    settings = common_settings(data_dir, beside="demo")
    stays = sys.stdout.isatty() if stay is None else stay
    agrees = run_command(lambda: serve_demo(settings, port=port, participants=participants, speed=speed, stay=stays))
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

    common_settings(data_dir)
    settings = load_settings(RegistrationSettings)

    async def created() -> str:
        try:
            return await create(settings, role=Role(role.value), event_id=event)
        except EventNotFoundError as error:
            raise OperatorError(f"There is no event {error.event_id}.") from None

    typer.echo(run_command(created))


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
