"""Attendance as xAPI statements: valid for a record store, under random names, the same each time."""

from typing import Any

import pytest
from ralph.models.xapi.base.statements import BaseXapiStatement

from schemas.registration import EventStatus
from services.attendance.application.xapi import iso_duration
from tests.fakes.attendance_facts import ANNE, EventFacts, colloquium, small_event
from tests.fakes.attendance_web import ANALYST, DESK, ORGANIZER, Attendance

EVENT = "evt_" + "a" * 32


def closed(facts: EventFacts) -> EventFacts:
    facts.event(EventStatus.CLOSED, minutes=500)
    return facts


async def all_of(attendance: Attendance, token: str, *, limit: str = "1000") -> list[dict[str, Any]]:
    """Every statement, by following `more`."""
    found: list[dict[str, Any]] = []
    following = f"/api/v1/events/{EVENT}/xapi?limit={limit}"
    while following:
        status, page = await attendance.ask(following, token=token)
        assert status == 200
        found += page["statements"]
        following = page["more"]
    return found


async def test_every_statement_is_valid_and_known_by_what_it_says(attendance: Attendance) -> None:
    await attendance.store(closed(colloquium(EVENT, people=40)).written)
    told = await all_of(attendance, ORGANIZER)
    for statement in told:
        BaseXapiStatement.model_validate(statement)
        assert statement["verb"]["id"] == "http://adlnet.gov/expapi/verbs/attended"
        assert statement["actor"]["account"]["name"].startswith("anon_")
    assert len({statement["id"] for statement in told}) == len(told)
    assert await all_of(attendance, ORGANIZER, limit="7") == told


async def test_it_says_for_how_long_and_how_somebody_was_there(attendance: Attendance) -> None:
    await attendance.store(closed(small_event(EVENT)).written)
    told = await all_of(attendance, ORGANIZER)
    (longest,) = [each for each in told if each["result"]["duration"] == "PT8H15M"]
    assert longest["object"]["id"] == f"http://127.0.0.1/e/{EVENT}"
    assert longest["context"]["extensions"] == {"http://127.0.0.1/xapi/mode": "both"}
    assert longest["timestamp"] == "2026-11-24T16:15:00.000Z"
    opening = [each for each in told if each["object"]["id"].endswith("#ses_0") and each["actor"] == longest["actor"]]
    assert [each["result"]["duration"] for each in opening] == ["PT1H30M"]
    assert opening[0]["context"]["contextActivities"] == {"parent": [longest["object"]]}
    assert ANNE not in str(told)


async def test_analysts_get_whom_they_are_told_of_and_desks_nothing(attendance: Attendance) -> None:
    await attendance.store(closed(colloquium(EVENT, people=40)).written)
    everybody = {each["actor"]["account"]["name"] for each in await all_of(attendance, ORGANIZER)}
    told = {each["actor"]["account"]["name"] for each in await all_of(attendance, ANALYST)}
    assert told
    assert not told & everybody
    assert (await attendance.ask(f"/api/v1/events/{EVENT}/xapi", token=DESK))[0] == 403


async def test_an_event_that_is_not_closed_has_no_statements_yet(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    status, problem = await attendance.ask(f"/api/v1/events/{EVENT}/xapi")
    assert (status, problem["reason"]) == (409, "event_open")


@pytest.mark.parametrize(
    "milliseconds, written",
    [
        (0, "PT0S"),
        (9, "PT0S"),
        (10, "PT0.01S"),
        (61_000, "PT1M1S"),
        (3_600_000, "PT1H"),
        (90_061_250, "PT25H1M1.25S"),
    ],
)
def test_durations_are_written_to_the_hundredth_of_a_second(milliseconds: int, written: str) -> None:
    assert iso_duration(milliseconds) == written
