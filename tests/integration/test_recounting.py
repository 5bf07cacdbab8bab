"""What is counted again from the records of a log is what was counted from the read model, and printed."""

from datetime import datetime

from schemas.eligibility import ContestAnswerData, ContestAnswered, GrantedTime
from schemas.eligibility import Outcome as Answered
from schemas.registration import EventStatus, Mode
from services.attendance.adapters.tables import to_column
from services.attendance.application.recounting import granted_to, recounted
from services.registration.adapters.attendance_records import HttpAttendanceReckoning
from services.registration.domain.attendance_records import AttendedTime
from services.registration.domain.certificates import figures_of
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import ANNE, BASIL, EventFacts, colloquium, guest
from tests.fakes.attendance_web import NOW, Attendance

EVENT = "evt_" + "a" * 32


async def agree(attendance: Attendance, facts: EventFacts, as_of: datetime) -> None:
    settings = attendance.settings.model_copy(update={"attendance_url": attendance.url})
    page = await HttpAttendanceReckoning(settings).page(EVENT, as_of=as_of)
    assert len(page.people) > 20
    assert page.schedule.reconnect_grace_seconds == 60
    known = [fact.to_bytes() for fact in facts.written if fact.recordedtime <= as_of]
    again = recounted(EVENT, known)
    assert again is not None
    for record in page.people:
        whose = record.participant_id
        assert again.certificate(whose, None) == figures_of(record)
        (alone,) = [recounted(EVENT, known, subjects=[whose])] if whose in {ANNE, BASIL} else [again]
        assert alone is not None
        assert alone.certificate(whose, None) == figures_of(record)
    for half in page.schedule.half_days:
        there = {record.participant_id: record.half_days.get(half.half_day_id) for record in page.people}
        sheet = again.sheet(half.half_day_id)
        for whose, time in there.items():
            told = time or AttendedTime()
            row = sheet.get(whose, {})
            assert (row.get("total", 0), row.get("remote", 0)) == (told.total, told.remote)
        assert sheet.keys() <= there.keys()


@ON_BOTH
async def test_certificates_and_sheets_are_counted_again_from_the_log_as_the_read_model_counts_them(
    attendance: Attendance,
) -> None:
    facts = colloquium(EVENT, people=40)
    facts.linked(guest(1), BASIL, 430)
    mistake = facts.joined(ANNE, 440, connection="by mistake")
    facts.voided(mistake, 441)
    wrong_clock = facts.checked_in(ANNE, 900)
    facts.written[-1] = wrong_clock.model_copy(update={"recordedtime": facts.at(442)})
    await attendance.store(facts.written)
    for minutes in (60, 200, 445):  # while the event goes on, up to the latest sighting that counts
        await agree(attendance, facts, facts.at(minutes))
    facts.event(EventStatus.CLOSED, minutes=500)
    await attendance.store(facts.written[-1:])
    await agree(attendance, facts, NOW)


def test_what_was_granted_is_the_last_word_on_each_contest_and_counts_once_beside_what_was_seen() -> None:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    facts.checked_in(ANNE, 0)
    facts.checked_out(ANNE, 10)

    def answer(minutes: float, contest: str, *, until: float | None, who: str = ANNE) -> None:
        granted = None if until is None else GrantedTime(mode=Mode.REMOTE, start=facts.at(5), end=facts.at(until))
        outcome = Answered.WITHDRAWN if granted is None else Answered.UPHELD
        data = ContestAnswerData(event_id=EVENT, contest_id=contest, outcome=outcome, granted=granted)
        facts.write(ContestAnswered, data, who, minutes)

    def granted() -> object:
        values = [fact.to_bytes() for fact in reversed(facts.written)]
        again = recounted(EVENT, values, subjects=[ANNE])
        assert again is not None
        return granted_to(ANNE, values, again.people[ANNE][1], as_of=to_column(NOW))

    assert granted() is None
    answer(500, "con_1", until=20)
    answer(501, "con_2", until=25)
    answer(501, "con_3", until=400, who=BASIL)
    assert granted() == {
        "seconds": 900,
        "spans": [
            {
                "mode": "remote",
                "start": "2026-11-24T08:05:00.000Z",
                "end": f"2026-11-24T08:{end}:00.000Z",
                "session_id": None,
                "granted_at": f"2026-11-24T16:2{minute}:00.000Z",
            }
            for end, minute in ((20, 0), (25, 1))
        ],
    }
    answer(502, "con_2", until=None)
    assert granted() != {}
    assert "08:25" not in str(granted())
    answer(503, "con_1", until=None)
    assert granted() is None
