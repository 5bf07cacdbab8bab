"""The read API of attendance, over HTTP, on a read model in SQLite."""

from typing import Any

import pytest

from schemas.envelope import format_instant
from schemas.registration import EventStatus, Mode
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import (
    ANNE,
    BASIL,
    BRIDGE,
    ROOM,
    EventFacts,
    colloquium,
    guest,
    participant,
    small_event,
)
from tests.fakes.attendance_web import ANALYST, DESK, ORGANIZER, STRANGER, Attendance

EVENT = "evt_" + "a" * 32


async def ask(
    attendance: Attendance, path: str, *, token: str | None = ORGANIZER, **query: str
) -> tuple[int, dict[str, Any]]:
    return await attendance.ask(f"/api/v1/events/{EVENT}/{path}", token=token, **query)


@ON_BOTH
async def test_presence_of_a_person_has_the_shape_of_the_contract(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    status, answer = await ask(attendance, f"presence/{ANNE}")
    assert status == 200
    assert answer == {
        "participant_id": ANNE,
        "guest_id": None,
        "status": "on_site",
        "registered_mode": "in_person",
        "registration": "confirmed",
        "intervals": [
            {
                "mode": "in_person",
                "start": "2026-11-24T08:00:00.000Z",
                "end": None,
                "via": "Main door",
                "start_inferred": False,
                "end_inferred": None,
                "facts": [facts.id_of("checked_in", ANNE)],
                "sources": ["/registration"],
                "contradicted_by": [],
                "grade": "observed",
            },
            {
                "mode": "remote",
                "start": "2026-11-24T08:10:00.000Z",
                "end": "2026-11-24T08:20:00.000Z",
                "via": f"{BRIDGE}/{ROOM}",
                "start_inferred": False,
                "end_inferred": None,
                "facts": [facts.id_of("joined", ANNE), facts.id_of("left", ANNE)],
                "sources": [BRIDGE],
                "contradicted_by": [],
                "grade": "observed",
            },
        ],
        "seconds": {"in_person": 1860.0, "remote": 600.0, "both": 600.0, "total": 1860.0},
        "contradictions": [],
        "suspect": [],
        "horizon": "2026-11-24T08:31:00.000Z",
        "why_empty": None,
    }


@ON_BOTH
async def test_an_end_taken_from_the_closing_of_the_room_is_marked(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    _, answer = await ask(attendance, f"presence/{BASIL}")
    assert answer["status"] == "away"
    assert [interval["end_inferred"] for interval in answer["intervals"]] == ["room_closed"]


@ON_BOTH
async def test_presence_of_all_is_paged_by_cursor_without_gap_or_double(attendance: Attendance) -> None:
    await attendance.store(colloquium(EVENT, people=30).written)
    _, whole = await ask(attendance, "presence", limit="1000")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        _, page = await ask(attendance, "presence", limit="7", **cursor)
        seen += [item["participant_id"] or item["guest_id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"after": page["next"]}
    assert seen == [item["participant_id"] or item["guest_id"] for item in whole["items"]]
    assert len(seen) == len(set(seen)) >= 30


@ON_BOTH
async def test_a_linked_guest_stands_with_the_participant(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    facts.linked(guest(1), BASIL, 40)
    await attendance.store(facts.written)
    _, everybody = await ask(attendance, "presence")
    assert [item["participant_id"] for item in everybody["items"]] == [ANNE, BASIL]
    _, answer = await ask(attendance, f"presence/{guest(1)}")
    assert answer["participant_id"] == BASIL


@ON_BOTH
async def test_a_registration_after_the_event_does_not_lengthen_what_goes_on(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    facts.registered(participant(7), Mode.REMOTE, minutes=10_000)
    await attendance.store(facts.written)
    _, answer = await ask(attendance, f"presence/{ANNE}")
    assert (answer["horizon"], answer["seconds"]["total"]) == ("2026-11-24T08:31:00.000Z", 1860.0)


@ON_BOTH
async def test_the_timeline_is_in_order_of_time_and_pages_by_cursor(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    await attendance.store(list(facts.written))
    _, first = await ask(attendance, "timeline", limit="4")
    _, second = await ask(attendance, "timeline", limit="1000", after=first["next"])
    assert second["next"] is None
    items = first["items"] + second["items"]
    assert [item["id"] for item in items if item["ends"] is None] == [
        fact.id for fact in sorted(facts.written, key=lambda fact: (fact.time, fact.id))
    ]
    assert [(item["time"], item["id"]) for item in items] == sorted((item["time"], item["id"]) for item in items)


@ON_BOTH
async def test_an_inferred_end_stands_on_the_timeline_until_a_later_fact_tells_otherwise(
    attendance: Attendance,
) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    _, page = await ask(attendance, "timeline")
    ends = {item["participant_id"] or item["guest_id"]: item for item in page["items"] if item["ends"]}
    assert set(ends) == {BASIL, guest(1)}
    room_closed = next(fact.id for fact in facts.written if fact.type.endswith("room.closed.v1"))
    assert ends[BASIL] | {"id": "…"} == {
        "id": "…",
        "time": "2026-11-24T08:30:00.000Z",
        "recorded_time": "2026-11-24T08:30:00.350Z",
        "type": "passerelle.attendance.end_inferred.v1",
        "source": "/attendance",
        "participant_id": BASIL,
        "guest_id": None,
        "mode": "remote",
        "room": None,
        "gate": None,
        "presence": {"status": "away", "seconds": {"in_person": 0.0, "remote": 1740.0, "both": 0.0, "total": 1740.0}},
        "suspect_time": None,
        "accepted": None,
        "ends": {
            "start": "2026-11-24T08:01:00.000Z",
            "via": f"{BRIDGE}/{ROOM}",
            "reason": "room_closed",
            "facts": [facts.id_of("joined", BASIL), room_closed],
        },
        "inferred": None,
        "withdrawn_at": None,
    }
    facts.written.append(facts.left(BASIL, 25).model_copy(update={"recordedtime": facts.at(60)}))
    del facts.written[-2]
    await attendance.store(facts.written)
    for as_of, withdrawn in ((59, None), (60, format_instant(facts.at(60))), (70, format_instant(facts.at(60)))):
        _, page = await ask(attendance, "timeline", as_of=format_instant(facts.at(as_of)))
        (basil,) = [item for item in page["items"] if item["ends"] and item["participant_id"] == BASIL]
        assert (basil["id"], basil["withdrawn_at"]) == (ends[BASIL]["id"], withdrawn)


@ON_BOTH
async def test_a_leave_inferred_from_silence_is_called_so(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    facts.not_heard_of(BASIL, 25)
    await attendance.store(facts.written)

    _, person = await ask(attendance, f"presence/{BASIL}")
    assert [(one["end_inferred"], one["grade"]) for one in person["intervals"]] == [("silence", "inferred")]
    _, page = await ask(attendance, "timeline")
    assert [item["type"].rsplit(".", 2)[1] for item in page["items"] if item["inferred"] == "silence"] == ["left"]
    _, stats = await ask(attendance, "stats")
    assert (stats["inferred"]["ends"]["silence"], stats["inferred"]["ends"]["room_closed"]) == (1, 1)


@ON_BOTH
async def test_an_entry_tells_what_where_and_what_it_led_to(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    _, page = await ask(attendance, "timeline")
    joined = next(item for item in page["items"] if item["guest_id"])
    assert joined | {"id": "…"} == {
        "id": "…",
        "time": "2026-11-24T08:12:00.000Z",
        "recorded_time": "2026-11-24T08:12:00.350Z",
        "type": "passerelle.participation.joined.v1",
        "source": BRIDGE,
        "participant_id": None,
        "guest_id": guest(1),
        "mode": "remote",
        "room": ROOM,
        "gate": None,
        "presence": {"status": "remote", "seconds": {"in_person": 0.0, "remote": 0.0, "both": 0.0, "total": 0.0}},
        "suspect_time": None,
        "accepted": None,
        "ends": None,
        "inferred": None,
        "withdrawn_at": None,
    }
    door = next(item for item in page["items"] if item["type"] == "passerelle.checkin.checked_in.v1")
    assert (door["mode"], door["gate"], door["room"]) == ("in_person", "Main door", None)


@pytest.mark.parametrize("path", ["timeline", "presence", f"presence/{ANNE}", "stats", "live"])
async def test_an_unknown_event_is_not_found(attendance: Attendance, path: str) -> None:
    status, answer = await ask(attendance, path)
    assert (status, answer["status"]) == (404, 404)


async def test_an_unknown_person_is_not_found(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    assert (await ask(attendance, f"presence/{participant(99)}"))[0] == 404
    assert (await ask(attendance, f"presence/{participant(99)}", as_of="2020-01-01T00:00:00Z"))[0] == 404


@pytest.mark.parametrize("path", ["timeline", "presence"])
@pytest.mark.parametrize("name, value", [("after", "nonsense"), ("limit", "0"), ("limit", "many")])
async def test_a_wrong_place_in_a_list_is_refused_and_named(
    attendance: Attendance, path: str, name: str, value: str
) -> None:
    await attendance.store(small_event(EVENT).written)
    status, answer = await ask(attendance, path, **{name: value})
    assert status == 400
    assert [error["parameter"] for error in answer["errors"]] == [name]


@pytest.mark.parametrize("path", ["timeline", "presence", f"presence/{ANNE}", "stats", "live"])
@pytest.mark.parametrize("token, expected", [(None, 401), ("wrong", 401), (DESK, 403), (ANALYST, 403), (STRANGER, 403)])
async def test_only_organizers_of_the_event_may_read(
    attendance: Attendance, path: str, token: str | None, expected: int
) -> None:
    await attendance.store(small_event(EVENT).written)
    assert (await ask(attendance, path, token=token))[0] == expected


@ON_BOTH
async def test_the_latest_word_on_the_event_counts_however_late_the_others_come(attendance: Attendance) -> None:
    facts = EventFacts(event_id=EVENT)
    published = facts.event(minutes=-100)
    closed = facts.event(EventStatus.CLOSED, minutes=500)
    await attendance.store([closed])
    await attendance.store([closed, published], only=1)
    _, stats = await ask(attendance, "stats")
    assert stats["status"] == "closed"


@ON_BOTH
async def test_what_is_told_again_as_it_stands_keeps_its_place(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    before = await attendance.timeline.moment()
    await attendance.store(facts.written)
    assert await attendance.timeline.moment() == before


async def test_the_description_names_every_path(attendance: Attendance) -> None:
    async with attendance.session.get("/internal/openapi.json") as response:
        paths = (await response.json())["paths"]
    assert {path.removeprefix("/api/v1/events/{event_id}") for path in paths} >= {
        "/timeline",
        "/timeline/changes",
        "/presence",
        "/presence/{subject}",
        "/stats",
        "/live",
        "/analysis",
        "/analysis/{table}.parquet",
    }
