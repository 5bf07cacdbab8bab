"""What analysts get of an event: tables under random ids, without who would stand out, and nothing else."""

import csv
import io
import json
from collections import Counter
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq
import pytest

from schemas.registration import EventStatus
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import EventFacts, colloquium, guest, participant, small_event
from tests.fakes.attendance_web import ANALYST, ORGANIZER, STRANGER, Attendance

EVENT = "evt_" + "a" * 32
OTHER = "evt_" + "b" * 32
SMALLEST = 5


def closed(event_id: str = EVENT, *, people: int = 60) -> EventFacts:
    facts = colloquium(event_id, people=people)
    facts.event(EventStatus.CLOSED, minutes=500)
    return facts


async def taken(attendance: Attendance, table: str, *, token: str = ANALYST, event: str = EVENT) -> bytes:
    path = f"/api/v1/events/{event}/analysis/{table}"
    async with attendance.session.get(path, headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Cache-Control"] == "no-store"
        return await response.read()


async def rows_of(attendance: Attendance, table: str, **asked: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (await taken(attendance, f"{table}.ndjson", **asked)).splitlines()]


@ON_BOTH
async def test_people_have_random_ids_that_join_neither_across_events_nor_across_readers(
    attendance: Attendance,
) -> None:
    for event in (EVENT, OTHER):
        await attendance.store(closed(event).written)
    mine, again, theirs, elsewhere = [
        {row["person"] for row in await rows_of(attendance, "presence_intervals", token=token, event=event)}
        for token, event in ((ANALYST, EVENT), (ANALYST, EVENT), (ORGANIZER, EVENT), (ANALYST, OTHER))
    ]
    assert mine
    assert mine == again
    assert not mine & theirs
    assert not mine & elsewhere
    assert all(one.startswith("anon_") for one in mine)


async def test_no_table_tells_a_participant_a_guest_a_door_or_a_fact(attendance: Attendance) -> None:
    facts = closed()
    await attendance.store(facts.written)
    secret = {fact.id for fact in facts.written} | {participant(number) for number in range(60)} | {guest(1), guest(2)}
    status, told = await attendance.ask(f"/api/v1/events/{EVENT}/analysis", token=ANALYST)
    assert status == 200
    for table in told["tables"]:
        for form in ("csv", "ndjson"):
            text = (await taken(attendance, f"{table}.{form}")).decode()
            assert not [one for one in secret if one in text]
            assert "Main door" not in text
            assert "/bridge/" not in text


async def test_every_number_is_of_so_many_people_or_of_none_and_tables_agree(attendance: Attendance) -> None:
    await attendance.store(closed(people=40).written)
    few = range(1, SMALLEST)
    minutes = await rows_of(attendance, "minutes")
    assert max(row["total"] for row in minutes) >= SMALLEST
    for row in minutes:
        alone = [row["in_person"] - row["both"], row["remote"] - row["both"], row["both"]]
        assert not [count for count in alone if count in few]
    assert not [row for row in await rows_of(attendance, "sessions") if row["people"] in few]
    intervals = await rows_of(attendance, "presence_intervals")
    switches = await rows_of(attendance, "switches")
    switched: dict[tuple[str, str], set[str]] = {}
    for row in switches:
        switched.setdefault((row["from_mode"], row["to_mode"]), set()).add(row["person"])
    assert all(len(people) >= SMALLEST for people in switched.values())
    for row in minutes:
        here = Counter(each["mode"] for each in intervals if each["started_at"] <= row["minute"] < each["ended_at"])
        assert (here["in_person"], here["remote"]) == (row["in_person"], row["remote"])


async def test_of_an_event_with_too_few_people_nobody_is_told(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    facts.event(EventStatus.CLOSED, minutes=500)
    await attendance.store(facts.written)
    _, told = await attendance.ask(f"/api/v1/events/{EVENT}/analysis", token=ANALYST)
    assert (told["people"], told["complete"], told["smallest_group"]) == (0, False, SMALLEST)
    assert await rows_of(attendance, "presence_intervals") == []
    assert await rows_of(attendance, "minutes") == []


async def test_while_people_come_nothing_is_told(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    status, problem = await attendance.ask(f"/api/v1/events/{EVENT}/analysis/minutes.csv", token=ANALYST)
    assert (status, problem["reason"]) == (409, "event_open")


async def test_the_three_formats_tell_the_same(attendance: Attendance) -> None:
    await attendance.store(closed().written)
    in_lines = await rows_of(attendance, "presence_intervals")
    in_columns = pq.read_table(io.BytesIO(await taken(attendance, "presence_intervals.parquet"))).to_pylist()
    in_text = list(csv.DictReader(io.StringIO((await taken(attendance, "presence_intervals.csv")).decode())))
    assert in_text == in_lines
    assert [row["started_at"] for row in in_columns] == [datetime.fromisoformat(row["started_at"]) for row in in_lines]


@pytest.mark.parametrize("token, expected", [(None, 401), ("wrong", 401), (STRANGER, 403)])
async def test_only_analysts_and_organizers_of_the_event_get_it(
    attendance: Attendance, token: str | None, expected: int
) -> None:
    await attendance.store(closed().written)
    assert (await attendance.ask(f"/api/v1/events/{EVENT}/analysis", token=token))[0] == expected
