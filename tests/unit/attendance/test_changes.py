"""What changed between two instants: examples, and what costs too much."""

from services.attendance.domain import changes
from services.attendance.domain.changes import Cause, Comparison, Sighting
from services.attendance.domain.facts import IN_PERSON, EventFact, LinkChange, Movement, Snapshot, SubjectFact, Voiding
from services.attendance.domain.intervals import Durations

ANNE, GUEST = "par_1", "gst_1"


def move(fact_id: str, at: int, *, opens: bool, recorded: int | None = None, subject: str = ANNE) -> Movement:
    return Movement(
        id=fact_id,
        time=at,
        recorded=at if recorded is None else recorded,
        subject=subject,
        channel=IN_PERSON,
        opens=opens,
        via="gate",
    )


def compared(
    facts: list[SubjectFact], *, of_event: list[EventFact] | None = None, earlier: int, later: int, horizon: int
) -> changes.Change | None:
    seen = Sighting(fact_id="seen", time=horizon)
    comparison = Comparison(of_event or [], earlier=earlier, later=later, horizons=(seen, seen))
    return comparison.change(ANNE, facts)


def test_a_scan_that_came_late_is_the_one_step() -> None:
    facts: list[SubjectFact] = [move("in", 0, opens=True), move("out", 40, opens=False, recorded=90)]
    change = compared(facts, earlier=60, later=100, horizon=60)
    assert change is not None
    assert (change.before.total, change.after.total) == (60, 40)
    assert [(step.fact_id, step.cause) for step in change.steps] == [("out", Cause.FACT)]


def test_facts_that_undo_each_other_change_nothing() -> None:
    facts: list[SubjectFact] = [
        move("in", 0, opens=True),
        move("out", 40, opens=False, recorded=90),
        Voiding(id="void", time=91, recorded=91, subject=ANNE, voided_id="out"),
    ]
    assert compared(facts, earlier=60, later=100, horizon=60) is None


def test_the_close_of_the_event_ends_what_went_on() -> None:
    facts: list[SubjectFact] = [move("in", 0, opens=True)]
    closed = Snapshot(id="closed", time=50, recorded=70, closes_at=50)
    change = compared(facts, of_event=[closed], earlier=60, later=100, horizon=60)
    assert change is not None
    assert [(step.fact_id, step.after.total) for step in change.steps] == [("closed", 50)]


def test_a_link_brings_the_time_of_a_guest() -> None:
    facts: list[SubjectFact] = [
        move("in", 0, opens=True, subject=GUEST),
        move("out", 40, opens=False, subject=GUEST),
    ]
    link = LinkChange(id="link", time=70, recorded=70, guest=GUEST, participant=ANNE, linked=True)
    change = compared(facts, of_event=[link], earlier=60, later=100, horizon=60)
    assert change is not None
    assert (change.before, change.after) == (Durations(), Durations(in_person=40))
    assert [step.fact_id for step in change.steps] == ["link"]


def test_too_many_facts_are_counted_and_not_told() -> None:
    facts: list[SubjectFact] = []
    for number in range(2000):
        facts += [move(f"in-{number}", 2 * number, opens=True), move(f"out-{number}", 2 * number + 1, opens=False)]
    change = compared(facts, earlier=-1, later=4000, horizon=4000)
    assert change is not None
    assert (change.after.in_person, change.steps, change.unweighed) == (2000, [], 4000)
    few = compared(facts, earlier=3989, later=4000, horizon=4000)
    assert few is not None
    assert (len(few.steps), few.unweighed) == (10, 0)  # each entry counts up to the horizon until its exit is known
