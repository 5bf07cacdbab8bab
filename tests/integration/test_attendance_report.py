"""The report of an event over HTTP: what it names, who may know what of it, and that it can be drawn again."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from schemas.registration import EventStatus, Mode
from services.attendance.adapters.tables import MIGRATIONS
from services.attendance.web.report_pdf import ATTACHMENT
from services.chassis.access import SESSION_COOKIE
from tests.databases import NewDatabase
from tests.fakes.attendance_facts import ANNE, BASIL, EventFacts, guest, participant
from tests.fakes.attendance_web import ANALYST, DESK, ORGANIZER, Attendance, attending
from tests.verapdf import assert_pdf_ua

EVENT = "evt_" + "a" * 32
PATH = f"/api/v1/events/{EVENT}/report"
CLOSED = "2026-11-24T17:30:00Z"
GOING_ON = "2026-11-24T08:30:30Z"


@pytest.fixture
async def attendance(new_database: NewDatabase) -> AsyncIterator[Attendance]:
    """The web side of attendance."""
    async with attending(await new_database(MIGRATIONS)) as running:
        yield running


@pytest.fixture
def facts() -> EventFacts:
    """Anne in the room, then at home; Basil online, cut off; a guest; somebody who never came."""
    facts = EventFacts(event_id=EVENT)
    facts.event()
    for who, mode in ((ANNE, Mode.IN_PERSON), (BASIL, Mode.REMOTE), (participant(3), Mode.REMOTE)):
        facts.registered(who, mode)
    facts.room(-5, opened=True)
    facts.checked_in(ANNE, 0)
    facts.joined(BASIL, 0)
    facts.joined(guest(1), 30)
    facts.left(guest(1), 60)
    facts.checked_out(ANNE, 90)
    facts.joined(ANNE, 120)
    facts.left(ANNE, 420)
    facts.room(450, opened=False)
    facts.event(EventStatus.CLOSED, minutes=500)
    return facts


async def asked(attendance: Attendance, *, token: str = ORGANIZER, **query: str) -> dict[str, Any]:
    status, found = await attendance.ask(PATH, token=token, **query)
    assert status == 200, found
    return found


async def test_the_report_counts_and_names_what_it_rests_on(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    report = await asked(attendance, as_of=CLOSED)
    assert (report["as_of"], report["open"], report["settings"]["timezone"]) == (
        "2026-11-24T17:30:00.000Z",
        False,
        "Europe/Paris",
    )
    assert len(report["evidence"]["root"]) == 64
    assert report["evidence"]["facts"] == len(facts.written)
    people = report["people"]
    assert {mode: one["value"] for mode, one in people["came"].items()} == {
        "in_person": 1,
        "remote": 3,
        "both": 1,
        "total": 3,
    }
    assert (people["absent"]["remote"]["value"], people["guests"]["value"]) == (1, 1)
    assert report["presence"]["seconds"] == {
        "in_person": 90 * 60,
        "remote": (450 + 30 + 300) * 60,
        "both": 0,
        "total": (90 + 450 + 30 + 300) * 60,
    }
    assert [part["people"]["total"]["value"] for part in report["sessions"]] == [3, 2, 2]
    assert report["switches"]["to_remote"]["with_gap"] == 1
    assert report["reliability"]["seconds"]["inferred"] == 450 * 60
    assert report["retention"][0]["steps"][10]["remote_share"] == 100.0


async def test_the_same_instant_gives_the_same_bytes_whatever_came_later(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    before = await _bytes(attendance)
    facts.checked_in(participant(3), 600)
    await attendance.store(facts.written)
    assert await _bytes(attendance) == before
    assert (await asked(attendance))["people"]["came"]["total"]["value"] == 4


async def test_each_figure_leads_to_those_it_counts(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    report = await asked(attendance, as_of=CLOSED)
    found = list(_figures(report))
    assert len(found) > 40
    found += [(step["in_person"], step["facts"]) for one in report["retention"] for step in one["steps"]]
    assert "presence?group=stayed%3A15%3Aremote&" in " ".join(link for _, link in found)
    for value, link in found:
        status, listed = await attendance.ask(link)
        assert status == 200
        if "/presence?" in link:
            assert len(listed["items"]) == value, link
    status, problem = await attendance.ask(f"/api/v1/events/{EVENT}/presence", group="came:late")
    assert (status, problem["errors"][0]["parameter"]) == (400, "group")


def _figures(told: object) -> Iterator[tuple[int, str]]:
    if isinstance(told, dict):
        if told.get("facts") and "value" in told:
            yield told["value"], told["facts"]
        for name, link in told.items():
            if name.endswith("_facts"):
                yield told[name.removesuffix("_facts")], link
        for one in told.values():
            yield from _figures(one)
    elif isinstance(told, list):
        for one in told:
            yield from _figures(one)


async def test_an_event_that_goes_on_says_so_and_one_not_yet_known_says_why_it_is_empty(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    going_on = await asked(attendance, as_of=GOING_ON)
    assert (going_on["open"], going_on["event"]["status"]) == (True, "published")
    assert going_on["presence"]["seconds"]["in_person"] == 30 * 60
    empty = await asked(attendance, as_of="2026-01-01T00:00:00Z")
    assert empty["people"]["registered"]["total"]["value"] == 0
    assert empty["why_empty"]["reason"] == "nothing_recorded_yet"


async def test_analysts_are_told_of_no_small_group_and_get_no_lists(attendance: Attendance, facts: EventFacts) -> None:
    for number in range(10, 20):
        facts.checked_in(participant(number), 5)
        facts.checked_out(participant(number), 80)
    await attendance.store(facts.written)
    report = await asked(attendance, token=ANALYST)
    # Thirteen came, of whom two were on site at other times than those ten, and one was remote: their tables' ten.
    came = report["people"]["came"]
    assert came["total"] == came["in_person"] == {"value": 10, "facts": None}
    assert (came["remote"]["value"], came["both"]["value"]) == (0, 0)
    assert (
        report["people"]["absent"]["total"]["value"] is report["reliability"]["suspect"] is report["evidence"] is None
    )
    assert (report["settings"]["smallest_group"], report["complete"]) == (5, False)
    assert await asked(attendance, token=ANALYST) == report
    facts.checked_in(participant(3), 5)
    await attendance.store(facts.written)
    again = await asked(attendance, token=ANALYST)
    assert again["people"]["came"]["total"]["value"] == 11
    assert 'facts":"' not in (await _bytes(attendance, token=ANALYST)).decode()


async def test_a_bad_instant_is_named_and_strangers_learn_nothing(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    for wrong in ("soon", "2037-01-01T00:00:00Z"):
        status, problem = await attendance.ask(PATH, as_of=wrong)
        assert (status, problem["errors"][0]["parameter"]) == (400, "as_of")
    assert (await attendance.ask(PATH, token=DESK))[0] == 403
    assert (await attendance.ask("/api/v1/events/evt_unknown/report"))[0] == 404


async def _bytes(attendance: Attendance, *, token: str = ORGANIZER) -> bytes:
    headers = {"Authorization": f"Bearer {token}"}
    async with attendance.session.get(PATH, params={"as_of": CLOSED}, headers=headers) as response:
        return await response.read()


async def taken(attendance: Attendance, kind: str, *, language: str = "en", as_of: str = CLOSED) -> bytes:
    """A file of the report, as an organizer's browser gets it."""
    headers = {"Cookie": f"{SESSION_COOKIE}={ORGANIZER}", "Accept-Language": language}
    path = f"/events/{EVENT}/report.{kind}"
    async with attendance.session.get(path, params={"as_of": as_of}, headers=headers) as response:
        assert response.status == 200
        assert f".{kind}" in response.headers["Content-Disposition"]
        return await response.read()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
async def test_a_file_drawn_again_has_the_same_bytes(attendance: Attendance, facts: EventFacts, kind: str) -> None:
    await attendance.store(facts.written)
    first = await taken(attendance, kind)
    facts.checked_in(participant(3), 600)
    await attendance.store(facts.written)
    assert await taken(attendance, kind) == first


async def test_the_pdf_is_accessible_and_carries_the_report_and_an_open_event_says_so(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    closed, going_on = await taken(attendance, "pdf"), await taken(attendance, "pdf", language="fr", as_of=GOING_ON)
    assert_pdf_ua(closed, going_on)
    assert ATTACHMENT.encode() in closed
    rows = list(csv.DictReader(io.StringIO((await taken(attendance, "csv", as_of=GOING_ON)).decode("utf-8-sig"))))
    assert (rows[0]["What"], rows[0]["Value"]) == (
        "Note",
        "The event was still open then: these figures can become others.",
    )
