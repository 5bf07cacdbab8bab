"""The people of an event as a file: what the page lists, with times that a spreadsheet reads."""

import csv
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.registration import EventStatus, Mode
from services.attendance.adapters.tables import MIGRATIONS
from services.chassis.access import SESSION_COOKIE
from tests.databases import NewDatabase
from tests.fakes.attendance_facts import ANNE, BASIL, EventFacts, guest
from tests.fakes.attendance_web import ANALYST, ORGANIZER, STRANGER, Attendance, attending
from tests.fakes.spreadsheet import read_sheet

EVENT = "evt_" + "a" * 32
PATH = f"/events/{EVENT}/live/presence"


@pytest.fixture
async def attendance(new_database: NewDatabase) -> AsyncIterator[Attendance]:
    """The web side of attendance, which knows Anne by a name that a spreadsheet would take for a formula."""
    async with attending(await new_database(MIGRATIONS), names={ANNE: "=Anne"}) as running:
        yield running


@pytest.fixture
def facts() -> EventFacts:
    """Anne was on site for an hour and comes again; Basil registered and never came; a guest is online."""
    facts = EventFacts(event_id=EVENT)
    facts.event()
    facts.registered(ANNE, Mode.IN_PERSON)
    facts.registered(BASIL, Mode.REMOTE, waits=True)
    facts.checked_in(ANNE, 0)
    facts.checked_out(ANNE, 60)
    facts.joined(guest(1), 70)
    facts.checked_in(ANNE, 90.5)
    return facts


async def taken(
    attendance: Attendance, kind: str = "csv", *, token: str = ORGANIZER, language: str = "en", **query: str
) -> tuple[int, Any, bytes]:
    """The status, the headers and the content of a file."""
    headers = {"Cookie": f"{SESSION_COOKIE}={token}", "Accept-Language": language}
    async with attendance.session.get(f"{PATH}.{kind}", params=query, headers=headers) as response:
        return response.status, response.headers, await response.read()


def rows_of(body: bytes, *, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig")), delimiter=delimiter))


async def test_everybody_is_there_with_their_times(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    status, headers, body = await taken(attendance)
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert re.fullmatch(r'attachment; filename="presence-[a-z-]+-2026-11-24\.csv"', headers["Content-Disposition"])
    assert attendance.names.taken_along == [(EVENT, "1")]
    by_number = {row["Number"]: row for row in rows_of(body)}
    anne = by_number[ANNE]
    assert (anne["Name"], anne["Registration"], anne["Mode"], anne["Now"]) == (
        "'=Anne",
        "confirmed",
        "on site",
        "on site",
    )
    assert (anne["First in"], anne["Last out"], anne["Counted up to"]) == (
        "2026-11-24 09:00:00",
        "",
        "2026-11-24 10:30:30",
    )
    assert (anne["On site"], anne["On site, seconds"], anne["Present in all"]) == ("1:00:00", "3600", "1:00:00")
    assert (by_number[BASIL]["Registration"], by_number[BASIL]["Now"]) == ("on the waitlist", "absent")
    online = by_number[guest(1)]
    assert (online["Registration"], online["Remote"], online["Remote, seconds"]) == ("guest", "0:20:30", "1230")


async def test_when_all_is_over_the_file_tells_who_left_when(attendance: Attendance, facts: EventFacts) -> None:
    facts.event(EventStatus.CLOSED, minutes=500)
    await attendance.store(facts.written)
    _, _, body = await taken(attendance, language="fr", who="anne")
    (anne,) = rows_of(body, delimiter=";")
    assert anne["Nom"] == "'=Anne"
    assert (anne["Dernier départ"], anne["Compté jusqu’à"]) == ("2026-11-24 17:15:00", "")


@pytest.mark.parametrize("token", [ANALYST, STRANGER])
async def test_who_does_not_organize_the_event_gets_nothing(
    attendance: Attendance, facts: EventFacts, token: str
) -> None:
    await attendance.store(facts.written)
    status, _, _ = await taken(attendance, token=token)
    assert status == 403
    assert attendance.names.taken_along == []


async def test_the_file_is_of_the_instant_and_of_the_people_asked_for(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    _, _, body = await taken(attendance, as_of="2026-11-24T09:30", status="here")
    assert [row["Number"] for row in rows_of(body)] == [ANNE]
    status, _, _ = await taken(attendance, as_of="soon")
    assert status == 400


async def test_a_workbook_holds_dates_and_numbers(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    _, _, body = await taken(attendance, "xlsx", status="on_site")
    heads, anne = read_sheet(body).rows
    told = dict(zip(heads, anne, strict=False))
    assert (told["Name"], told["On site"], told["On site, seconds"]) == ("=Anne", "1:00:00", 3600)
