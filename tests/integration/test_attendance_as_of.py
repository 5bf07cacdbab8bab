"""The figures of an event, and what was known at an instant, over HTTP, on a read model in SQLite."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.envelope import format_instant
from schemas.registration import EventStatus
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import (
    ANNE,
    BASIL,
    colloquium,
    guest,
    participant,
    small_event,
)
from tests.fakes.attendance_web import NOW, ORGANIZER, Attendance

EVENT = "evt_" + "a" * 32


async def ask(
    attendance: Attendance, path: str, *, token: str | None = ORGANIZER, **query: str
) -> tuple[int, dict[str, Any]]:
    return await attendance.ask(f"/api/v1/events/{EVENT}/{path}", token=token, **query)


@ON_BOTH
async def test_a_page_as_of_an_instant_tells_of_each_what_their_own_answer_tells(attendance: Attendance) -> None:
    facts = colloquium(EVENT, people=30)
    facts.linked(guest(0), participant(20), 150)
    facts.linked(guest(0), participant(21), 400)
    await attendance.store(facts.written)
    for minutes in (-1000, 100, 200, 1000):
        as_of = format_instant(facts.at(minutes))
        seen: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            _, page = await ask(attendance, "presence", limit="7", as_of=as_of, **cursor)
            seen += page["items"]
            if page["next"] is None:
                break
            cursor = {"after": page["next"]}
        _, whole = await ask(attendance, "presence", limit="1000", as_of=as_of)
        assert seen == whole["items"]
        _, stats = await ask(attendance, "stats", as_of=as_of)
        assert sum(bool(item["intervals"]) for item in seen) == stats["ever_present"]["total"]
        for item in seen[::5]:
            _, own = await ask(attendance, f"presence/{item['participant_id'] or item['guest_id']}", as_of=as_of)
            assert {name: own[name] for name in item} == item


@ON_BOTH
async def test_presence_as_of_an_instant_knows_only_what_was_recorded_by_then(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    status, answer = await ask(attendance, f"presence/{ANNE}", as_of=format_instant(facts.at(15)))
    assert status == 200
    assert answer["status"] == "both"
    assert answer["horizon"] == "2026-11-24T08:12:00.000Z"
    assert answer["seconds"] == {"in_person": 720.0, "remote": 120.0, "both": 120.0, "total": 720.0}


@ON_BOTH
async def test_a_late_fact_changes_the_answer_but_not_the_one_as_of_before(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    late = facts.left(BASIL, 25).model_copy(update={"recordedtime": facts.at(60)})
    facts.written[-1] = late
    await attendance.store(facts.written)
    before = format_instant(late.recordedtime - timedelta(milliseconds=1))
    _, now = await ask(attendance, f"presence/{BASIL}")
    _, then = await ask(attendance, f"presence/{BASIL}", as_of=before)
    assert now["intervals"][0]["end"] == "2026-11-24T08:25:00.000Z"
    assert then["intervals"][0]["end_inferred"] == "room_closed"


@ON_BOTH
async def test_stats_as_of_the_end_equal_the_stats_that_stand(attendance: Attendance) -> None:
    facts = colloquium(EVENT, people=60)
    await attendance.store(facts.written)
    _, standing = await ask(attendance, "stats")
    _, folded = await ask(attendance, "stats", as_of=format_instant(facts.at(10_000)))
    assert folded.pop("as_of") == format_instant(facts.at(10_000))
    assert standing.pop("as_of") is None
    assert folded == standing
    assert standing["curve"]


@ON_BOTH
async def test_stats_as_of_an_instant_tell_the_event_as_it_was_known_then(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    facts.event(EventStatus.CLOSED, minutes=500)
    await attendance.store(facts.written)
    assert (await ask(attendance, "stats"))[1]["status"] == "closed"
    assert (await ask(attendance, "stats", as_of=format_instant(facts.at(400))))[1]["status"] == "published"
    assert (await ask(attendance, "stats", as_of="2020-01-01T00:00:00Z"))[1]["registered"]["total"] == 0


@ON_BOTH
async def test_stats_count_people_seats_peaks_and_what_was_inferred(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    _, stats = await ask(attendance, "stats")
    assert stats["present"] == {"in_person": 1, "remote": 0, "both": 0, "total": 1}
    assert stats["ever_present"] == {"in_person": 1, "remote": 3, "both": 1, "total": 3}
    assert stats["registered"] == {"in_person": 1, "remote": 1, "total": 2, "waitlisted": 0}
    assert stats["capacity"] == {"in_person": 200, "remote": 150}
    assert stats["peak"]["total"] == {"count": 3, "at": "2026-11-24T08:12:00.000Z"}
    assert stats["peak"]["remote"] == {"count": 3, "at": "2026-11-24T08:12:00.000Z"}
    ends = {"room_closed": 2, "room_reopened": 0, "event_closed": 0, "silence": 0}
    assert stats["inferred"] == {"starts": 0, "ends": ends}
    assert stats["horizon"] == "2026-11-24T08:31:00.000Z"


@ON_BOTH
async def test_the_curve_tells_who_was_here_at_the_beginning_of_each_minute(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    _, stats = await ask(attendance, "stats")
    curve = {point["at"][11:16]: point for point in stats["curve"]}
    assert len(curve) == 32
    assert [curve[at]["in_person"] for at in ("08:00", "08:31")] == [1, 1]
    assert [curve[at]["remote"] for at in ("08:00", "08:01", "08:11", "08:15", "08:25", "08:30")] == [0, 1, 2, 3, 2, 0]
    assert [curve[at]["both"] for at in ("08:09", "08:10", "08:19", "08:20")] == [0, 1, 1, 0]
    assert all(p["total"] == p["in_person"] + p["remote"] - p["both"] for p in stats["curve"])


@ON_BOTH
async def test_the_timeline_as_of_an_instant_leaves_out_what_was_recorded_later(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    _, page = await ask(attendance, "timeline", as_of=format_instant(facts.at(12)))
    assert len(page["items"]) == 7


@pytest.mark.parametrize("path", ["timeline", "presence", f"presence/{ANNE}", "stats"])
async def test_before_anything_was_known_an_answer_is_empty_and_says_why(attendance: Attendance, path: str) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    first = format_instant(facts.written[0].recordedtime)
    status, answer = await ask(attendance, path, as_of="2020-01-01T00:00:00Z")
    assert status == 200
    assert [answer.get(name) or [] for name in ("items", "intervals", "curve")] == [[], [], []]
    assert answer["why_empty"] == {
        "reason": "nothing_recorded_yet",
        "first_recorded": first,
        "detail": "At 2020-01-01T00:00:00.000Z nothing was known of this event: "
        f"its first fact was recorded at {first}.",
    }
    assert (await ask(attendance, path, as_of=first))[1]["why_empty"] is None


@pytest.mark.parametrize("path", ["timeline", "presence", f"presence/{ANNE}", "stats"])
async def test_what_will_be_known_cannot_be_asked(attendance: Attendance, path: str) -> None:
    await attendance.store(small_event(EVENT).written)
    assert (await ask(attendance, path, as_of=format_instant(NOW)))[0] == 200
    status, answer = await ask(attendance, path, as_of=format_instant(NOW + timedelta(milliseconds=1)))
    assert (status, answer["errors"]) == (
        400,
        [{"parameter": "as_of", "detail": f"lies in the future: here it is {format_instant(NOW)}"}],
    )


@pytest.mark.parametrize("path", ["timeline", "presence", f"presence/{ANNE}", "stats"])
@pytest.mark.parametrize("instant", ["yesterday", "2026-11-24T08:00:00", "2026-13-01T00:00:00Z", ""])
async def test_a_wrong_instant_is_refused_and_named(attendance: Attendance, path: str, instant: str) -> None:
    await attendance.store(small_event(EVENT).written)
    status, answer = await ask(attendance, path, as_of=instant)
    assert status == 400
    assert [error["parameter"] for error in answer["errors"]] == ["as_of"]
