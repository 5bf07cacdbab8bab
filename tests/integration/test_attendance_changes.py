"""What changed between two reports, over HTTP and written out, on a read model in SQLite."""

import csv
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pyarrow.parquet
import pytest

from schemas.envelope import Fact, format_instant
from schemas.registration import EventStatus, Mode
from services.attendance.application.reading import UnknownEventError
from services.attendance.application.timeline_export import CHANGE_COLUMNS, Format, write_changes
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import ANNE, BASIL, EventFacts, guest, participant, small_event
from tests.fakes.attendance_web import ANALYST, DESK, NOW, ORGANIZER, STRANGER, Attendance
from tests.fakes.spreadsheet import read_sheet

EVENT = "evt_" + "a" * 32


def recorded(facts: EventFacts, fact: Fact, minutes: float) -> Fact:
    """The same fact, known only so many minutes after the start."""
    late = fact.model_copy(update={"recordedtime": facts.at(minutes)})
    facts.written[facts.written.index(fact)] = late
    return late


async def changes(
    attendance: Attendance, earlier: datetime, later: datetime, *, token: str | None = ORGANIZER, **query: str
) -> tuple[int, dict[str, Any]]:
    asked = {"from": format_instant(earlier), "to": format_instant(later)} | query
    return await attendance.ask(f"/api/v1/events/{EVENT}/timeline/changes", token=token, **asked)


@ON_BOTH
async def test_an_offline_scan_that_came_late_is_named_with_the_seconds_before_and_after(
    attendance: Attendance,
) -> None:
    facts = small_event(EVENT)
    late = recorded(facts, facts.checked_out(ANNE, 25), 90)
    await attendance.store(facts.written)
    status, answer = await changes(attendance, facts.at(60), facts.at(120))
    assert status == 200
    (anne,) = answer["items"]
    assert (anne["participant_id"], anne["guest_id"], anne["unweighed"]) == (ANNE, None, 0)
    assert anne["before"] == {"in_person": 1860.0, "remote": 600.0, "both": 600.0, "total": 1860.0}
    assert anne["after"] == {"in_person": 1500.0, "remote": 600.0, "both": 600.0, "total": 1500.0}
    (step,) = anne["steps"]
    assert (step["cause"], step["fact"]["id"], step["fact"]["gate"]) == ("fact", late.id, "Main door")
    assert (step["before"], step["after"]) == (anne["before"], anne["after"])


@ON_BOTH
async def test_the_two_sides_are_what_presence_answers_as_of_the_two_instants(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    recorded(facts, facts.checked_out(ANNE, 25), 90)
    facts.linked(guest(1), BASIL, 95)
    facts.event(EventStatus.CLOSED, minutes=500)
    await attendance.store(facts.written)
    moments = [facts.at(minutes) for minutes in (-5000, 11, 60, 92, 600)]
    for number, earlier in enumerate(moments):
        for later in moments[number:]:
            _, answer = await changes(attendance, earlier, later)
            told = {item["participant_id"] or item["guest_id"]: item for item in answer["items"]}
            for who in (ANNE, BASIL, guest(1)):
                sides = []
                for moment in (earlier, later):
                    _, known = await attendance.ask(
                        f"/api/v1/events/{EVENT}/presence/{who}", as_of=format_instant(moment)
                    )
                    sides.append(known["seconds"] if (known["participant_id"] or known["guest_id"]) == who else ZERO)
                if who in told:
                    assert sides == [told[who]["before"], told[who]["after"]]
                else:
                    assert sides[0] == sides[1]


ZERO = {"in_person": 0.0, "remote": 0.0, "both": 0.0, "total": 0.0}


@ON_BOTH
async def test_a_link_moves_the_seconds_of_a_guest_to_the_participant(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    link = facts.linked(guest(1), BASIL, 60)
    await attendance.store(facts.written)
    _, answer = await changes(attendance, facts.at(50), facts.at(70))
    people = {item["participant_id"] or item["guest_id"]: item for item in answer["items"]}
    assert set(people) == {guest(1)}  # Basil was there all the while: his seconds are the same
    assert [step["fact"]["id"] for step in people[guest(1)]["steps"]] == [link.id]
    assert people[guest(1)]["after"] == ZERO


@ON_BOTH
async def test_what_goes_on_is_counted_on_by_a_sighting_of_somebody_else(attendance: Attendance) -> None:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    facts.checked_in(ANNE, 0)
    seen = facts.checked_in(BASIL, 10)
    await attendance.store(facts.written)
    _, answer = await changes(attendance, facts.at(5), facts.at(60))
    (anne,) = answer["items"]
    (step,) = anne["steps"]
    assert (step["cause"], step["fact"]["id"]) == ("horizon", seen.id)
    assert (step["before"]["total"], step["after"]["total"]) == (0.0, 600.0)


@ON_BOTH
async def test_nothing_changes_between_an_instant_and_itself(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    status, answer = await changes(attendance, facts.at(20), facts.at(20))
    assert (status, answer) == (200, {"items": [], "next": None, "why_empty": None})


@ON_BOTH
async def test_before_anything_was_known_nothing_changed_and_the_answer_says_why(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    _, answer = await changes(attendance, facts.at(-9000), facts.at(-8000))
    assert answer["items"] == []
    assert answer["why_empty"]["reason"] == "nothing_recorded_yet"


@ON_BOTH
async def test_people_are_paged_without_gap_or_double(attendance: Attendance) -> None:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    for number in range(7):
        facts.registered(participant(number), Mode.IN_PERSON)
        facts.checked_in(participant(number), 1)
        facts.checked_out(participant(number), 30 + number)
    await attendance.store(facts.written)
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        _, page = await changes(attendance, facts.at(0), facts.at(100), limit="3", **after)
        seen += [item["participant_id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == [participant(number) for number in range(7)]


async def test_wrong_instants_are_refused_and_named(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    path = f"/api/v1/events/{EVENT}/timeline/changes"
    good = format_instant(facts.at(0))
    for query, wrong in (
        ({}, ["from", "to"]),
        ({"from": good}, ["to"]),
        ({"from": "yesterday", "to": good}, ["from"]),
        ({"from": good, "to": format_instant(NOW + timedelta(seconds=1))}, ["to"]),
        ({"from": format_instant(NOW + timedelta(seconds=1)), "to": good}, ["from"]),
        ({"from": good, "to": format_instant(facts.at(-1))}, ["to"]),
        ({"from": good, "to": good, "after": "nonsense"}, ["after"]),
    ):
        status, answer = await attendance.ask(path, **query)
        assert (status, [error["parameter"] for error in answer["errors"]]) == (400, wrong)


@pytest.mark.parametrize("token, expected", [(None, 401), (DESK, 403), (ANALYST, 403), (STRANGER, 403)])
async def test_only_organizers_of_the_event_may_compare(
    attendance: Attendance, token: str | None, expected: int
) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    assert (await changes(attendance, facts.at(0), facts.at(1), token=token))[0] == expected


async def written(attendance: Attendance, form: Format, earlier: datetime, later: datetime) -> bytes:
    out = io.BytesIO()
    await write_changes(attendance.timeline, EVENT, earlier=earlier, later=later, form=form, out=out)
    return out.getvalue()


@ON_BOTH
async def test_the_lines_are_the_items_of_the_api_and_the_columns_hold_the_same(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    recorded(facts, facts.checked_out(ANNE, 25, gate="=Garden"), 90)
    facts.linked(guest(1), ANNE, 95)
    await attendance.store(facts.written)
    earlier, later = facts.at(15), facts.at(120)
    _, answer = await changes(attendance, earlier, later)
    lines = (await written(attendance, Format.NDJSON, earlier, later)).splitlines()
    assert [json.loads(line) for line in lines] == answer["items"]
    steps = [(item["participant_id"], step) for item in answer["items"] for step in item["steps"]]
    rows = list(csv.DictReader(io.StringIO((await written(attendance, Format.CSV, earlier, later)).decode())))
    assert [row["fact_id"] for row in rows] == [step["fact"]["id"] for _, step in steps]
    assert [float(row["seconds_total_after"]) for row in rows] == [step["after"]["total"] for _, step in steps]
    assert "'=Garden" in {row["gate"] for row in rows}
    table = pyarrow.parquet.read_table(io.BytesIO(await written(attendance, Format.PARQUET, earlier, later)))
    assert (table.column_names, table.num_rows) == (list(CHANGE_COLUMNS), len(steps))
    sheet = read_sheet(await written(attendance, Format.XLSX, earlier, later))
    assert len(sheet.rows) == len(steps) + 1
    text = (await written(attendance, Format.TABLE, earlier, later)).decode()
    assert len(text.splitlines()) == len(steps) + 1
    assert "checkin.checked_out" in text


async def test_an_unknown_event_has_no_changes(attendance: Attendance) -> None:
    with pytest.raises(UnknownEventError):
        await written(attendance, Format.CSV, NOW, NOW)
