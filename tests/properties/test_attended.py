"""How much somebody attended: what holds for all intervals, agendas and whereabouts."""

from dataclasses import replace
from datetime import UTC
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.attendance.domain.agenda import Agenda, Slot, agenda_of
from services.attendance.domain.attended import Attended, Counting
from services.attendance.domain.attribution import Scan, Whereabouts
from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import (
    EndInferred,
    Interval,
    bridged,
    durations,
    intersection,
    measure,
    union,
)

START = 1_792_828_800_000
"""Of an event that lasts two days; in Paris, clocks go back in the night between them."""
HOUR = 3_600_000
GRACE = 60_000
ROOMS = {"room_a": "A", "room_b": "B"}
VIAS = {"/bridge/jitsi/main/a": "A", "/bridge/jitsi/main/b": "B"}

instants = st.integers(0, 58 * 60).map(lambda minutes: START + minutes * 60_000)
spans = st.tuples(instants, st.integers(1, 600)).map(lambda pair: (pair[0], pair[0] + pair[1] * 60_000))
slots = st.lists(st.tuples(spans, st.sampled_from([None, "A", "B"])), max_size=6).map(
    lambda drawn: [
        Slot(id=f"ses_{number}", title="", start=start, end=end, room=room)
        for number, ((start, end), room) in enumerate(drawn)
    ]
)
agendas = st.builds(
    lambda those, hours, zone: agenda_of(those, start=START, end=START + hours * HOUR, zone=zone),
    slots,
    st.integers(0, 58),
    st.sampled_from([UTC, ZoneInfo("Europe/Paris"), ZoneInfo("Pacific/Auckland")]),
)
intervals = st.lists(
    st.builds(
        lambda mode, span, via, inferred, contradicted, ongoing: Interval(
            mode=mode,
            start=span[0],
            end=None if ongoing else span[1],
            via=via if mode is Mode.REMOTE else "door",
            end_inferred=None if ongoing else inferred,
            contradicted_by=contradicted,
        ),
        st.sampled_from(list(Mode)),
        spans,
        st.sampled_from([*VIAS, "/bridge/zoom/other/c"]),
        st.sampled_from([None, None, *EndInferred]),
        st.sampled_from([(), (), ("fact",)]),
        st.booleans(),
    ),
    max_size=6,
)
whereabouts = st.builds(
    lambda scans, chosen: Whereabouts(scans=scans, chosen=chosen),
    st.lists(
        st.builds(
            lambda time, place: Scan(time=time, place_id=place),
            instants,
            st.sampled_from([None, "room_a", "room_b", "ses_0", "ses_1", "gone"]),
        ),
        max_size=4,
    ),
    st.frozensets(st.sampled_from([f"ses_{number}" for number in range(6)])),
)
horizons = st.none() | instants


def counting(agenda: Agenda, horizon: int | None) -> Counting:
    return Counting(agenda, grace=GRACE, horizon=horizon, room_of=VIAS.get, rooms=ROOMS)


def is_sound(spent: Attended, *, within: int) -> bool:
    lasted = spent.durations
    return (
        0 <= lasted.both <= min(lasted.in_person, lasted.remote)
        and lasted.total <= within
        and spent.inferred >= 0
        and spent.bridged >= 0
        and spent.inferred + spent.bridged <= lasted.total
        and (spent.inferred == 0 or spent.basis is not Grade.OBSERVED)
    )


@given(agendas, intervals, whereabouts, horizons)
def test_nobody_attends_longer_than_something_lasts_and_nothing_longer_than_the_event(
    agenda: Agenda, those: list[Interval], where: Whereabouts, horizon: int | None
) -> None:
    record = counting(agenda, horizon).record(those, where)
    whole = record.whole.durations.total
    assert is_sound(record.whole, within=measure(agenda.days))
    assert record.whole.durations.total <= durations(bridged(those, grace=GRACE), horizon=horizon).total
    assert set(record.half_days) == {half.id for half in agenda.half_days}
    for half in agenda.half_days:
        assert is_sound(record.half_days[half.id], within=min(whole, half.end - half.start))
    assert sum(spent.durations.total for spent in record.half_days.values()) <= whole
    for slot in agenda.slots:
        assert is_sound(record.sessions[slot.id], within=min(whole, slot.end - slot.start))
        if all(slot not in parallel.slots for parallel in agenda.parallels):
            assert record.sessions[slot.id].attributed is None


@given(agendas, intervals, whereabouts, horizons, st.randoms(use_true_random=False))
def test_any_order_gives_the_same(
    agenda: Agenda, those: list[Interval], where: Whereabouts, horizon: int | None, chance: Random
) -> None:
    shuffled, scans = list(those), list(where.scans)
    chance.shuffle(shuffled)
    chance.shuffle(scans)
    one = counting(agenda, horizon).record(those, where)
    assert counting(agenda, horizon).record(shuffled, replace(where, scans=scans)) == one


@given(agendas, intervals, whereabouts, horizons)
def test_nobody_in_the_building_is_in_two_sessions_at_once(
    agenda: Agenda, those: list[Interval], where: Whereabouts, horizon: int | None
) -> None:
    here = [interval for interval in those if interval.mode is Mode.IN_PERSON]
    record = counting(agenda, horizon).record(here, where)
    apart = [slot for slot in agenda.slots if all(slot is one or one.is_elsewhere(slot) for one in agenda.slots)]
    assert sum(record.sessions[slot.id].durations.total for slot in apart) <= record.whole.durations.total


@given(agendas)
def test_half_days_and_sessions_lie_in_the_days_of_the_event_and_half_days_do_not_overlap(agenda: Agenda) -> None:
    halves = [(half.start, half.end) for half in agenda.half_days]
    parts = union((*halves, *((slot.start, slot.end) for slot in agenda.slots)))
    assert measure(intersection(agenda.days, parts)) == measure(parts)
    assert measure(union(halves)) == sum(end - start for start, end in halves) == agenda.planned
    for slot in agenda.slots:
        within = measure(intersection(union(halves), [(slot.start, slot.end)]))
        assert within == slot.end - slot.start
    for slot in agenda.slots:
        contested = union((one.start, one.end) for one in agenda.parallels if slot in one.slots)
        alone = agenda.alone(slot)
        assert intersection(alone, contested) == []
        assert union((*alone, *contested)) == [(slot.start, slot.end)]
