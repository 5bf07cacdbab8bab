"""What stands on a sheet: comings and goings, what was inferred, who was absent, cancelled or came without a ticket."""

from datetime import timedelta
from typing import Any

from services.registration.domain.attendance_records import AttendanceRecord, AttendedInterval, AttendedTime, Schedule
from services.registration.domain.attendance_sheets import Listed, Sheet, SheetRow, Standing, blank_sheet, sheet_of
from services.registration.domain.checkins import Action, Outcome, Scan
from services.registration.domain.half_days import half_days
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.sheet_slots import Slot
from services.registration.domain.signatures import Signature, Way
from tests.unit.registration.test_half_days import START, an_event

MORNING, AFTERNOON = (Slot(half=half) for half in half_days(an_event((0, 3), (5, 8))))
EVENING = START + timedelta(hours=10)


def at(hours: float) -> Any:  # noqa: ANN401  (an instant)
    return START + timedelta(hours=hours)


def listed(
    name: str | None,
    *scans: Scan,
    status: SeatStatus = SeatStatus.CONFIRMED,
    since: float = -24,
    heads: int | None = None,
) -> Listed:
    seat = Registration(
        participant_id=f"par_{name}",
        event_id="evt_1",
        mode=Mode.IN_PERSON,
        status=status,
        ticket="T",
        created_at=at(since),
        changed_at=at(since),
        headcount=heads,
    )
    return Listed(registration=seat, name=name, scans=scans)


def scan(action: Action, hours: float, gate: str) -> Scan:
    return Scan(
        fact_id=f"{action}{hours}",
        event_id="evt_1",
        participant_id="par_Zoé",
        action=action,
        outcome=Outcome.CHECKED_IN,
        at=at(hours),
        recorded_at=at(hours),
        gate=gate,
    )


def span(start: float, end: float | None, mode: Mode = Mode.IN_PERSON, **marks: Any) -> AttendedInterval:  # noqa: ANN401
    return AttendedInterval(mode=mode, start=at(start), end=None if end is None else at(end), via="x", **marks)


def sheet(slot: Slot, *people: tuple[Listed, tuple[AttendedInterval, ...]], hours: float = 10) -> Sheet:
    records = {
        who.registration.participant_id: AttendanceRecord(
            schedule=Schedule(event_id="evt_1", as_of=EVENING, open=False),
            participant_id=who.registration.participant_id,
            whole=AttendedTime(),
            half_days={MORNING.slot_id: AttendedTime(in_person=60, total=60)},
            sessions={},
            intervals=spans,
        )
        for who, spans in people
        if spans
    }
    return sheet_of(slot, [who for who, _ in people], records=records, signatures={}, known_to=at(hours))


def row(slot: Slot, who: Listed, *spans: AttendedInterval, hours: float = 10) -> SheetRow | None:
    return next(iter(sheet(slot, (who, spans), hours=hours).rows), None)


def test_first_in_and_last_out_are_told_with_their_gates_and_a_stay_over_lunch_is_in_both_halves() -> None:
    zoe = listed("Zoé", scan(Action.IN, -0.2, "Nord"), scan(Action.OUT, 1, "Nord"), scan(Action.OUT, 7.5, "Sud"))
    morning = row(MORNING, zoe, span(-0.2, 1), span(2, 7.5))
    assert morning is not None
    assert morning.visit is not None
    assert morning.visit.came is not None
    assert (morning.visit.came.at, morning.visit.came.gate, morning.visit.left) == (at(-0.2), "Nord", None)
    assert (morning.time.in_person, morning.walk_in) == (60, False)
    afternoon = row(AFTERNOON, zoe, span(-0.2, 1), span(2, 7.5))
    assert afternoon is not None
    assert afternoon.visit is not None
    assert afternoon.visit.left is not None
    assert (afternoon.visit.came, afternoon.visit.left.gate) == (None, "Sud")


def test_who_left_before_the_hours_of_a_half_day_was_not_there() -> None:
    lunch = row(AFTERNOON, listed("Bo"), span(0, 4.5))
    assert lunch is not None
    assert (lunch.standing, lunch.visit) == (Standing.ABSENT, None)


def test_who_is_still_there_is_not_seen_in_hours_to_come() -> None:
    going_on = row(MORNING, listed("Bo"), span(0, None), hours=1)
    to_come = row(AFTERNOON, listed("Bo"), span(0, None), hours=1)
    assert going_on is not None
    assert to_come is not None
    assert (going_on.standing, to_come.standing, to_come.visit) == (Standing.PRESENT, Standing.EXPECTED, None)


def test_what_nobody_saw_is_marked_and_connections_count_the_hours_of_the_half_day() -> None:
    inferred = row(MORNING, listed("Ana"), span(0, 2, end_inferred="event_closed"))
    assert inferred is not None
    assert inferred.visit is not None
    assert inferred.visit.left is not None
    assert inferred.visit.left.inferred
    remote = row(MORNING, listed("Ana", heads=4), span(-0.5, 1, Mode.REMOTE), span(2, None, Mode.REMOTE), hours=2.5)
    assert remote is not None
    assert [each.seconds for each in remote.connections] == [3600, 1800]
    assert (remote.visit, remote.headcount, remote.connections[1].end) == (None, 4, None)


def test_who_is_not_seen_is_expected_absent_or_cancelled_and_who_only_waited_is_left_out() -> None:
    early, late = row(MORNING, listed("A"), hours=-1), row(MORNING, listed("A"))
    assert early is not None
    assert late is not None
    assert (early.standing, late.standing) == (Standing.EXPECTED, Standing.ABSENT)
    gone = row(MORNING, listed("A", status=SeatStatus.CANCELLED))
    assert gone is not None
    assert gone.standing is Standing.CANCELLED
    assert row(MORNING, listed("A", status=SeatStatus.WAITLISTED)) is None
    came = row(MORNING, listed("A", status=SeatStatus.WAITLISTED), span(0, 2))
    assert came is not None
    assert came.standing is Standing.PRESENT


def test_who_registered_when_they_came_is_a_walk_in_and_a_signature_alone_is_presence() -> None:
    at_the_door = row(MORNING, listed("A", scan(Action.IN, 1, "Nord"), since=0.99), span(1, 2))
    assert at_the_door is not None
    assert at_the_door.walk_in
    signed = Signature(
        participant_id="par_A", half_day_id=MORNING.slot_id, way=Way.CONFIRMED, at=at(1), taken_by="x", typed="A"
    )
    (only,) = sheet_of(MORNING, [listed("A")], records={}, signatures={"par_A": signed}, known_to=EVENING).rows
    assert (only.standing, only.signature) == (Standing.PRESENT, signed)


def test_people_stand_by_name_without_regard_to_accents_and_the_erased_come_last() -> None:
    names = ["Zoé", None, "Éva", "Eric", "Ōta"]
    known = sheet(MORNING, *((listed(name), ()) for name in names))
    assert [each.name for each in known.rows] == ["Eric", "Éva", "Ōta", "Zoé", None]
    waiting = listed("Wei", status=SeatStatus.WAITLISTED)
    blank = blank_sheet(MORNING, [*(listed(name) for name in names), waiting])
    assert [each.name for each in blank.rows] == ["Eric", "Éva", "Ōta", "Zoé"]
