"""What is always true of a comparison of two instants, whatever the facts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.attendance.domain.changes import Cause, Change, Comparison, Sighting
from services.attendance.domain.facts import IN_PERSON, EventFact, Fact, LinkChange, Movement, RoomChange, SubjectFact
from services.attendance.domain.fold import Presence, fold_event
from services.attendance.domain.intervals import Durations, durations
from tests.properties.fold_strategies import GUESTS, PARTICIPANTS, SPAN, deliveries, events, facts, with_id

moments = st.integers(0, SPAN)


@st.composite
def linked_events(draw: st.DrawFn) -> list[Fact]:
    """Events in which a guest was here for a while, and later facts tell who that was."""
    drawn = draw(events())
    came, went = draw(st.tuples(st.integers(0, 9), st.integers(10, 19)))
    visit = [
        Movement(
            id=f"guest-{at}",
            time=at,
            recorded=at,
            subject=GUESTS[0],
            channel=IN_PERSON,
            opens=at == came,
            via="gate",
        )
        for at in (came, went)
    ]
    links = draw(st.lists(facts(LinkChange, guest=guests, participant=participants, linked=st.booleans()), max_size=2))
    link = LinkChange(id="", time=SPAN, recorded=went + 1, guest=GUESTS[0], participant=PARTICIPANTS[0], linked=True)
    return [*drawn, *visit, *(with_id(one, f"link-{number}") for number, one in enumerate([link, *links]))]


guests, participants = st.sampled_from(GUESTS), st.sampled_from(PARTICIPANTS)


def sighting(facts: list[Fact], *, at: int) -> Sighting | None:
    """The latest movement or room known at an instant, as a horizon."""
    known = [fact for fact in facts if isinstance(fact, Movement | RoomChange) and fact.recorded <= at]
    latest = max(known, key=lambda fact: (fact.time, fact.id), default=None)
    return None if latest is None else Sighting(fact_id=latest.id, time=latest.time)


def compared(facts: list[Fact], earlier: int, later: int) -> dict[str, Change]:
    comparison = Comparison(
        [fact for fact in facts if isinstance(fact, EventFact)],
        earlier=earlier,
        later=later,
        horizons=(sighting(facts, at=earlier), sighting(facts, at=later)),
    )
    own = [fact for fact in facts if isinstance(fact, SubjectFact)]
    found = (comparison.change(subject, own) for subject in (*PARTICIPANTS, *GUESTS))
    return {change.subject: change for change in found if change is not None}


def known_at(facts: list[Fact], at: int) -> dict[str, Durations]:
    """Everybody's time at an instant, folded from nothing."""
    folded = fold_event(fact for fact in facts if fact.recorded <= at).people
    horizon = sighting(facts, at=at)
    until = None if horizon is None else horizon.time
    return {
        subject: durations(folded.get(subject, Presence()).intervals, horizon=until)
        for subject in (*PARTICIPANTS, *GUESTS)
    }


@given(events() | linked_events(), moments, moments)
def test_those_are_told_whose_time_differs_and_the_two_times_are_what_was_known(
    facts: list[Fact], one: int, other: int
) -> None:
    earlier, later = sorted((one, other))
    before, after = known_at(facts, earlier), known_at(facts, later)
    told = compared(facts, earlier, later)

    assert {subject: (change.before, change.after) for subject, change in told.items()} == {
        subject: (before[subject], after[subject]) for subject in before if before[subject] != after[subject]
    }


@given(events() | linked_events(), moments, moments)
def test_the_steps_add_up_to_the_difference_and_each_is_one(facts: list[Fact], one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    recorded = {fact.id: fact.recorded for fact in facts}
    for change in compared(facts, earlier, later).values():
        assert change.steps[0].before == change.before
        assert change.steps[-1].after == change.after
        assert all(step.before != step.after for step in change.steps)
        assert all(step.after == following.before for step, following in pairwise(change.steps))
        told = [step.fact_id for step in change.steps if step.cause is Cause.FACT]
        assert told == sorted(set(told), key=lambda fact_id: (recorded[fact_id], fact_id))
        assert all(earlier < recorded[fact_id] <= later for fact_id in told)


@given(events() | linked_events(), moments, moments)
def test_each_step_is_the_difference_that_its_fact_makes(facts: list[Fact], one: int, other: int) -> None:
    """Folded from nothing, without the fact and with it."""
    earlier, later = sorted((one, other))
    horizon = sighting(facts, at=earlier)
    until = None if horizon is None else horizon.time
    came = sorted(facts, key=lambda fact: (fact.recorded, fact.id))
    for change in compared(facts, earlier, later).values():
        for step in change.steps:
            if step.cause is Cause.HORIZON:
                continue
            place = next(number for number, fact in enumerate(came) if fact.id == step.fact_id)
            for known, lasted in ((came[:place], step.before), (came[: place + 1], step.after)):
                presence = fold_event(known).people.get(change.subject, Presence())
                assert durations(presence.intervals, horizon=until) == lasted


@given(events() | linked_events(), moments)
def test_nothing_changes_at_one_instant(facts: list[Fact], at: int) -> None:
    assert compared(facts, at, at) == {}


@given(st.data(), events() | linked_events(), moments, moments)
def test_the_order_of_arrival_is_irrelevant(data: st.DataObject, facts: list[Fact], one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    assert compared(data.draw(deliveries(facts)), earlier, later) == compared(facts, earlier, later)


@given(events() | linked_events(), moments, moments, moments)
def test_what_was_recorded_after_the_later_instant_changes_nothing(
    facts: list[Fact], one: int, other: int, third: int
) -> None:
    earlier, later, _ = sorted((one, other, third))
    known = [fact for fact in facts if fact.recorded <= later]
    assert compared(facts, earlier, later) == compared(known, earlier, later)
