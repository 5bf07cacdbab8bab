"""Attendance in columns: DuckDB over tables that are given to it, the views that analysts ask, and one query at a time.

The tables are `presence_intervals`, `agenda` and `horizons`, in the forms below; the views are made from them alone.
So whatever the tables come from (the read model, an archive, a service that tells only what may be told), the same
question means the same.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import duckdb
import pyarrow as pa

from services.attendance.domain.errors import AttendanceError

MOMENT: Final = pa.timestamp("ms", tz="UTC")
INTERVALS: Final = pa.schema(
    [
        ("event_id", pa.string()),
        ("person", pa.string()),
        ("mode", pa.string()),
        ("started_at", MOMENT),
        ("ended_at", MOMENT),
        ("start_inferred", pa.bool_()),
        ("end_inferred", pa.string()),
        ("grade", pa.string()),
    ]
)
AGENDA: Final = pa.schema(
    [
        ("event_id", pa.string()),
        ("session_id", pa.string()),
        ("title", pa.string()),
        ("starts_at", MOMENT),
        ("ends_at", MOMENT),
    ]
)
HORIZONS: Final = pa.schema([("event_id", pa.string()), ("horizon", MOMENT)])
"""The latest sighting of an event: what goes on counts up to it, as in every figure of the service."""

UNIONS: Final = """
    WITH spans AS (
        SELECT event_id, person, mode, started_at AS s,
            coalesce(ended_at, greatest(horizon, started_at) + INTERVAL 1 MINUTE) AS e
        FROM presence_intervals LEFT JOIN horizons USING (event_id)
    ), every AS (
        SELECT * FROM spans WHERE e > s UNION ALL SELECT event_id, person, 'total', s, e FROM spans WHERE e > s
    ), marked AS (
        SELECT *, max(e) OVER whose AS latest,
            max(e) OVER (whose ORDER BY s ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
        FROM every WINDOW whose AS (PARTITION BY event_id, person, mode)
    )
    SELECT event_id, person, mode, s AS started_at,
        coalesce(lead(reach) OVER (PARTITION BY event_id, person, mode ORDER BY s), latest) AS ended_at
    FROM marked WHERE reach IS NULL OR s > reach
"""
"""When somebody was here in a mode, and in any (`total`): disjoint. What goes on is here at the horizon too."""

MINUTES: Final = """
    WITH changes AS (
        SELECT event_id, mode, (epoch_ms(started_at) + 59999) // 60000 AS minute, 1 AS change FROM unions
        UNION ALL
        SELECT event_id, mode, (epoch_ms(ended_at) + 59999) // 60000, -1 FROM unions
    ), net AS (
        SELECT event_id, minute,
            coalesce(sum(change) FILTER (mode = 'in_person'), 0) AS in_person,
            coalesce(sum(change) FILTER (mode = 'remote'), 0) AS remote,
            coalesce(sum(change) FILTER (mode = 'total'), 0) AS total
        FROM changes GROUP BY event_id, minute
    ), frame AS (
        SELECT event_id, unnest(range(min(minute), max(minute) + 1)) AS minute FROM net GROUP BY event_id
    ), counted AS (
        SELECT event_id, minute,
            sum(coalesce(in_person, 0)) OVER so_far AS in_person,
            sum(coalesce(remote, 0)) OVER so_far AS remote,
            sum(coalesce(total, 0)) OVER so_far AS total
        FROM frame LEFT JOIN net USING (event_id, minute)
        WINDOW so_far AS (PARTITION BY event_id ORDER BY minute ROWS UNBOUNDED PRECEDING)
    )
    SELECT event_id, make_timestamp(minute * 60000000)::TIMESTAMPTZ AS minute, in_person::BIGINT AS in_person,
        remote::BIGINT AS remote, (in_person + remote - total)::BIGINT AS "both", total::BIGINT AS total
    FROM counted ORDER BY event_id, minute
"""

SESSIONS: Final = """
    WITH there AS (
        SELECT agenda.event_id, session_id, person, mode,
            sum(epoch_ms(least(ended_at, ends_at)) - epoch_ms(greatest(started_at, starts_at))) / 1000 AS seconds
        FROM agenda JOIN unions ON unions.event_id = agenda.event_id AND started_at < ends_at AND ended_at > starts_at
        GROUP BY agenda.event_id, session_id, person, mode
    ), people AS (
        SELECT event_id, session_id, person,
            coalesce(max(seconds) FILTER (mode = 'in_person'), 0) AS in_person,
            coalesce(max(seconds) FILTER (mode = 'remote'), 0) AS remote,
            max(seconds) FILTER (mode = 'total') AS total
        FROM there GROUP BY event_id, session_id, person
    ), ways AS (
        SELECT *, CASE WHEN remote = 0 THEN 'in_person' WHEN in_person = 0 THEN 'remote' ELSE 'both' END AS way
        FROM people
    )
    SELECT event_id, session_id, title, starts_at, ends_at, way, count(*) AS people, sum(total) AS seconds,
        avg(total) AS mean_seconds,
        avg(total) / nullif((epoch_ms(ends_at) - epoch_ms(starts_at)) / 1000, 0) AS mean_share
    FROM ways JOIN agenda USING (event_id, session_id)
    GROUP BY event_id, session_id, title, starts_at, ends_at, way
    ORDER BY event_id, starts_at, session_id, way
"""

SWITCHES: Final = """
    SELECT event_id, person, started_at AS switched_at, before AS from_mode, mode AS to_mode,
        (epoch_ms(started_at) - epoch_ms(ended_before)) / 1000 AS gap_seconds
    FROM (
        SELECT *, lag(mode) OVER stays AS before, lag(ended_at) OVER stays AS ended_before
        FROM unions WHERE mode <> 'total'
        WINDOW stays AS (PARTITION BY event_id, person ORDER BY started_at, ended_at, mode)
    )
    WHERE before <> mode ORDER BY event_id, switched_at, person
"""

VIEWS: Final[Mapping[str, str]] = MappingProxyType(
    {"unions": UNIONS, "minutes": MINUTES, "sessions": SESSIONS, "switches": SWITCHES}
)
"""In the order in which they are made; `unions` is for the others."""


class QueryError(AttendanceError):
    """DuckDB, or its keeper, refuses a query; the text is one line, with the place where DuckDB names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a query gave, to be read once: its columns, and batches of its rows."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class Columns:
    """A database in memory that answers queries, writes nothing, and reads nothing but the tables it was given."""

    def __init__(self, *, memory_limit: str | None = None) -> None:
        """Open it, without a word to the network; at most so much memory, such as `2GB`, if a limit is given."""
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if memory_limit is not None:
            config["memory_limit"] = memory_limit
        self._connection = duckdb.connect(config=config)
        self._connection.execute("SET TimeZone = 'UTC'")

    def add(self, name: str, table: object) -> None:
        """Give it a table, a data set or a reader of Arrow, under a name."""
        self._connection.register(name, table)

    def forget(self, name: str) -> None:
        """Let go of what `add` gave."""
        self._connection.unregister(name)

    def build(self, statement: str) -> None:
        """Make or fill a table of its own, before it is asked anything."""
        self._connection.execute(statement)

    def make_views(self, views: Mapping[str, str] = VIEWS) -> None:
        """Put views over its tables, in their order."""
        for name, query in views.items():
            self._connection.execute(f'CREATE VIEW "{name}" AS {query}')

    def close_doors(self) -> None:
        """From here on it reads no file, attaches nothing and keeps its settings."""
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def ask(self, query: str, *, rows: int = 100_000) -> Answer:
        """Ask one question; it is answered in batches of at most so many rows.

        Raises:
            QueryError: if it is none, is more than one, would change something, or cannot be answered.
        """
        try:
            statements = self._connection.extract_statements(query)
        except duckdb.Error as error:
            raise QueryError(one_line(error, query)) from None
        if len(statements) != 1:
            raise QueryError("Ask one question at a time." if statements else "There is no question in that.")
        kind = self._kind_of(statements[0])
        if kind is not duckdb.StatementType.SELECT:
            raise QueryError(f"Nothing is written here: {kind.name} is not for asking.")
        try:
            reader = self._connection.sql(query).to_arrow_reader(rows)
        except duckdb.Error as error:
            raise QueryError(one_line(self._pointing(query) or error, query)) from None
        return Answer(schema=reader.schema, batches=_read(reader, query))

    def _pointing(self, query: str) -> duckdb.Error | None:
        """The same error with the place in the query, which relations do not tell."""
        try:
            self._connection.execute(query)
        except duckdb.Error as error:
            return error
        return None

    def _kind_of(self, statement: duckdb.Statement) -> duckdb.StatementType:
        """What a statement does; `EXPLAIN ANALYZE` does what it explains, as far as that can be told."""
        explained = _EXPLAIN.match(statement.query)
        if statement.type is not duckdb.StatementType.EXPLAIN or explained is None:
            return statement.type
        try:
            inner = self._connection.extract_statements(statement.query[explained.end() :])
        except duckdb.Error:
            inner = []
        return inner[0].type if inner else statement.type

    def interrupt(self) -> None:
        """Stop what it is working on, from another thread."""
        self._connection.interrupt()

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()


_EXPLAIN: Final = re.compile(r"\s*explain\s+(analy[sz]e\s+)?(\([^()]*\)\s*)?", re.IGNORECASE)


def one_line(error: Exception, query: str) -> str:
    """What DuckDB says, in one line, with the line and column of what it points at."""
    said, place = [], ""
    lines = str(error).splitlines()
    for number, line in enumerate(lines):
        if line.startswith("LINE ") and number + 1 < len(lines) and _is_mark(lines[number + 1]):
            place = _place(line, lines[number + 1], query)
        elif line.strip() and not _is_mark(line):
            said.append(line.strip())
    return f"{' '.join(said)}{place}"


def _is_mark(line: str) -> bool:
    return "^" in line and not line.strip().strip("^")


def _place(shown: str, mark: str, query: str) -> str:
    """The line and the column: DuckDB shows a part of a long line, with `...` before it."""
    head, _, text = shown.partition(": ")
    line = int(head.removeprefix("LINE "))
    column = mark.index("^") - len(head) - 2
    if text.startswith("..."):
        whole = query.splitlines()[line - 1]
        column += whole.find(text.strip(".")) - 3
    return f" (line {line}, column {column + 1})"


def _read(reader: Any, query: str) -> Iterator[pa.RecordBatch]:  # noqa: ANN401  (pyarrow has no types)
    try:
        yield from reader
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise QueryError(one_line(error, query)) from None
