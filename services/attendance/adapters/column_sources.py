"""Where columns come from: the read model of a running service or of one that stands still, and an archive.

People are known by their random ids here, as in every file of the installation; what analysts are told is in
`told_columns`.
"""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import fs
from sqlalchemy import ColumnElement, Select, Text, and_, cast, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attendance.adapters.columns import Columns
from services.attendance.adapters.tables import SIGHTINGS, entries, events, presence, presence_earlier
from services.attendance.adapters.timeline import SqlTimeline
from services.attendance.domain.errors import AttendanceError

_ROWS: Final = 5000
_OWN_SOURCE: Final = "/attendance"

_TABLES: Final = (
    """CREATE TABLE presence_intervals (event_id VARCHAR, person VARCHAR, mode VARCHAR, started_at TIMESTAMPTZ,
        ended_at TIMESTAMPTZ, start_inferred BOOLEAN, end_inferred VARCHAR, grade VARCHAR, via VARCHAR,
        sources VARCHAR[], facts VARCHAR[])""",
    """CREATE TABLE people (event_id VARCHAR, person VARCHAR, guest BOOLEAN, status VARCHAR,
        registered_mode VARCHAR, registration VARCHAR)""",
    """CREATE TABLE events (event_id VARCHAR, title VARCHAR, status VARCHAR, starts_at TIMESTAMPTZ,
        ends_at TIMESTAMPTZ, timezone VARCHAR)""",
    """CREATE TABLE agenda (event_id VARCHAR, session_id VARCHAR, title VARCHAR, starts_at TIMESTAMPTZ,
        ends_at TIMESTAMPTZ)""",
    "CREATE TABLE horizons (event_id VARCHAR, horizon TIMESTAMPTZ)",
    """CREATE TABLE facts (event_id VARCHAR, fact_id VARCHAR, type VARCHAR, source VARCHAR, person VARCHAR,
        "time" TIMESTAMPTZ, recorded_time TIMESTAMPTZ, data JSON)""",
)
_INTERVAL: Final = json.dumps(
    [
        {
            "mode": "VARCHAR",
            "start": "TIMESTAMPTZ",
            "end": "TIMESTAMPTZ",
            "via": "VARCHAR",
            "start_inferred": "BOOLEAN",
            "end_inferred": "VARCHAR",
            "left_inferred": "VARCHAR",
            "facts": ["VARCHAR"],
            "sources": ["VARCHAR"],
            "contradicted_by": ["VARCHAR"],
        }
    ]
)
_SESSION: Final = json.dumps(
    [
        {
            "session_id": "VARCHAR",
            "title": "VARCHAR",
            "starts_at": "TIMESTAMPTZ",
            "ends_at": "TIMESTAMPTZ",
            "cancelled": "BOOLEAN",
        }
    ]
)
_FILL_INTERVALS: Final = """
    INSERT INTO presence_intervals
    SELECT event_id, person, i.mode, i.start, i."end", coalesce(i.start_inferred, false), ended_how,
        CASE WHEN len(i.contradicted_by) > 0 THEN 'contradicted'
            WHEN coalesce(i.start_inferred, false) OR ended_how IS NOT NULL THEN 'inferred' ELSE 'observed' END,
        i.via, i.sources, i.facts
    FROM (SELECT *, coalesce(i.end_inferred, i.left_inferred) AS ended_how FROM ({unnested}))
"""
_LISTED: Final = """
    SELECT event_id, subject AS person, unnest(from_json(intervals::JSON, ':interval')) AS i
    FROM (SELECT event_id, subject, intervals FROM standings UNION ALL FROM earlier)
""".replace(":interval", _INTERVAL)
_FILL_EVENTS: Final = """
    INSERT INTO events SELECT event_id, data::JSON ->> 'title', data::JSON ->> 'status',
        (data::JSON ->> 'starts_at')::TIMESTAMPTZ, (data::JSON ->> 'ends_at')::TIMESTAMPTZ, data::JSON ->> 'timezone'
    FROM event_words
"""
_FILL_AGENDA: Final = """
    INSERT INTO agenda SELECT event_id, s.session_id, s.title, s.starts_at, s.ends_at
    FROM (SELECT event_id, unnest(from_json(data::JSON -> 'sessions', ':session')) AS s FROM event_words)
    WHERE NOT coalesce(s.cancelled, false)
""".replace(":session", _SESSION)


class ArchiveError(AttendanceError):
    """An archive cannot be read; the text says why, in one line."""


def prepare(columns: Columns) -> None:
    """Make the tables that sources fill."""
    for table in _TABLES:
        columns.build(table)


async def add_read_model(columns: Columns, engine: AsyncEngine) -> int:
    """All events of a read model, as they stand; gives how many."""
    words = select(events.c.event_id, cast(events.c.data, Text).label("data"))
    await _stage(columns, engine, "event_words", words, [("event_id", pa.string()), ("data", pa.string())])
    columns.build(_FILL_EVENTS)
    columns.build(_FILL_AGENDA)
    columns.build("DROP TABLE event_words")
    who = [presence.c[name] for name in ("event_id", "subject", "status", "registered_mode", "registration")]
    rows = select(*who, cast(presence.c.intervals, Text).label("intervals")).where(presence.c.linked_to.is_(None))
    texts = [(column.name, pa.string()) for column in who]
    await _stage(columns, engine, "standings", rows, [*texts, ("intervals", pa.string())])
    columns.build("""INSERT INTO people
        SELECT event_id, subject, starts_with(subject, 'gst_'), status, registered_mode, registration FROM standings""")
    await _stage(columns, engine, "earlier", _earlier(), [*texts[:2], ("intervals", pa.string())])
    columns.build(_FILL_INTERVALS.format(unnested=_LISTED))
    columns.build("DROP TABLE standings")
    columns.build("DROP TABLE earlier")
    await _add_facts(columns, engine)
    return await _add_horizons(columns, engine)


def add_archive(columns: Columns, address: str) -> int:
    """The events of an archive (docs/archive.md) that are not there already; gives how many.

    Raises:
        ArchiveError: if there is none, or it cannot be read.
    """
    try:
        files, root = _opened(address)
        named = _named(files, root)
        if not named:
            raise ArchiveError(f"{address}: there is no archive, or nothing in it.")
        for kind in ("facts", "presence"):
            paths = [f"{root}/{path}" for path, of_kind in named if of_kind == kind]
            if paths:
                columns.add(f"archived_{kind}", ds.dataset(paths, filesystem=files, format="parquet"))
        count = _fill_from_archive(columns, with_presence=any(kind == "presence" for _, kind in named))
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        raise ArchiveError(f"{address} cannot be read: {str(error).splitlines()[0][:300]}") from None
    return count


def _opened(address: str) -> tuple[Any, str]:
    if "://" in address:
        files, root = fs.FileSystem.from_uri(address)
        return files, root.rstrip("/")
    return fs.LocalFileSystem(), address.rstrip("/")


def _named(files: Any, root: str) -> list[tuple[str, str]]:  # noqa: ANN401  (pyarrow has no types)
    """The files that the manifests name, with their kinds: others are of writers that were killed."""
    selector = fs.FileSelector(f"{root}/manifests", allow_not_found=True)
    found: list[tuple[str, str]] = []
    for info in sorted(files.get_file_info(selector), key=lambda each: each.path):
        if info.path.endswith(".json"):
            with files.open_input_stream(info.path) as source:
                manifest = json.loads(source.read())
            found += [(file["path"], file["kind"]) for file in manifest["files"]]
    return found


def _fill_from_archive(columns: Columns, *, with_presence: bool) -> int:
    # Kafka delivers at least once: of the copies of a fact the one that was recorded first counts.
    columns.build("""CREATE TABLE new_facts AS
        SELECT event_id, id, type, source, subject, "time", recordedtime, decode(value)::JSON -> 'data' AS data
        FROM archived_facts WHERE id IS NOT NULL AND event_id NOT IN (SELECT event_id FROM events)
        QUALIFY row_number() OVER (PARTITION BY event_id, id, subject ORDER BY recordedtime, topic, "offset") = 1""")
    columns.build("INSERT INTO facts FROM new_facts")
    columns.build("""CREATE TABLE event_words AS SELECT event_id, data FROM new_facts
        WHERE starts_with(type, 'passerelle.registration.event.')
        QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY "time" DESC, id DESC) = 1""")
    columns.add("sightings", pa.table({"type": list(SIGHTINGS)}))
    columns.build("""INSERT INTO horizons
        SELECT event_id, max("time") FROM new_facts WHERE type IN (FROM sightings) GROUP BY event_id""")
    columns.forget("sightings")
    if with_presence:
        columns.build("""CREATE TABLE standings AS
            SELECT *, coalesce(participant_id, guest_id) AS person FROM archived_presence
            WHERE linked_to IS NULL AND event_id NOT IN (SELECT event_id FROM events)""")
        columns.build("""INSERT INTO people SELECT event_id, person, participant_id IS NULL, status, registered_mode,
            registration FROM standings""")
        columns.build(_FILL_INTERVALS.format(unnested="SELECT event_id, person, unnest(intervals) AS i FROM standings"))
        columns.build("DROP TABLE standings")
    columns.build(_FILL_AGENDA)
    columns.build(_FILL_EVENTS)
    for name in ("event_words", "new_facts"):
        columns.build(f"DROP TABLE {name}")
    for name in ("archived_facts", "archived_presence"):
        columns.forget(name)
    return _count_events(columns)


async def _add_facts(columns: Columns, engine: AsyncEngine) -> None:
    texts = [entries.c[name] for name in ("event_id", "id", "type", "source", "participant_id", "guest_id")]
    numbers = [entries.c.time, entries.c.recorded]
    query = select(*texts, *numbers, cast(entries.c.fact, Text).label("fact")).where(entries.c.source != _OWN_SOURCE)
    fields = [(each.name, pa.string()) for each in texts] + [(each.name, pa.int64()) for each in numbers]
    await _stage(columns, engine, "told", query, [*fields, ("fact", pa.string())])
    columns.build("""INSERT INTO facts SELECT event_id, id, type, source, coalesce(participant_id, guest_id),
        make_timestamp("time" * 1000)::TIMESTAMPTZ, make_timestamp(recorded * 1000)::TIMESTAMPTZ,
        fact::JSON -> 'data' FROM told""")
    columns.build("DROP TABLE told")


async def _add_horizons(columns: Columns, engine: AsyncEngine) -> int:
    timeline = SqlTimeline(engine)
    async with engine.connect() as connection:
        known = list((await connection.execute(select(events.c.event_id))).scalars())
    found = [(event_id, await timeline.horizon(event_id)) for event_id in known]
    columns.add(
        "found",
        pa.table(
            {
                "event_id": pa.array([event_id for event_id, _ in found], pa.string()),
                "horizon": pa.array([at for _, at in found], pa.timestamp("ms", tz="UTC")),
            }
        ),
    )
    columns.build("INSERT INTO horizons FROM found")
    columns.forget("found")
    return len(known)


def _earlier() -> Select[Any]:
    """Intervals that stand before those of their row."""
    theirs: ColumnElement[bool] = and_(
        presence.c.event_id == presence_earlier.c.event_id, presence.c.subject == presence_earlier.c.subject
    )
    counted = and_(presence_earlier.c.number < presence.c.earlier, presence.c.linked_to.is_(None))
    listed = cast(presence_earlier.c.intervals, Text).label("intervals")
    found = select(presence_earlier.c.event_id, presence_earlier.c.subject, listed)
    return found.join(presence, theirs).where(counted)


async def _stage(
    columns: Columns, engine: AsyncEngine, name: str, query: Select[Any], fields: Sequence[tuple[str, Any]]
) -> None:
    """A table with what a query of the read model answers, a batch at a time."""
    schema = pa.schema(fields)
    columns.add("batch", schema.empty_table())
    columns.build(f"CREATE TABLE {name} AS FROM batch")
    columns.forget("batch")
    async for batch in _batches(engine, query, schema):
        columns.add("batch", batch)
        columns.build(f"INSERT INTO {name} FROM batch")
        columns.forget("batch")


async def _batches(engine: AsyncEngine, query: Select[Any], schema: pa.Schema) -> AsyncIterator[pa.Table]:
    async with engine.connect() as connection:
        rows = await connection.stream(query)
        async for part in rows.partitions(_ROWS):
            values = zip(*part, strict=True)
            arrays = [pa.array(list(each), field.type) for each, field in zip(values, schema, strict=True)]
            yield pa.table(arrays, schema=schema)


def _count_events(columns: Columns) -> int:
    answer = columns.ask("SELECT count(*) AS events FROM events")
    return int(next(answer.batches).to_pylist()[0]["events"])
