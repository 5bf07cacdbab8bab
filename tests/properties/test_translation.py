"""What the wire tells of a fact is the fact."""

from dataclasses import replace

from hypothesis import given

from services.attendance.application.translation import document, domain_fact
from services.attendance.domain.facts import Fact, Mode, Movement, Registration, SeatChange, Snapshot
from tests.properties.fold_strategies import DAY_AFTER, events
from tests.properties.wire_facts import wire

HOUR = 3_600_000


@given(events())
def test_a_fact_comes_back_from_the_wire_as_it_was(facts: list[Fact]) -> None:
    for fact in facts:
        assert domain_fact(document(wire(fact))) == as_the_wire_can_tell_it(fact)


def as_the_wire_can_tell_it(fact: Fact) -> Fact:
    """The same without what the wire does not carry, or words otherwise."""
    if isinstance(fact, Movement) and fact.place is not None:
        fact = replace(fact, via=f"{fact.place.source}/{fact.place.room}")
    elif isinstance(fact, SeatChange):
        cancelled = fact.registration is Registration.CANCELLED
        fact = replace(fact, mode=None if cancelled else fact.mode or Mode.REMOTE)
    elif isinstance(fact, Snapshot):
        # The first day of the event begins at midnight in Paris.
        fact = replace(fact, day_starts_at=24 * HOUR - HOUR if fact.day_starts_at == DAY_AFTER else -HOUR)
    return replace(fact, canonical=b"")
