"""What is always true of the fold, whatever the facts."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.attendance.domain.channel import fold_channel
from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import (
    Channel,
    EventTimeAcceptance,
    Fact,
    LinkChange,
    Mode,
    Movement,
    RoomChange,
    SeatChange,
    Snapshot,
    TimeAcceptance,
    Voiding,
)
from services.attendance.domain.fold import Status, fold_event
from services.attendance.domain.inferred_ends import inferred_ends
from services.attendance.domain.intervals import EndInferred, Interval, bridged, durations, intersection, measure, union
from tests.properties.fold_oracle import (
    contradictions,
    movements_that_count,
    owners,
    registration,
    see,
    subjects,
    suspects,
)
from tests.properties.fold_strategies import GUESTS, PARTICIPANTS, SPAN, deliveries, events, movements, with_id


@given(st.data(), events())
def test_any_order_and_any_duplication_give_the_same(data: st.DataObject, facts: list[Fact]) -> None:
    assert fold_event(data.draw(deliveries(facts))) == fold_event(facts)


@given(st.data(), events())
def test_copies_that_differ_give_the_same_in_any_order(data: st.DataObject, facts: list[Fact]) -> None:
    """Two deliveries of one fact may even tell of another time or another person's words."""
    twins = [with_id(fact, f"f{number // 2}") for number, fact in enumerate(facts) if isinstance(fact, Movement)]
    copies = [replace(twin, subject="par-1") for twin in twins if isinstance(twin, Movement)]
    numbered = [replace(copy, canonical=b"%d" % number) for number, copy in enumerate(copies)]

    assert fold_event(data.draw(st.permutations(numbered))) == fold_event(numbered)


@given(events())
def test_the_oracle_agrees(facts: list[Fact]) -> None:
    people = fold_event(facts).people

    assert set(people) == subjects(facts)
    for subject, owner in owners(facts).items():
        presence = people[subject]
        assert presence.linked_to == (None if owner == subject else owner)
        if owner != subject:
            continue
        seen = see(facts, subject)
        assert presence.durations.in_person == len(seen.in_person)
        assert presence.durations.remote == len(seen.remote)
        assert presence.durations.both == len(seen.in_person & seen.remote)
        assert presence.durations.total == len(seen.in_person | seen.remote)
        assert {interval.mode for interval in presence.intervals if interval.end is None} == seen.ongoing
        assert presence.status is _expected_status(seen.ongoing, ever=seen.ever)
        assert (presence.registered_mode, presence.registration) == registration(facts, subject)
        assert set(presence.suspect) == suspects(facts, subject)
        assert {one.fact_id for one in presence.contradictions} == {name for name, _ in contradictions(facts, subject)}


@given(events())
def test_each_interval_rests_on_facts_that_tell_its_ends(facts: list[Fact]) -> None:
    folded = fold_event(facts)
    by_id = {fact.id: fact for fact in facts}
    for subject, presence in folded.people.items():
        counting = {move.id: move for move in movements_that_count(facts, subject)}
        for interval in presence.intervals:
            told = [by_id[name] for name in interval.facts]
            first, last = told[0], told[-1]
            assert interval.sources == tuple(sorted({fact.source for fact in told}))
            assert isinstance(first, Movement)
            assert counting[first.id].via == interval.via
            assert (first.joined_at if interval.start_inferred else first.time) == interval.start
            assert first.opens is not interval.start_inferred
            if interval.end is None:
                assert told == [first]
            elif not interval.is_unclosed:
                assert isinstance(last, Movement)
                assert (last.inferred is None) == (interval.end_inferred is None)
                assert (counting[last.id].opens, last.time, last.channel) == (False, interval.end, first.channel)
            else:
                assert len(told) == 2
                assert interval.end == (last.closes_at if isinstance(last, Snapshot) else last.time)
                assert isinstance(last, Snapshot) == (interval.end_inferred is EndInferred.EVENT_CLOSED)
            expected = Grade.INFERRED if interval.start_inferred or interval.end_inferred else Grade.OBSERVED
            assert interval.grade is (Grade.CONTRADICTED if interval.contradicted_by else expected)


@given(events())
def test_a_contradiction_speaks_against_the_last_interval_of_its_channel_before_it(facts: list[Fact]) -> None:
    by_id = {fact.id: fact for fact in facts}
    for subject, presence in fold_event(facts).people.items():
        against: dict[str, tuple[str, ...]] = {}
        for one in presence.contradictions:
            (channel,) = {where for name, where in contradictions(facts, subject) if name == one.fact_id}
            before = [
                interval
                for interval in presence.intervals
                if getattr(by_id[interval.facts[0]], "channel", None) == channel
                and interval.end is not None
                and interval.end <= one.time
            ]
            if before:
                # Of two that ended in one instant, the later began: the other had no length.
                last = max(before, key=lambda interval: (interval.end, interval.start, interval.facts))
                against[last.facts[0]] = (*against.get(last.facts[0], ()), one.fact_id)
        found = {interval.facts[0]: interval.contradicted_by for interval in presence.intervals}
        assert {name: marks for name, marks in found.items() if marks} == against


@given(events())
def test_each_inferred_end_is_one_of_its_own(facts: list[Fact]) -> None:
    recorded = {fact.id: fact.recorded for fact in facts}
    for presence in fold_event(facts).people.values():
        ends = inferred_ends(presence.intervals, recorded=recorded.__getitem__)
        assert len({(end.opening, end.cause) for end in ends}) == len(ends)
        assert [(end.start, end.end, end.reason) for end in ends] == [
            (interval.start, interval.end, interval.end_inferred)
            for interval in presence.intervals
            if interval.is_unclosed and interval.end_inferred is not None
        ]
        assert all(end.recorded == max(recorded[end.opening], recorded[end.cause]) for end in ends)


@given(events())
def test_an_accepted_time_is_a_time_like_any_other(facts: list[Fact]) -> None:
    """What is suspect and accepted folds as if it had been recorded when it happened, on the day."""
    said = [fact for fact in facts if not isinstance(fact, TimeAcceptance | EventTimeAcceptance)]
    accepted = [
        EventTimeAcceptance(id=f"accepts-{fact.id}", time=0, recorded=0, fact_id=fact.id, accepted=True)
        for fact in said
        if isinstance(fact, Movement | RoomChange)
    ]
    trusted = [
        replace(fact, day_starts_at=None)
        if isinstance(fact, Snapshot)
        else replace(fact, recorded=max(fact.recorded, fact.time))
        for fact in said
    ]

    assert fold_event([*said, *accepted]).people == fold_event(trusted).people


def _expected_status(ongoing: frozenset[Mode], *, ever: bool) -> Status:
    if ongoing == {Mode.IN_PERSON, Mode.REMOTE}:
        return Status.BOTH
    if ongoing:
        return Status.ON_SITE if Mode.IN_PERSON in ongoing else Status.REMOTE
    return Status.AWAY if ever else Status.ABSENT


@given(events())
def test_intervals_of_a_channel_neither_overlap_nor_run_backwards(facts: list[Fact]) -> None:
    context = fold_event(facts).context
    channels: dict[Channel, list[Movement]] = {}
    for fact in facts:
        if isinstance(fact, Movement):
            channels.setdefault(fact.channel, []).append(fact)
    for moves in channels.values():
        intervals = fold_channel(moves, context).intervals
        assert all(interval.end is not None for interval in intervals[:-1])
        for one, following in pairwise(intervals):
            assert one.end is not None
            assert one.start <= one.end <= following.start


@given(events(), st.none() | st.integers(0, SPAN))
def test_seconds_add_up_and_never_exceed_the_span(facts: list[Fact], horizon: int | None) -> None:
    for presence in fold_event(facts).people.values():
        lasted = durations(presence.intervals, horizon=horizon)
        ends = [horizon if interval.end is None else interval.end for interval in presence.intervals]
        starts = [interval.start for interval in presence.intervals]
        span = max([end for end in ends if end is not None], default=0) - min(starts, default=0)
        assert lasted.total == lasted.in_person + lasted.remote - lasted.both
        assert 0 <= lasted.both <= min(lasted.in_person, lasted.remote)
        assert max(lasted.in_person, lasted.remote) <= lasted.total <= max(span, 0)


@given(events())
def test_voiding_is_never_having_been(facts: list[Fact]) -> None:
    facts = [fact for fact in facts if not isinstance(fact, Voiding)]
    for number, fact in enumerate(facts):
        if isinstance(fact, Movement):
            void = Voiding(id="void", time=number, recorded=number, subject=fact.subject, voided_id=fact.id)
            nothing = replace(void, voided_id="nothing")
            without = [other for other in facts if other is not fact]
            assert fold_event([void, *facts]).people == fold_event([nothing, *without]).people


@given(events(), st.sampled_from(GUESTS), st.sampled_from(PARTICIPANTS), st.integers(0, SPAN), st.integers(0, SPAN))
def test_a_link_undone_was_never_made(
    facts: list[Fact], guest: str, participant: str, linked_at: int, later: int
) -> None:
    facts = [fact for fact in facts if not (isinstance(fact, LinkChange) and fact.guest == guest)]
    link = LinkChange(id="l1", time=linked_at, recorded=0, guest=guest, participant=participant, linked=True)
    undone = LinkChange(id="l2", time=linked_at + later, recorded=0, guest=guest, participant=participant, linked=False)

    assert fold_event([undone, *facts, link]).people == fold_event(facts).people


@given(events(), st.sampled_from(GUESTS), st.sampled_from(PARTICIPANTS))
def test_a_linked_guest_s_facts_are_the_participant_s(facts: list[Fact], guest: str, participant: str) -> None:
    facts = [fact for fact in facts if not (isinstance(fact, LinkChange) and fact.guest == guest)]
    link = LinkChange(id="link", time=0, recorded=0, guest=guest, participant=participant, linked=True)
    owned = [
        replace(fact, subject=participant)
        if isinstance(fact, Movement | Voiding | SeatChange | TimeAcceptance) and fact.subject == guest
        else fact
        for fact in facts
    ]
    as_guest, as_participant = fold_event([*facts, link]).people, fold_event(owned).people

    assert as_guest.get(participant) == as_participant.get(participant)
    if guest in as_guest:
        assert as_guest[guest].linked_to == participant


@given(st.lists(st.tuples(st.integers(0, SPAN), st.integers(0, SPAN)).map(lambda s: (min(s), max(s)))))
def test_a_union_is_disjoint_and_has_the_same_instants(spans: list[tuple[int, int]]) -> None:
    united = union(spans)

    assert {t for start, end in united for t in range(start, end)} == {t for s, e in spans for t in range(s, e)}
    assert all(one[1] < following[0] for one, following in pairwise(united))
    assert measure(united) == measure(intersection(united, united))


@given(st.lists(movements(("par-1",)), max_size=12), st.integers(0, 10))
def test_bridging_adds_no_more_than_gaps_of_the_grace(moves: list[Fact], grace: int) -> None:
    facts = [with_id(move, f"f{number}") for number, move in enumerate(moves)]
    for presence in fold_event(facts).people.values():
        report = bridged(presence.intervals, grace=grace)
        assert _in_person(report) == _in_person(presence.intervals)
        assert _covered(presence.intervals) <= _covered(report)
        assert bridged(report, grace=grace) == report
        gaps = union((t, t + 1) for t in _covered(report) - _covered(presence.intervals))
        assert all(end - start <= grace for start, end in gaps)


def _in_person(intervals: tuple[Interval, ...]) -> list[Interval]:
    return [interval for interval in intervals if interval.mode is Mode.IN_PERSON]


def _covered(intervals: tuple[Interval, ...]) -> set[int]:
    return {
        t
        for interval in intervals
        if interval.mode is Mode.REMOTE
        for t in range(interval.start, SPAN + 20 if interval.end is None else interval.end)
    }
