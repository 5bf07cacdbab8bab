"""Events beside each other, over the API, on the page and as a file."""

import csv
import io
from collections.abc import AsyncIterator

import pytest

from schemas.registration import EventStatus, Mode
from services.attendance.adapters.tables import MIGRATIONS
from services.chassis.access import SESSION_COOKIE
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.attendance_facts import ANNE, BASIL, EventFacts, guest
from tests.fakes.attendance_web import ANALYST, DESK, ORGANIZER, STRANGER, Attendance, attending

OVER, OPEN = "evt_" + "a" * 32, "evt_" + "b" * 32


@pytest.fixture
async def attendance(new_database: NewDatabase) -> AsyncIterator[Attendance]:
    """One event that is over, to which Anne came on site and was online too, with a guest; and one that goes on."""
    over = EventFacts(event_id=OVER)
    over.event()
    over.registered(ANNE, Mode.IN_PERSON)
    over.registered(BASIL, Mode.REMOTE)
    over.checked_in(ANNE, 0)
    over.joined(ANNE, 30)
    over.left(ANNE, 60)
    over.checked_out(ANNE, 60)
    over.joined(guest(1), 70)
    over.left(guest(1), 80)
    over.event(EventStatus.CLOSED, minutes=500)
    goes_on = EventFacts(event_id=OPEN)
    goes_on.event()
    goes_on.registered(ANNE, Mode.IN_PERSON)
    async with attending(await new_database(MIGRATIONS)) as running:
        await running.store(over.written)
        await running.store(goes_on.written)
        yield running


async def read(attendance: Attendance, path: str, *, token: str = ORGANIZER) -> tuple[int, str]:
    headers = {"Cookie": f"{SESSION_COOKIE}={token}", "Accept": "text/html"}
    async with attendance.session.get(path, headers=headers, allow_redirects=False) as response:
        return response.status, await response.text()


@ON_BOTH
async def test_the_figures_are_those_of_each_event_and_their_sum(attendance: Attendance) -> None:
    _, answer = await attendance.ask("/api/v1/comparison")
    by_id = {item["event_id"]: item for item in answer["items"]}
    assert by_id[OVER]["attended"] == {
        "seats": 2,
        "came_with_seat": 1,
        "turnout": 0.5,
        "in_person_only": 0,
        "remote_only": 1,
        "both": 1,
        "came": 2,
        "seconds_in_person": 3600,
        "seconds_remote": 2400,
        "seconds": 4200,
        "mean_seconds": 2100.0,
    }
    assert (by_id[OPEN]["open"], by_id[OPEN]["attended"]["came"]) == (True, 0)
    (total,) = answer["totals"]
    assert (total["year"], total["events"], total["attended"]["seats"]) == (2026, 2, 3)
    _, first = await attendance.ask("/api/v1/comparison", limit="1")
    _, second = await attendance.ask("/api/v1/comparison", limit="1", after=first["next"])
    assert [first["items"][0]["event_id"], second["items"][0]["event_id"]] == [OVER, OPEN]


async def test_analysts_see_what_is_over_without_small_groups_and_others_nothing(attendance: Attendance) -> None:
    (item,) = (await attendance.ask("/api/v1/comparison", token=ANALYST))[1]["items"]
    # Two people with a seat, none of whom can be told of.
    assert (item["event_id"], set(item["attended"].values())) == (OVER, {None})
    _, page = await read(attendance, "/comparison", token=ANALYST)
    assert "Whoever would stand out from fewer than 5 people is left out of all figures." in page
    assert (await attendance.ask("/api/v1/comparison", token=DESK))[0] == 403
    assert (await attendance.ask("/api/v1/comparison", token=STRANGER))[1]["items"] == []
    status, _ = await read(attendance, "/comparison", token="unknown")
    assert status == 303


async def test_the_page_chooses_by_series_and_year_and_the_file_has_the_same(attendance: Attendance) -> None:
    status, page = await read(attendance, "/comparison?series=&from_year=2026&to_year=")
    assert status == 200
    assert "Year by year" in page
    assert f"/events/{OVER}/live" in page
    status, empty = await read(attendance, "/comparison?from_year=2030")
    assert (status, "No event fits this choice." in empty) == (200, True)
    assert (await read(attendance, "/comparison?from_year=12"))[0] == 400
    _, table = await read(attendance, "/comparison.csv")
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert [(row["Number"], row["Came"], row["Not over yet"]) for row in rows] == [(OVER, "2", ""), (OPEN, "0", "yes")]
