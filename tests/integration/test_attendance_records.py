"""How much people attended, as registration asks for it, with the evidence it rests on."""

from hashlib import sha256
from typing import Any

from sqlalchemy import update

from schemas.checkin import CheckedIn, CheckInData
from schemas.envelope import FactData, format_instant
from schemas.registration import (
    Conference,
    EventChanged,
    EventData,
    EventStatus,
    Mode,
    ParticipantCancelled,
    ParticipantRegistered,
    Room,
    SeatData,
    SeatStatus,
    Session,
)
from schemas.session_places import SessionLeftData, SessionPlaceData, SessionPlaceLeft, SessionPlaceTaken
from services.attendance.adapters.fact_reading import SqlFacts
from services.attendance.adapters.tables import entries
from services.attendance.application.evidence import Evidence, canonical_fact, logged_facts
from services.attendance.domain.merkle import is_included, leaf_hash
from services.chassis.access import internal_headers
from services.chassis.database import create_engine
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import ANNE, BASIL, ROOM, EventFacts, colloquium, guest, participant, small_event
from tests.fakes.attendance_web import NOW, Attendance

EVENT = "evt_" + "a" * 32


async def asked(attendance: Attendance, **body: object) -> Any:  # noqa: ANN401
    known = internal_headers(attendance.settings)
    body = {"event_id": EVENT, **body}
    async with attendance.session.post("/internal/attendance-records", json=body, headers=known) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


@ON_BOTH
async def test_the_records_of_an_event_tell_of_each_participant_by_half_day_and_session(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    facts.linked(guest(1), BASIL, 40)
    facts.checked_out(ANNE, 300)
    facts.event(EventStatus.CLOSED, minutes=500)
    await attendance.store(facts.written)
    told = await asked(attendance)
    assert [person["participant_id"] for person in told["people"]] == [ANNE, BASIL]
    assert (told["as_of"], told["open"], told["next"]) == (format_instant(NOW), False, None)
    assert [half["half_day_id"] for half in told["half_days"]] == ["2026-11-24/morning", "2026-11-24/afternoon"]
    assert told["planned"] == 60 * (90 + 90 + 30 + 120)


@ON_BOTH
async def test_page_by_page_they_are_those_of_all_and_as_known_then(attendance: Attendance) -> None:
    facts = colloquium(EVENT, people=40)
    await attendance.store(facts.written)
    then = format_instant(facts.at(200))
    whole = await asked(attendance, as_of=then)
    assert len(whole["people"]) > 30
    assert whole["open"] is True
    seen: list[Any] = []
    after = None
    while True:
        page = await asked(attendance, as_of=then, limit=7, after=after)
        seen += page["people"]
        after = page["next"]
        if after is None:
            break
    assert seen == whole["people"]
    some = [participant(3), participant(30), participant(9999)]
    alone = await asked(attendance, as_of=then, participant_ids=some)
    assert alone["people"] == [one for one in whole["people"] if one["participant_id"] in some]
    assert alone["evidence"] == whole["evidence"]


@ON_BOTH
async def test_the_root_is_that_of_the_log_whatever_came_in_since_it_was_asked_last(attendance: Attendance) -> None:
    facts = colloquium(EVENT, people=20, until=100)
    facts.voided(facts.checked_in(ANNE, 101), 102)
    await attendance.store(facts.written)
    before = [one.leaf for one in logged_facts(EVENT, ((0, fact.to_bytes()) for fact in facts.written))]
    then = facts.at(400)
    root = {"root": Evidence(before, as_of=10**15).root, "facts": len(facts.written)}
    assert (await asked(attendance, as_of=format_instant(then)))["evidence"] == root
    facts.chatted(BASIL, 500)
    facts.left(BASIL, 500)
    await attendance.store(facts.written, only=2)
    status, told = await attendance.ask(f"/api/v1/events/{EVENT}/evidence", as_of=format_instant(then))
    assert (status, {name: told[name] for name in root}) == (200, root)
    twice = (*facts.written, *facts.written)
    after = [one.leaf for one in logged_facts(EVENT, ((0, fact.to_bytes()) for fact in twice))]
    _, told = await attendance.ask(f"/api/v1/events/{EVENT}/evidence")
    assert (told["root"], told["facts"]) == (Evidence(after, as_of=10**15).root, len(facts.written))
    assert (told["as_of"], told["horizon"]) == (format_instant(NOW), format_instant(facts.at(500)))


@ON_BOTH
async def test_the_root_is_the_same_of_what_was_stored_before_leaves_were(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    await attendance.store(facts.written)
    known = await SqlFacts(attendance.reading).evidence(EVENT, as_of=10**15)
    writing = create_engine(attendance.reading.url.render_as_string(hide_password=False))
    async with writing.begin() as connection:
        every_other = entries.c.position % 2 == 0
        changed = await connection.execute(update(entries).where(every_other).values(leaf=None))
    await writing.dispose()
    assert 0 < changed.rowcount < len(facts.written)
    found = await SqlFacts(attendance.reading).evidence(EVENT, as_of=10**15)
    assert (found[1].root, found[1].facts) == (known[1].root, len(facts.written))
    await attendance.store(facts.written)
    again = await SqlFacts(attendance.reading).evidence(EVENT, as_of=10**15)
    assert again[0] == known[0]  # What is told again is nothing new.


@ON_BOTH
async def test_each_fact_behind_somebodys_record_is_proved_to_be_in_the_evidence(attendance: Attendance) -> None:
    facts = small_event(EVENT)
    facts.linked(guest(1), BASIL, 40)
    await attendance.store(facts.written)
    body = {"event_id": EVENT, "participant_id": BASIL}
    known = internal_headers(attendance.settings)
    async with attendance.session.post("/internal/evidence-proofs", json=body, headers=known) as answer:
        told = await answer.json()
    forms = {fact.id: leaf_hash(canonical_fact(fact.to_bytes())) for fact in facts.written}
    assert {proof["fact_id"]: proof["leaf"] for proof in told["proofs"]} == {
        fact.id: forms[fact.id].hex()
        for fact in facts.written
        if (fact.subject in {BASIL, guest(1)} and not fact.type.endswith(".interaction.v1"))
        or fact.type.endswith((".published.v1", ".room.closed.v1"))
    }
    for proof in told["proofs"]:
        assert is_included(
            bytes.fromhex(proof["leaf"]),
            index=proof["index"],
            size=told["facts"],
            path=[bytes.fromhex(beside) for beside in proof["path"]],
            root=bytes.fromhex(told["root"]),
        )
    several = {"event_id": EVENT, "participant_ids": [ANNE, BASIL]}
    async with attendance.session.post("/internal/evidence-proofs", json=several, headers=known) as answer:
        people = (await answer.json())["people"]
    assert people[BASIL] == told["proofs"]
    assert {proof["fact_id"] for proof in people[ANNE]} >= {fact.id for fact in facts.written if fact.subject == ANNE}
    records = await asked(attendance, participant_ids=[BASIL])
    assert records["evidence"] == {"root": told["root"], "facts": told["facts"]}


async def test_an_unknown_event_has_no_records_and_strangers_get_none(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    known = internal_headers(attendance.settings)
    for path in ("/internal/attendance-records", "/internal/evidence-proofs"):
        async with attendance.session.post(path, json={"event_id": "evt_none"}, headers=known) as answer:
            assert answer.status == 404
        async with attendance.session.post(path, json={"event_id": EVENT}) as answer:
            assert answer.status == 403


async def test_as_of_before_anything_was_known_there_is_nobody_and_the_root_is_that_of_nothing(
    attendance: Attendance,
) -> None:
    await attendance.store(small_event(EVENT).written)
    told = await asked(attendance, as_of="2020-01-01T00:00:00Z")
    assert (told["people"], told["evidence"]["facts"]) == ([], 0)
    _, told = await attendance.ask(f"/api/v1/events/{EVENT}/evidence", as_of="2020-01-01T00:00:00Z")
    assert (told["root"], told["why_empty"]["reason"]) == (sha256().hexdigest(), "nothing_recorded_yet")


@ON_BOTH
async def test_beside_other_sessions_scans_rooms_and_seats_tell_where_somebody_was(attendance: Attendance) -> None:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    halls = [("ses_a", "A"), ("ses_b", "B"), ("ses_c", "B")]
    sessions = [
        Session(
            session_id=one, title=one, starts_at=facts.at(0), ends_at=facts.at(60), room=room, cancelled=one == "ses_c"
        )
        for one, room in halls
    ]
    rooms = (
        Room(room_id="room_a", name="A", conference=Conference(source="main", room=ROOM)),
        Room(room_id="room_b", name="B"),
    )
    published = facts.written[-1].data
    assert isinstance(published, EventData)
    facts.write(EventChanged, published.model_copy(update={"sessions": tuple(sessions), "rooms": rooms}), None, -2900)
    carla, dora = participant(3), participant(4)
    for who in (ANNE, carla, dora):
        facts.registered(who, Mode.IN_PERSON)
        facts.checked_in(who, -5)
    venue = SeatData(event_id=EVENT, mode=Mode.REMOTE, status=SeatStatus.CONFIRMED, headcount=12)
    facts.write(ParticipantRegistered, venue, BASIL, -2000)
    facts.joined(BASIL, 10)
    facts.left(BASIL, 50)
    facts.write(ParticipantCancelled, FactData(event_id=EVENT), BASIL, 55)
    facts.write(CheckedIn, CheckInData(event_id=EVENT, place_id="ses_b"), ANNE, 10)
    mistake = facts.write(CheckedIn, CheckInData(event_id=EVENT, place_id="ses_a"), carla, 10)
    facts.voided(mistake, 11)
    for session_id in ("ses_a", "ses_b"):
        seat = SessionPlaceData(event_id=EVENT, session_id=session_id, mode=Mode.IN_PERSON, status=SeatStatus.CONFIRMED)
        facts.write(SessionPlaceTaken, seat, carla, -1000)
    facts.write(SessionPlaceLeft, SessionLeftData(event_id=EVENT, session_id="ses_a"), carla, -900)
    facts.checked_out(dora, 60)
    await attendance.store(facts.written)
    told = await asked(attendance)
    assert [one["session_id"] for one in told["sessions"]] == ["ses_a", "ses_b"]
    spent = {person["participant_id"]: person["sessions"].values() for person in told["people"]}
    assert {who: [(one["total"] // 60, one["attributed"]) for one in spent[who]] for who in spent} == {
        ANNE: [(0, "unknown"), (50, "scan")],
        BASIL: [(40, "room"), (0, None)],
        carla: [(0, None), (60, "choice")],
        dora: [(0, "unknown"), (0, "unknown")],
    }
    assert {person["participant_id"]: person["headcount"] for person in told["people"]} == {
        ANNE: None,
        BASIL: 12,
        carla: None,
        dora: None,
    }
    assert await asked(attendance, as_of=format_instant(NOW), participant_ids=[ANNE, BASIL, carla, dora]) == told
