"""The read model keeps what is told: withdrawn entries, earlier intervals, figures of those who stand."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from schemas import topics
from schemas.registration import Mode
from services.attendance.adapters.projection import Batch
from services.attendance.stream.own_topics import read_record
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import EventFacts, participant
from tests.fakes.attendance_log import told
from tests.fakes.attendance_web import Attendance

EVENT = "evt_" + "b" * 32
ANNE, BASIL = participant(1), participant(2)


@pytest.fixture
def facts() -> EventFacts:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    return facts


async def keep(attendance: Attendance, topic: str, key: str, document: dict[str, Any] | None) -> None:
    """Store one record, and tell the watchers."""
    batch = Batch()
    read_record(batch, topic, key.encode(), None if document is None else json.dumps(document).encode())
    stored = await attendance.projection.apply(batch)
    await attendance.feed.advance(batch.event_ids, stored)


def interval(minute: int) -> dict[str, Any]:
    hour, rest = divmod(minute, 60)
    start = f"2026-11-24T{8 + hour:02}:{rest:02}"
    return {"mode": "remote", "start": f"{start}:00.000Z", "end": f"{start}:30.000Z", "via": "jitsi:main/amphi"}


def presence(intervals: list[dict[str, Any]], *, earlier: int) -> dict[str, Any]:
    seconds = {"in_person": 0, "remote": 30.0 * (len(intervals) + 2 * earlier), "both": 0}
    data = {
        "event_id": EVENT,
        "status": "away",
        "intervals": intervals,
        "seconds": {**seconds, "total": seconds["remote"]},
        "earlier": earlier,
    }
    return envelope("passerelle.presence.changed.v1", data)


def envelope(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    at = "2026-11-24T10:00:00.000Z"
    return {
        "specversion": "1.0",
        "id": "f1",
        "source": "/attendance",
        "type": kind,
        "subject": ANNE,
        "time": at,
        "recordedtime": at,
        "data": data,
    }


@ON_BOTH
async def test_an_entry_told_again_as_withdrawn_takes_the_place_of_the_first(
    attendance: Attendance, facts: EventFacts
) -> None:
    facts.registered(ANNE, Mode.REMOTE)
    facts.joined(ANNE, 1)
    entry = told(facts.written).entries[-1].model_dump(mode="json", exclude_none=True)
    await keep(attendance, topics.TIMELINE.name, EVENT, entry)
    before = await attendance.timeline.moment()
    entry["data"]["withdrawn_at"] = "2026-11-24T09:00:00.000Z"
    await keep(attendance, topics.TIMELINE.name, EVENT, entry)
    (again,) = await attendance.timeline.since(EVENT, position=before.position, limit=10)
    assert (again.id, again.withdrawn is not None) == (entry["id"], True)
    await keep(attendance, topics.TIMELINE.name, EVENT, entry)
    assert (await attendance.timeline.moment()).position == again.position


@ON_BOTH
async def test_earlier_intervals_stand_before_the_others_as_far_as_they_count(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    for number in range(3):
        chunk = {"event_id": EVENT, "number": number, "intervals": [interval(2 * number), interval(2 * number + 1)]}
        earlier = envelope("passerelle.presence.earlier.v1", chunk)
        await keep(attendance, topics.PRESENCE.name, f"{EVENT}/{ANNE}/{number:04}", earlier)
    # The third was written and what names it never came: it does not count.
    await keep(attendance, topics.PRESENCE.name, f"{EVENT}/{ANNE}", presence([interval(10)], earlier=2))
    standing = await attendance.timeline.standing(EVENT, ANNE)
    assert standing is not None
    assert len(standing.presence.intervals) == 5
    status, answer = await attendance.ask(f"/api/v1/events/{EVENT}/presence/{ANNE}")
    assert (status, len(answer["intervals"]), answer["seconds"]["total"]) == (200, 5, 150.0)
    _, stats = await attendance.ask(f"/api/v1/events/{EVENT}/stats")
    assert (stats["ever_present"]["remote"], stats["evidence"]["observed"]) == (1, 5)


@ON_BOTH
async def test_the_figures_follow_who_comes_moves_and_is_taken_away(attendance: Attendance, facts: EventFacts) -> None:
    facts.registered(ANNE, Mode.IN_PERSON)
    facts.checked_in(ANNE, 0)
    facts.checked_in(BASIL, 1)
    await attendance.store(facts.written)
    path = f"/api/v1/events/{EVENT}/stats"
    assert (await attendance.ask(path))[1]["present"]["in_person"] == 2
    facts.checked_out(BASIL, 5)
    await attendance.store(facts.written)
    _, stats = await attendance.ask(path)
    assert (stats["present"]["in_person"], stats["ever_present"]["in_person"]) == (1, 2)
    await keep(attendance, topics.PRESENCE.name, f"{EVENT}/{BASIL}", None)
    _, stats = await attendance.ask(path)
    assert (stats["present"]["in_person"], stats["ever_present"]["in_person"]) == (1, 1)


async def test_no_statement_of_the_projector_or_a_page_goes_through_all_entries(
    attendance: Attendance, facts: EventFacts
) -> None:
    said: list[tuple[str, Any]] = []

    @sa.event.listens_for(sa.engine.Engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, statement: str, parameters: Any, _x: object, many: bool) -> None:  # noqa: ANN401  (as SQLAlchemy calls it)
        said.append((statement, parameters[0] if many and parameters else parameters))

    try:
        facts.registered(ANNE, Mode.IN_PERSON)
        facts.checked_in(ANNE, 0)
        facts.room(1, opened=True)
        await attendance.store(facts.written)
        for path in ("stats", "presence", f"presence/{ANNE}", "timeline"):
            assert (await attendance.ask(f"/api/v1/events/{EVENT}/{path}"))[0] == 200
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", _note)
    plans = []
    async with attendance.reading.connect() as connection:
        for statement, parameters in said:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                steps = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans += [step.detail for step in steps]
    assert any("entries" in plan for plan in plans)
    assert [plan for plan in plans if plan.startswith(("SCAN entries", "SCAN presence"))] == []
