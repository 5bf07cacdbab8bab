"""Columns of the read model: the views agree with what the service counts, and nothing but questions is answered."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from schemas.envelope import format_instant
from schemas.registration import EventStatus
from services.attendance.adapters.column_files import as_text
from services.attendance.adapters.column_sources import add_read_model, prepare
from services.attendance.adapters.columns import Columns, QueryError
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import EventFacts, colloquium, small_event
from tests.fakes.attendance_web import Attendance

EVENT = "evt_" + "a" * 32
OPEN = "evt_" + "b" * 32


@pytest.fixture
def facts() -> EventFacts:
    facts = colloquium(EVENT, people=60)
    facts.event(EventStatus.CLOSED, minutes=500)
    return facts


@pytest_asyncio.fixture
async def columns(attendance: Attendance, facts: EventFacts) -> AsyncIterator[Columns]:
    await attendance.store(facts.written)
    await attendance.store(small_event(OPEN).written)
    columns = Columns()
    prepare(columns)
    assert await add_read_model(columns, attendance.reading) == 2
    columns.make_views()
    columns.close_doors()
    yield columns
    columns.close()


def asked(columns: Columns, query: str) -> list[dict[str, Any]]:
    return [row for batch in columns.ask(query).batches for row in batch.to_pylist()]


@ON_BOTH
@pytest.mark.parametrize("event", [EVENT, OPEN])
async def test_each_minute_is_that_of_the_figures(attendance: Attendance, columns: Columns, event: str) -> None:
    _, stats = await attendance.ask(f"/api/v1/events/{event}/stats")
    counted = {point["at"]: point for point in stats["curve"]}
    minutes = asked(columns, f"FROM minutes WHERE event_id = '{event}'")
    assert minutes
    for row in minutes:
        point = counted.get(as_text(row["minute"]))
        if point is not None:
            kinds = ("in_person", "remote", "both", "total")
            assert [row[kind] for kind in kinds] == [point[kind] for kind in kinds], row["minute"]


async def test_intervals_and_people_are_those_of_the_presence(attendance: Attendance, columns: Columns) -> None:
    _, presence = await attendance.ask(f"/api/v1/events/{EVENT}/presence", limit="1000")
    expected = {
        (item["participant_id"] or item["guest_id"], each["mode"], each["start"], each["end"], each["grade"])
        for item in presence["items"]
        for each in item["intervals"]
    }
    rows = asked(columns, f"FROM presence_intervals WHERE event_id = '{EVENT}'")
    told = {
        (row["person"], row["mode"], as_text(row["started_at"]), as_text(row["ended_at"]), row["grade"]) for row in rows
    }
    assert told == expected
    (people,) = asked(columns, "SELECT count(*) AS people FROM people WHERE starts_with(event_id, 'evt_a')")
    assert people["people"] == len(presence["items"])


async def test_facts_and_sessions_are_there(columns: Columns, facts: EventFacts) -> None:
    rows = asked(columns, "SELECT *, data ->> 'gate' AS gate FROM facts WHERE starts_with(event_id, 'evt_a')")
    assert {row["fact_id"] for row in rows} == {fact.id for fact in facts.written}
    assert {as_text(row["time"]) for row in rows} == {format_instant(fact.time) for fact in facts.written}
    assert {row["gate"] for row in rows} == {None, "Main door", "Garden door"}
    sessions = asked(columns, "SELECT DISTINCT title FROM sessions WHERE starts_with(event_id, 'evt_a')")
    assert len(sessions) == 3


@pytest.mark.parametrize(
    "query, said",
    [
        ("SELECT nope FROM minutes", '"nope" not found.*(line 1, column 8)'),
        ("SELECT 1,\n  FROM WHERE", "(line 2"),
        ("FROM '/etc/hostname'", "does not exist"),
        ("SELECT * FROM read_csv('/etc/hostname')", "disabled by configuration"),
        ("COPY minutes TO '/tmp/minutes.csv'", "COPY is not for asking"),
        ("EXPLAIN ANALYZE DROP VIEW minutes", "DROP is not for asking"),
        ("EXPLAIN /* and do */ ANALYZE DROP VIEW minutes", "EXPLAIN is not for asking"),
        ("EXPLAIN (SELECT 1)", "EXPLAIN is not for asking"),
        ("ATTACH '/tmp/other.db'", "ATTACH is not for asking"),
        ("SET enable_external_access = true", "SET is not for asking"),
        ("INSTALL httpfs", "is not for asking"),
        ("SELECT 1; SELECT 2", "one question at a time"),
        (" ", "no question"),
    ],
)
async def test_what_is_no_question_is_refused_in_one_line(query: str, said: str) -> None:
    columns = Columns()
    prepare(columns)
    columns.make_views()
    columns.close_doors()
    with pytest.raises(QueryError) as refused:
        columns.ask(query)
    line = str(refused.value)
    assert all(part in line for part in said.split(".*"))
    assert "\n" not in line
