"""Where folding a part of a channel again has to look further back. That it agrees is a property, too."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from schemas.decode import decode
from schemas.presence import PresenceChanged, PresenceEarlier
from services.attendance.application.partition_fold import PartitionFold
from services.attendance.application.translation import instant
from services.attendance.domain.facts import Fact
from services.attendance.domain.fold import fold_event
from tests.fakes.attendance_state import MemoryStored
from tests.properties.wire_facts import EVENT, wire
from tests.unit.attendance.facts import accepted, came, joined, left, seat, voided, went

Told = tuple[list[tuple[datetime, datetime | None, tuple[str, ...]]], list[str]]
"""Intervals, and what contradicts them."""


def told_one_by_one(facts: Sequence[Fact], *, sealed: int) -> Told:
    stored = MemoryStored()
    fold = PartitionFold(stored, sealed=sealed)
    for fact in facts:
        fold.take(EVENT.encode(), wire(fact).to_bytes())
        output = fold.flush()
        stored.keep(output)
        fold.settled(output)
    told = [decode(record) for record in stored.presences.values()]
    earlier = [record for record in told if isinstance(record, PresenceEarlier)]
    (ada,) = [record for record in told if isinstance(record, PresenceChanged)]
    stays = [*(one for record in earlier for one in record.data.intervals), *ada.data.intervals]
    return [(one.start, one.end, one.facts) for one in stays], [one.fact_id for one in ada.data.contradictions]


def folded(facts: Sequence[Fact]) -> Told:
    presence = fold_event(facts).people["ada"]
    intervals = [
        (instant(one.start), None if one.end is None else instant(one.end), one.facts) for one in presence.intervals
    ]
    return intervals, [one.fact_id for one in presence.contradictions]


@pytest.mark.parametrize(
    "facts",
    [
        [left(1, joined_at=1), left(3, joined_at=1), left(9), joined(5)],
        [joined(1), left(1), joined(1), left(3, joined_at=1), left(9), joined(5)],
        [joined(1), left(2), left(2), left(4, joined_at=2), left(9), joined(6)],
    ],
    ids=["a stay of no length", "a stay of no length and one more join", "two leaves of one instant"],
)
def test_a_stay_that_begins_in_the_instant_another_ended_in_is_folded_with_it(facts: Sequence[Fact]) -> None:
    assert told_one_by_one(facts, sealed=64) == folded(facts)


def test_a_leave_that_was_spanned_counts_again_even_where_it_is_sealed() -> None:
    facts: list[Fact] = [joined(1), left(2), left(5, joined_at=1), seat(6), seat(7), joined(3)]

    assert told_one_by_one(facts, sealed=1) == folded(facts)


def test_a_stay_that_is_sealed_without_its_leave_is_not_told_twice() -> None:
    elsewhere = joined(11, connection="c2")
    facts: list[Fact] = [elsewhere, seat(0.1), seat(0.2), left(2, joined_at=1), left(4, joined_at=2)]

    assert told_one_by_one(facts, sealed=1) == folded(facts)


def test_a_channel_stays_open_whose_join_is_sealed_and_named_by_another_fact() -> None:
    first, second = joined(1), joined(2)
    facts: list[Fact] = [first, second, *map(joined, (3, 4, 5)), accepted(second.id), voided(first), joined(6)]

    assert told_one_by_one(facts, sealed=2) == folded(facts)


def test_of_stays_that_begin_together_the_one_that_ends_goes_first() -> None:
    facts: list[Fact] = [joined(1, connection="c1"), joined(1, connection="c2"), left(2, connection="c2")]

    assert told_one_by_one(facts, sealed=64) == folded(facts)


def test_an_exit_too_many_is_told_beside_a_time_that_is_suspect() -> None:
    facts: list[Fact] = [came(1), went(2), came(40, recorded=3), went(49), went(50)]

    assert told_one_by_one(facts, sealed=64) == folded(facts)


def test_a_silence_that_ended_nothing_ends_a_stay_again_even_where_its_instant_is_sealed() -> None:
    """Who fell silent and left later was there all along, until a join is told of that came in between."""
    facts: list[Fact] = [
        joined(4, connection="c2"),
        joined(6, connection="c1"),
        left(8, connection="c1", inferred="silence"),
        left(10, connection="c2"),
        left(16, connection="c1"),
        joined(14, connection="c2"),
        joined(12, connection="c1"),
    ]

    assert told_one_by_one(facts, sealed=1) == folded(facts)
