"""`passerelle verify`: whether a document is genuine, step by step, in plain words."""

# ruff: noqa: PLC0415  (it loads what it needs, when it is called)

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.chassis.command import DataDir, fail, kept_settings, quieten, run_command
from services.chassis.errors import OperatorError

if TYPE_CHECKING:
    from services.attendance.adapters.evidence_files import EvidencedFile
    from services.attendance.application.verification import EvidenceFile, LogVerdict
    from services.attendance.application.verification_steps import Step

commands = typer.Typer()

GENUINE: Final = 0
NOT_GENUINE: Final = 1
CANNOT_TELL: Final = 2
_STEPS: Final = 4
_INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class _LookedUp:
    """What a log or an archive says; `is_whole` unless it lacks facts, for which there is a `remedy`."""

    verdict: "LogVerdict"
    where: str
    is_whole: bool
    remedy: str


@commands.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A PDF that Passerelle issued, or the passerelle-evidence.json of one.")],
    archive: Annotated[
        str | None,
        typer.Option("--archive", metavar="DIR|s3://…", help="Look up its facts there, and not in Kafka's log."),
    ] = None,
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="Whose register to ask. [default: the one kept here]")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Say whether a document is genuine: by its own evidence, by the facts behind it, by the register of its issuer.

    Its figures are counted again from the facts. It ends with 0 if the document is genuine, with 1 if it is not, with
    2 if that cannot be told. The address that a document names for its verification is not asked: whoever forges one
    names their own.
    """
    from services.attendance.adapters.evidence_files import read_evidenced
    from services.attendance.application.verification_steps import Step, about, proofs

    quieten()
    try:
        found = read_evidenced(file)
    except OperatorError as error:
        fail(error, code=CANNOT_TELL)
    steps: list[Step] = []

    def say(step: Step) -> None:
        typer.echo(f"{step.outcome:>3}  {step.words}")
        steps.append(step)

    async def looked_at() -> None:
        for step in await _facts(found.evidence, archive, data_dir):
            say(step)
        say(await _registered(found, server, data_dir))

    typer.echo(about(found.evidence))
    say(proofs(found.evidence))
    run_command(looked_at)
    if len(steps) < _STEPS:
        raise typer.Exit(_INTERRUPTED)
    raise typer.Exit(_judge(steps, found))


async def _facts(evidence: "EvidenceFile", archive: str | None, data_dir: Path | None) -> Sequence["Step"]:
    """Whether the facts are those of the log, or of an archive, and whether the figures follow from them."""
    from services.attendance.application.figure_check import checked_figures
    from services.attendance.application.verification_steps import Outcome, Step, counted, looked_up, not_counted
    from services.chassis.settings import SettingsError

    try:
        if archive is not None:
            found = await asyncio.to_thread(_in_archive, evidence, archive)
        else:
            found = await _in_log(evidence, data_dir)
    except (OperatorError, SettingsError) as error:
        why = str(error).rstrip(".")
        words = f"Its facts were not looked up. {why[:1].upper()}{why[1:]}."
        return Step(outcome=Outcome.UNKNOWN, words=words), not_counted()
    facts = looked_up(found.verdict, found.where, is_whole=found.is_whole, remedy=found.remedy)
    if facts.outcome is Outcome.UNKNOWN:
        return facts, not_counted()
    return facts, counted(await asyncio.to_thread(checked_figures, evidence, found.verdict))


async def _in_log(evidence: "EvidenceFile", data_dir: Path | None) -> _LookedUp:
    from rich.console import Console

    from services.attendance.application.verification import compared
    from services.attendance.settings import AttendanceSettings
    from services.attendance.stream.logged_evidence import read_evidence
    from services.chassis.progress import bar

    settings, event_id = kept_settings(data_dir, AttendanceSettings), evidence.document.event_id
    with bar("Reading the log", console=Console(stderr=True)) as tell:
        read = await read_evidence(settings, event_id, progress=lambda done, total: tell(done, total, "records"))
    verdict = compared(evidence, read.facts)
    return _LookedUp(verdict=verdict, where="The log", is_whole=read.is_whole, remedy="try --archive")


def _in_archive(evidence: "EvidenceFile", address: str) -> _LookedUp:
    from datetime import datetime

    from services.attendance.adapters.archive_stores import store_at
    from services.attendance.application.archive import Archive
    from services.attendance.application.evidence import logged_facts
    from services.attendance.application.verification import compared

    archive = Archive(store_at(address))
    manifest = archive.held(evidence.document.event_id)
    rows = (row for part in archive.facts(manifest) for row in part)
    logged = logged_facts(manifest.event_id, ((row.timestamp, row.value) for row in rows))
    written = datetime.fromisoformat(manifest.written_at)
    is_whole = not manifest.gaps and written >= evidence.document.issued_at
    verdict = compared(evidence, logged)
    return _LookedUp(verdict=verdict, where=f"The archive {address}", is_whole=is_whole, remedy="bring it up to date")


async def _registered(found: "EvidencedFile", server: str | None, data_dir: Path | None) -> "Step":
    """Whether the register has issued this very file."""
    from services.attendance.adapters.register_calls import HttpRegister
    from services.attendance.application.verification_steps import Outcome, Step, answered
    from services.attendance.settings import AttendanceSettings
    from services.chassis.settings import SettingsError

    try:
        address = server or kept_settings(data_dir, AttendanceSettings).public_url
        told = await HttpRegister(server=address).look_up(found.evidence.document.code, sha256=found.sha256)
    except SettingsError:
        return Step(outcome=Outcome.UNKNOWN, words="No register was asked: name one by --server.")
    except OperatorError as error:
        return Step(outcome=Outcome.UNKNOWN, words=str(error))
    return answered(found, told, f"The register of {address}")


def _judge(steps: Sequence["Step"], found: "EvidencedFile") -> int:
    """The last word: the register alone knows what was printed, and a contradiction anywhere is one too many."""
    from services.attendance.application.verification_steps import Outcome

    outcomes = [step.outcome for step in steps]
    if Outcome.WRONG in outcomes:
        typer.secho(
            "It is not genuine, or counts no more, or what it rests on was altered since.",
            bold=True,
            fg=typer.colors.RED,
        )
        return NOT_GENUINE
    # Whom it is about, the register tells nobody. A file it knows by its digest; bare evidence is held by facts alone.
    looked_up = found.sha256 is not None or Outcome.UNKNOWN not in outcomes
    if outcomes[-1] is Outcome.FINE and looked_up:
        what = "document" if found.sha256 is not None else "evidence"
        typer.secho(f"The {what} is genuine.", bold=True, fg=typer.colors.GREEN)
        return GENUINE
    why = "only the register knows what was printed"
    if outcomes[-1] is Outcome.FINE:
        why = "without the document itself, only its facts show whom it is about"
    typer.secho(f"It cannot be told whether it is genuine: {why}.", bold=True, fg=typer.colors.YELLOW)
    return CANNOT_TELL
