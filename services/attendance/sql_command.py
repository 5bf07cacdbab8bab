"""`passerelle sql`: attendance asked in SQL, of the read model, an archive, or what a service tells analysts."""

# ruff: noqa: PLC0415  (each command loads what it needs, when it is called)

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from services.attendance.delivery import written_whole
from services.chassis.command import DataDir, event_id, fail, quieten, run_command, settings_beside
from services.chassis.errors import OperatorError

if TYPE_CHECKING:
    from rich.console import Console

    from services.attendance.adapters.columns import Answer, Columns

commands = typer.Typer()

_PROMPT: Final = "passerelle> "
_GOES_ON: Final = "        ... "
_SHOWN_ROWS: Final = 200
_PIPE_WIDTH: Final = 400
_HISTORY: Final = "sql_history"
_REMEMBERED: Final = 1000
_HELP: Final = """\
A question ends with a semicolon. Only questions are answered: nothing is written, no file is read.
  .views          the tables and views, and their columns
  .help           this
  .quit           or Ctrl-D
Examples:
  SELECT * FROM minutes ORDER BY total DESC LIMIT 10;
  SELECT title, way, people, mean_share FROM sessions;
  SELECT from_mode, to_mode, count(*) FROM switches GROUP BY ALL;"""


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


@commands.command()
def sql(
    query: Annotated[
        str | None, typer.Argument(metavar="[QUERY]", help="One question; without it, a prompt, or standard input.")
    ] = None,
    archive: Annotated[
        str | None, typer.Option("--archive", metavar="DIR|s3://…", help="An archive, instead of the read model.")
    ] = None,
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="A Passerelle to ask, with an analyst's token.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="PASSERELLE_TOKEN", help="For --server.", show_default=False),
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="EVENT", parser=event_id, help="For --server: which event; may be repeated."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How the answer is written.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of the terminal.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Ask about attendance in SQL (DuckDB): minutes, sessions, switches, presence_intervals, facts.

    Without --archive and --server it reads the read model of this Passerelle; with --archive and --data-dir both, and
    of an event that is in both, the read model. Reads only; docs/analysis.md has the columns.
    """
    from services.attendance.adapters.columns import QueryError

    if output is None and form is Format.PARQUET and sys.stdout.isatty():
        fail(OperatorError("parquet is not for a terminal: name a file with -o FILE."), code=2)
    if server is not None and (archive is not None or data_dir is not None):
        fail(OperatorError("--server asks a service: leave out --archive and --data-dir."), code=2)
    if server is not None and not (token and events):
        fail(OperatorError("--server needs --token, and --event EVENT for each event."), code=2)
    asked = query if query is not None or sys.stdin.isatty() else sys.stdin.read()
    columns = _opened(archive=archive, server=server, token=token, events=events or [], data_dir=data_dir)
    try:
        if asked is None:
            _prompt(columns)
            return
        _answer(columns, asked, form, output)
    except QueryError as error:
        fail(error, code=1)
    finally:
        columns.close()


def _opened(
    *, archive: str | None, server: str | None, token: str | None, events: Sequence[str], data_dir: Path | None
) -> "Columns":
    """The database that is asked, with its doors closed."""
    from rich.console import Console

    from services.attendance.asking import open_columns
    from services.attendance.settings import AttendanceSettings

    kept = server is None and (archive is None or data_dir is not None)
    read_model = settings_beside(data_dir, AttendanceSettings) if kept else None
    if read_model is None:
        quieten()
    with Console(stderr=True).status("Reading…"):
        columns = run_command(
            lambda: open_columns(
                read_model=read_model, archive=archive, server=server, token=token or "", events=events
            )
        )
    if columns is None:
        raise typer.Exit(1)
    return columns


def _answer(columns: "Columns", query: str, form: Format, output: Path | None) -> None:
    """Answer one question to the terminal or a file; what was in the file stays there if this fails."""
    from rich.console import Console

    answer = columns.ask(query)
    if form is Format.TABLE and output is None:
        console = Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)
        _draw(answer, console, most=None)
        return
    with written_whole(output) as out:
        rows = _write(answer, form, out)
    if output is not None:
        typer.echo(f"{rows} rows are in {output}", err=True)


def _write(answer: "Answer", form: Format, out: BinaryIO) -> int:
    from rich.console import Console

    from services.attendance.adapters.column_files import write_answer
    from services.attendance.adapters.column_forms import Form

    if form is not Format.TABLE:
        return write_answer(answer, Form(form.value), out)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as text:
        rows = _draw(answer, Console(file=text, width=_PIPE_WIDTH), most=None)
        text.seek(0)
        out.write(text.read().encode())
    return rows


def _draw(answer: "Answer", console: "Console", *, most: int | None) -> int:
    """A table on a terminal; gives how many rows there were."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from services.attendance.adapters.column_files import as_text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for field in answer.schema:
        table.add_column(Text(field.name), justify="right" if _is_number(str(field.type)) else "left")
    count = 0
    for batch in answer.batches:
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            count += 1
            if most is None or count <= most:
                # What people wrote is shown as it is, and never taken for a mark of style.
                table.add_row(*(Text(as_text(value)) for value in row))
    console.print(table)
    if most is not None and count > most:
        console.print(f"{count} rows, of which the first {most}: add LIMIT, or ask with -o FILE.")
    return count


def _is_number(kind: str) -> bool:
    return kind.startswith(("int", "uint", "double", "float", "decimal"))


def _prompt(columns: "Columns") -> None:
    """Answer one question after the other until the end of input; a wrong one says what is wrong and is let go."""
    from rich.console import Console

    from services.attendance.adapters.columns import QueryError

    console = Console()
    console.print("Attendance in SQL: .views lists what there is, .help helps, .quit ends.", highlight=False)
    with _history():
        for query in _questions():
            if query == ".views":
                _list_views(columns, console)
            elif query == ".help":
                console.print(_HELP, highlight=False, markup=False)
            elif query.startswith("."):
                console.print("There is .views, .help and .quit.", highlight=False)
            else:
                try:
                    _draw(columns.ask(query), console, most=_SHOWN_ROWS)
                except QueryError as error:
                    console.print(str(error), style="red", highlight=False, markup=False)
                except KeyboardInterrupt:
                    columns.interrupt()
                    console.print("Stopped.")


def _questions() -> Iterator[str]:
    """What is typed: a word with a dot, or everything up to a semicolon."""
    typed: list[str] = []
    while True:
        try:
            line = input(_GOES_ON if typed else _PROMPT)
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            sys.stdout.write("\n")
            typed.clear()
            continue
        if not typed and line.strip() in {".quit", ".exit"}:
            return
        if not typed and line.strip().startswith("."):
            yield line.strip()
            continue
        if line.strip() or typed:
            typed.append(line)
        if line.rstrip().endswith(";"):
            yield "\n".join(typed)
            typed.clear()


@contextmanager
def _history() -> Iterator[None]:
    """Lines typed before can be called back, also in the next session, where the terminal's library is there."""
    try:
        import readline
    except ImportError:
        yield
        return
    file = _history_file()
    readline.set_history_length(_REMEMBERED)
    with suppress(OSError):
        readline.read_history_file(file)
    try:
        yield
    finally:
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            readline.write_history_file(file)
            file.chmod(0o600)


def _history_file() -> Path:
    from platformdirs import user_state_dir

    return Path(user_state_dir("passerelle")) / _HISTORY


def _list_views(columns: "Columns", console: "Console") -> None:
    query = """SELECT table_name AS name, string_agg(column_name, ', ' ORDER BY column_index) AS columns
        FROM duckdb_columns() WHERE NOT internal GROUP BY name ORDER BY name"""
    _draw(columns.ask(query), console, most=None)
