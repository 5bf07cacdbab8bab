"""What a report counts, against figures worked out by hand, and against the records of each person."""

from collections.abc import Sequence
from datetime import UTC
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attendance.domain.agenda import Agenda, Slot, agenda_of
from services.attendance.domain.attended import Counting
from services.attendance.domain.attribution import Whereabouts
from services.attendance.domain.evidence import Contradiction, ContradictionKind
from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.fold import Presence, Status
from services.attendance.domain.heads import MINUTE, Heads, Peak
from services.attendance.domain.intervals import EndInferred, Interval, measure
from services.attendance.domain.reading import Standing
from services.attendance.domain.report.attendees import Assurance, attendee
from services.attendance.domain.report.flow import QUARTER, Quarter, Switches
from services.attendance.domain.report.parts import Part
from services.attendance.domain.report.whole import Report, report

DAY: Final = 20_000 * 86_400_000
NINE, NOON, TWO, FIVE = (DAY + hour * 60 * MINUTE for hour in (9, 12, 14, 17))
GRACE: Final = MINUTE
HERE, THERE = Mode.IN_PERSON, Mode.REMOTE
AGENDA: Final = agenda_of(
    [
        Slot(id="morning", title="Keynote", start=NINE, end=NOON),
        Slot(id="afternoon", title="Workshop", start=TWO, end=FIVE),
    ],
    start=NINE,
    end=FIVE,
    zone=UTC,
)


def stay(
    mode: Mode, start: float, end: float | None, *, inferred: EndInferred | None = None, against: str = ""
) -> Interval:
    """An interval between two hours of the day."""
    return Interval(
        mode=mode,
        start=at(start),
        end=None if end is None else at(end),
        via="door",
        end_inferred=inferred,
        contradicted_by=(against,) if against else (),
    )


def at(hour: float) -> int:
    return DAY + round(hour * 60 * MINUTE)


def who(
    subject: str, *stays: Interval, mode: Mode | None = HERE, seat: Registration | None = Registration.CONFIRMED
) -> Standing:
    against = [one.contradicted_by[0] for one in stays if one.contradicted_by]
    return Standing(
        subject=subject,
        presence=Presence(
            status=Status.AWAY if stays else Status.ABSENT,
            registered_mode=mode,
            registration=seat,
            intervals=tuple(sorted(stays, key=lambda one: one.start)),
            contradictions=tuple(
                Contradiction(fact_id=id_, time=0, kind=ContradictionKind.EXIT_WITHOUT_ENTRY) for id_ in against
            ),
        ),
    )


def drawn(
    people: Sequence[Standing],
    *,
    horizon: int | None = FIVE,
    agenda: Agenda = AGENDA,
    guests: Sequence[str] = (),
    shared: dict[str, int] | None = None,
) -> Report:
    known = [
        attendee(
            one,
            guest=one.subject in guests,
            headcount=(shared or {}).get(one.subject),
            horizon=horizon,
            grace=GRACE,
            days=agenda.days,
        )
        for one in people
    ]
    return report(
        [one for one in known if one is not None],
        half_days=[Part(id=one.id, title=one.id, start=one.start, end=one.end) for one in agenda.half_days],
        sessions=[Part(id=one.id, title=one.title, start=one.start, end=one.end) for one in agenda.slots],
        reached=horizon or 0,
        grace=GRACE,
    )


@pytest.fixture
def found() -> Report:
    """Anna on site all day; Bo on site, then at home; Cy remote, cut off; Di never came; a guest, a venue, a waiter."""
    return drawn(
        [
            who("anna", stay(HERE, 9, 17)),
            who("bo", stay(HERE, 9, 12), stay(THERE, 14, 17)),
            who("cy", stay(THERE, 9.5, 10), stay(THERE, 10.01, 11, inferred=EndInferred.ROOM_CLOSED), mode=THERE),
            who("di", mode=THERE),
            who("guest", stay(THERE, 9, 9.5, against="f1"), mode=None, seat=None),
            who("venue", stay(THERE, 9, 12), mode=THERE),
            who("waits", mode=HERE, seat=Registration.WAITLISTED),
        ],
        guests=["guest"],
        shared={"venue": 12},
    )


def test_people_count_once_and_a_venue_is_none(found: Report) -> None:
    people = found.people
    assert people.registered == {HERE: 2, THERE: 2}
    assert people.came == Heads(in_person=2, remote=3, both=1)
    assert (people.waitlisted, people.guests, people.absent) == (1, 1, {HERE: 0, THERE: 1})
    assert (found.shared.registered, found.shared.came, found.shared.headcount_came) == (1, 1, 12)
    assert found.groups["came:both"] == ("bo",)
    assert found.groups["absent"] == ("di",)


def test_each_part_has_its_people_their_time_and_how_many_were_there_at_once(found: Report) -> None:
    morning, afternoon = found.half_days
    assert morning.part.id.endswith("/morning")
    assert morning.people == Heads(in_person=2, remote=2, both=0)
    # Anna and Bo for three hours, the guest for half an hour, Cy for an hour and a half: the 36 seconds are bridged.
    assert morning.durations.total == (3 + 3 + 0.5 + 1.5) * 60 * MINUTE
    assert morning.mean == round(8 / 3, 1)
    assert morning.peak == Peak(count=3, at=NINE)
    assert afternoon.people == Heads(in_person=1, remote=1, both=0)
    assert found.sessions[1].people == afternoon.people
    assert found.mean == round(14 / 6, 1)
    assert found.peaks.in_person == Peak(count=2, at=NINE)


def test_who_stayed_in_a_session_is_told_at_each_step_of_it(found: Report) -> None:
    steps = found.retention[0].steps
    assert [(one.percent, one.in_person, one.remote) for one in steps if one.percent % 25 == 0] == [
        (0, 2, 1),
        (25, 2, 1),
        (50, 2, 1),
        (75, 2, 0),
        (100, 2, 0),
    ]


def test_a_change_of_mode_is_counted_with_the_time_in_between() -> None:
    told = drawn(
        [
            who("at lunch", stay(HERE, 9, 12), stay(THERE, 14, 17)),
            who("at once", stay(HERE, 9, 12), stay(THERE, 11.9, 14), stay(HERE, 14, 17)),
            who("laptop in the room", stay(HERE, 9, 17), stay(THERE, 10, 11)),
        ]
    ).flow
    assert told.to_remote == Switches(people=2, without_gap=1, with_gap=1)
    assert told.to_in_person == Switches(people=1, without_gap=1, with_gap=0)
    assert told.switched == 2


def test_lengths_and_comings_and_goings(found: Report) -> None:
    lengths = {one.least // MINUTE: (one.total, one.in_person, one.remote) for one in found.flow.lengths.classes}
    assert lengths[480] == (1, 1, 0)
    assert lengths[240] == (1, 0, 0)
    assert lengths[120] == (0, 1, 1)
    assert lengths[60] == (1, 0, 1)
    assert lengths[30] == (1, 0, 1)
    first = found.flow.quarters[0]
    assert first == Quarter(at=NINE, came_in_person=2, came_remote=1, went_in_person=0, went_remote=0)
    at_noon = next(one for one in found.flow.quarters if one.at == NOON)
    assert (at_noon.went_in_person, at_noon.at % QUARTER) == (1, 0)


def test_how_much_is_observed_and_how_much_is_not(found: Report) -> None:
    hour = 60 * MINUTE
    assert found.evidence.time == Assurance(
        observed=round((8 + 3 + 3 + 0.5) * hour),
        inferred=hour - 36_000,
        contradicted=round(0.5 * hour),
        bridged=36_000,
    )
    assert (found.evidence.contradictions, found.evidence.people_inferred) == (1, 1)


def test_what_goes_on_counts_to_the_horizon_and_has_not_gone() -> None:
    told = drawn([who("anna", stay(HERE, 9, None))], horizon=at(10))
    assert told.durations.in_person == 60 * MINUTE
    assert [(one.came_in_person, one.went_in_person) for one in told.flow.quarters] == [(1, 0)]
    assert [one.in_person for one in told.retention[0].steps][:8] == [1] * 7 + [None]
    assert (told.half_days[0].mean, told.half_days[1].mean) == (1.0, None)


def test_of_nothing_there_is_an_empty_report() -> None:
    told = drawn([], horizon=None)
    assert (told.people.came.total, told.mean, told.peaks.total, told.flow.quarters) == (0, None, None, [])


hours = st.floats(8, 18).map(lambda hour: round(hour * 60) / 60)
stays = st.builds(
    lambda mode, ends, inferred: stay(mode, min(ends), max(ends), inferred=inferred),
    st.sampled_from(Mode),
    st.tuples(hours, hours),
    st.sampled_from([None, EndInferred.ROOM_CLOSED]),
)


@given(st.lists(st.lists(stays, max_size=5), max_size=4))
def test_the_report_agrees_with_the_records_of_all(everybody: list[list[Interval]]) -> None:
    people = [who(f"p{number}", *own) for number, own in enumerate(everybody)]
    told = drawn(people)
    counting = Counting(AGENDA, grace=GRACE, horizon=FIVE, room_of=lambda _: None, rooms={})
    records = [counting.record(one.presence.intervals) for one in people]
    assert told.durations.total == sum(one.whole.durations.total for one in records)
    assert told.evidence.time.inferred == sum(one.whole.inferred for one in records)
    assert told.evidence.time.bridged == sum(one.whole.bridged for one in records)
    for part in told.half_days:
        assert part.durations.total == sum(one.half_days[part.part.id].durations.total for one in records)
    for part in told.sessions:
        assert part.durations.both == sum(one.sessions[part.part.id].durations.both for one in records)
        assert part.people.total == sum(bool(one.sessions[part.part.id].durations.total) for one in records)


BESIDE: Final = agenda_of(
    [
        Slot(id="a", title="A", start=NINE, end=NOON, room="Amphi"),
        Slot(id="b", title="B", start=NINE, end=TWO, room="Salle"),
    ],
    start=NINE,
    end=TWO,
    zone=UTC,
)


@given(st.lists(stays, max_size=5), st.sampled_from(["a", "b", None]))
def test_where_sessions_run_side_by_side_the_time_in_each_is_that_of_the_record(
    own: list[Interval], chosen: str | None
) -> None:
    counting = Counting(BESIDE, grace=GRACE, horizon=FIVE, room_of=lambda _: None, rooms={})
    known = Whereabouts(chosen=[chosen] if chosen else [])
    record, spent = counting.record(own, known), counting.in_sessions(own, known)
    for session, (here, there) in spent.items():
        assert (measure(here), measure(there)) == (
            record.sessions[session].durations.in_person,
            record.sessions[session].durations.remote,
        )
