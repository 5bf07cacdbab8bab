"""What each presence rests on and what does not fit it, over HTTP, on a read model in SQLite."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas import topics
from schemas.envelope import Fact, format_instant
from schemas.registration import EventStatus, TimeAcceptanceData, TimeAcceptanceWithdrawn, TimeAccepted
from services.attendance.adapters.projection import Batch
from services.attendance.stream.own_topics import read_record
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import ANNE, BASIL, BRIDGE, EventFacts, guest
from tests.fakes.attendance_web import ORGANIZER, Attendance

EVENT = "evt_" + "a" * 32


@pytest.fixture
def facts() -> EventFacts:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    return facts


async def ask(attendance: Attendance, path: str, **query: str) -> dict[str, Any]:
    status, answer = await attendance.ask(f"/api/v1/events/{EVENT}/{path}", token=ORGANIZER, **query)
    assert status == 200
    return answer


def in_the_future(facts: EventFacts, fact: Fact) -> Fact:
    """The same fact, recorded an hour before it says it happened."""
    early = fact.model_copy(update={"recordedtime": fact.time - timedelta(hours=1)})
    facts.written[facts.written.index(fact)] = early
    return early


def said(facts: EventFacts, fact: Fact, minutes: float, *, accepted: bool) -> Fact:
    """An organizer's word on the time of a fact."""
    kind = TimeAccepted if accepted else TimeAcceptanceWithdrawn
    word = kind.model_validate(
        {
            "id": f"word-{minutes}",
            "source": "/registration",
            "subject": fact.subject,
            "time": facts.at(minutes),
            "recordedtime": facts.at(minutes),
            "data": TimeAcceptanceData(event_id=EVENT, fact_id=fact.id),
        }
    )
    facts.written.append(word)
    return word


@ON_BOTH
async def test_an_interval_says_what_it_rests_on_and_how_good_that_is(
    attendance: Attendance, facts: EventFacts
) -> None:
    came, joined = facts.checked_in(ANNE, 0), facts.joined(ANNE, 5)
    went = facts.checked_out(ANNE, 30)
    closed = facts.room(40, opened=False)
    again = facts.checked_out(ANNE, 50)
    await attendance.store(facts.written)
    anne = await ask(attendance, f"presence/{ANNE}")
    on_site, online = anne["intervals"]
    assert (on_site["facts"], on_site["sources"]) == ([came.id, went.id], ["/registration"])
    assert (on_site["grade"], on_site["contradicted_by"]) == ("contradicted", [again.id])
    assert (online["facts"], online["sources"], online["grade"]) == ([joined.id, closed.id], [BRIDGE], "inferred")
    assert anne["contradictions"] == [
        {"fact_id": again.id, "time": format_instant(again.time), "kind": "exit_without_entry"}
    ]
    stats = await ask(attendance, "stats")
    assert stats["evidence"] == {"observed": 0, "inferred": 1, "contradicted": 1}
    assert (stats["contradictions"], stats["suspect"]) == (1, 0)
    as_of = await ask(attendance, "stats", as_of=format_instant(facts.at(45)))
    assert as_of["evidence"] == {"observed": 1, "inferred": 1, "contradicted": 0}


@ON_BOTH
async def test_a_second_device_and_a_link_beside_a_check_in_contradict_nothing(
    attendance: Attendance, facts: EventFacts
) -> None:
    facts.checked_in(ANNE, 0)
    facts.joined(ANNE, 5, connection="laptop")
    facts.joined(ANNE, 6, connection="phone")
    await attendance.store(facts.written)
    stats = await ask(attendance, "stats")
    assert stats["evidence"] == {"observed": 3, "inferred": 0, "contradicted": 0}
    assert stats["contradictions"] == 0


@ON_BOTH
async def test_a_fact_from_the_future_is_left_out_flagged_and_moves_no_horizon(
    attendance: Attendance, facts: EventFacts
) -> None:
    facts.checked_in(ANNE, 0)
    facts.joined(BASIL, 10)
    wrong = in_the_future(facts, facts.checked_out(ANNE, 300))
    await attendance.store(facts.written)
    anne = await ask(attendance, f"presence/{ANNE}")
    assert (anne["suspect"], anne["horizon"]) == ([wrong.id], format_instant(facts.at(10)))
    assert anne["seconds"]["total"] == 600.0
    item = next(item for item in (await ask(attendance, "timeline"))["items"] if item["id"] == wrong.id)
    assert (item["suspect_time"], item["accepted"]) == ("future", False)
    assert (await ask(attendance, "stats"))["suspect"] == 1


@ON_BOTH
async def test_a_scan_that_was_taken_back_moves_no_horizon_but_as_it_was_known_before(
    attendance: Attendance, facts: EventFacts
) -> None:
    facts.joined(BASIL, 10)
    facts.checked_in(ANNE, 20)
    for minutes in (40, 50):
        facts.voided(facts.checked_in(ANNE, minutes), 60)
    await attendance.store(facts.written)

    assert (await ask(attendance, f"presence/{BASIL}"))["horizon"] == format_instant(facts.at(20))
    then = await ask(attendance, f"presence/{BASIL}?as_of={format_instant(facts.at(55))}")
    assert then["horizon"] == format_instant(facts.at(50))


@ON_BOTH
async def test_an_accepted_time_counts_until_that_is_taken_back_and_as_of_then(
    attendance: Attendance, facts: EventFacts
) -> None:
    facts.checked_in(ANNE, 0)
    wrong = in_the_future(facts, facts.checked_out(ANNE, 300))
    said(facts, wrong, 320, accepted=True)
    await attendance.store(facts.written)
    anne = await ask(attendance, f"presence/{ANNE}")
    assert (anne["suspect"], anne["seconds"]["total"]) == ([], 18_000.0)
    assert anne["horizon"] == format_instant(facts.at(300))
    item = next(item for item in (await ask(attendance, "timeline"))["items"] if item["id"] == wrong.id)
    assert (item["suspect_time"], item["accepted"]) == ("future", True)
    said(facts, wrong, 330, accepted=False)
    await attendance.store(facts.written)
    assert (await ask(attendance, f"presence/{ANNE}"))["suspect"] == [wrong.id]
    then = await ask(attendance, f"presence/{ANNE}", as_of=format_instant(facts.at(325)))
    assert (then["suspect"], then["seconds"]["total"]) == ([], 18_000.0)
    changes = await ask(
        attendance,
        "timeline/changes",
        **{"from": format_instant(facts.at(310)), "to": format_instant(facts.at(325))},
    )
    (item,) = changes["items"]
    assert next(step["fact"]["id"] for step in item["steps"]) == "word-320"


async def test_a_word_on_a_fact_that_is_not_known_makes_nobody(attendance: Attendance, facts: EventFacts) -> None:
    facts.checked_in(ANNE, 0)
    unknown = facts.joined(guest(9), 5)
    facts.written.remove(unknown)
    said(facts, unknown, 10, accepted=True)
    await attendance.store(facts.written)
    for known in ({}, {"as_of": format_instant(facts.at(20))}):
        people = await ask(attendance, "presence", **known)
        assert [person["participant_id"] for person in people["items"]] == [ANNE]
    assert (await attendance.ask(f"/api/v1/events/{EVENT}/presence/{guest(9)}"))[0] == 404

    facts.written.append(unknown)
    await attendance.store(facts.written)
    assert (await ask(attendance, f"presence/{guest(9)}"))["status"] == "remote"


@ON_BOTH
async def test_what_is_told_from_before_the_day_of_the_event_is_suspect_for_people_and_for_rooms(
    attendance: Attendance, facts: EventFacts
) -> None:
    person, room = facts.joined(ANNE, -3 * 1440), facts.room(-3 * 1440, opened=True)
    await attendance.store(facts.written)
    items = (await ask(attendance, "timeline"))["items"]
    assert {item["id"] for item in items if item["suspect_time"] == "before_event"} == {person.id, room.id}
    stats = await ask(attendance, "stats")
    assert (stats["suspect"], stats["horizon"], stats["present"]["total"]) == (2, None, 0)


@ON_BOTH
async def test_a_late_fact_after_the_close_still_corrects(attendance: Attendance, facts: EventFacts) -> None:
    facts.checked_in(ANNE, 0)
    facts.event(EventStatus.CLOSED, minutes=500)
    late = facts.checked_out(ANNE, 60)
    facts.written[-1] = late.model_copy(update={"recordedtime": facts.at(600)})
    await attendance.store(facts.written)
    now = await ask(attendance, f"presence/{ANNE}")
    then = await ask(attendance, f"presence/{ANNE}", as_of=format_instant(facts.at(550)))
    assert [interval["grade"] for interval in (*then["intervals"], *now["intervals"])] == ["inferred", "observed"]
    assert (then["seconds"]["total"], now["seconds"]["total"]) == (29_700.0, 3_600.0)


@ON_BOTH
async def test_a_presence_told_before_evidence_was_kept_can_still_be_read(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    told = json.loads(Path("schemas/examples/passerelle.presence.changed.v1.before_evidence.json").read_bytes())
    told["data"]["event_id"] = EVENT
    batch = Batch()
    key = f"{EVENT}/{told['subject']}".encode()
    read_record(batch, topics.PRESENCE.name, key, json.dumps(told).encode())
    await attendance.projection.apply(batch)
    person = await ask(attendance, f"presence/{told['subject']}")
    (interval,) = person["intervals"]
    assert (interval["facts"], interval["sources"], interval["contradicted_by"]) == ([], [], [])
    assert interval["grade"] in {"observed", "inferred"}
    assert (person["contradictions"], person["suspect"]) == ([], [])
    async with attendance.session.get(
        f"/events/{EVENT}/live/people/{told['subject']}",
        headers={"Authorization": f"Bearer {ORGANIZER}", "Accept": "text/html"},
    ) as answer:
        assert answer.status == 200
