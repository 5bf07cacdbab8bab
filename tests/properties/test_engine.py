"""The engine, fact by fact in any order and through any crash, against the fold of all facts at once."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.decode import KnownFact, decode
from schemas.presence import PresenceChanged
from services.attendance.application.engine import process
from services.attendance.application.records import seconds
from services.attendance.application.translation import document, domain_fact, milliseconds
from services.attendance.domain.facts import Fact
from services.attendance.domain.fold import Presence, fold_event
from tests.fakes.attendance_state import MemoryState
from tests.properties.fold_strategies import deliveries, events, with_id
from tests.properties.wire_facts import EVENT, wire


def folded_at_once(facts: Sequence[KnownFact]) -> dict[str, Presence]:
    return dict(fold_event(domain_fact(document(fact), copies=True) for fact in facts).people)


def folded_one_by_one(facts: Sequence[KnownFact]) -> MemoryState:
    state = MemoryState()
    for fact in facts:
        assert state.apply(EVENT, process(state, fact))
    return state


def said(state: MemoryState) -> dict[str, dict[str, Any]]:
    """The records, without what a fact led to when it first came, which tells of the order."""
    records = {subject: json.loads(record) for (_, subject), record in state.presences.items()}
    for record in records.values():
        for kept in record["data"].get("facts", ()):
            kept.pop("reached")
    return records


@given(events())
def test_what_is_told_is_what_the_models_of_the_wire_would_write(facts: list[Fact]) -> None:
    state = MemoryState()
    for fact in facts:
        outcome = process(state, wire(fact))
        state.apply(EVENT, outcome)
        for value in (outcome.entry.value, *filter(None, outcome.presences.values())):
            assert decode(value).to_bytes() == value


def assert_equal(state: MemoryState, people: dict[str, Presence]) -> None:
    assert {subject for _, subject in state.presences} == set(people)
    for (_, subject), value in state.presences.items():
        record = decode(value)
        assert isinstance(record, PresenceChanged)
        data, presence = record.data, people[subject]
        assert data.status.value == presence.status.value
        assert (data.registered_mode, data.registration) == (presence.registered_mode, presence.registration)
        assert data.linked_to == presence.linked_to
        assert data.seconds.model_dump() == seconds(presence.durations)
        intervals = [
            (
                interval["mode"],
                milliseconds(interval["start"]),
                None if interval["end"] is None else milliseconds(interval["end"]),
                interval["via"],
                interval["start_inferred"],
                interval["end_inferred"],
            )
            for interval in record.model_dump(mode="json")["data"]["intervals"]
        ]
        assert intervals == [
            (i.mode, i.start, i.end, i.via, i.start_inferred, i.end_inferred) for i in presence.intervals
        ]


@given(st.data(), events())
def test_one_by_one_is_the_same_as_at_once(data: st.DataObject, facts: list[Fact]) -> None:
    arrived = [wire(fact) for fact in data.draw(deliveries(facts))]

    assert_equal(folded_one_by_one(arrived), folded_at_once(arrived))


@given(st.data(), events())
def test_copies_that_differ_are_the_same_one_by_one(data: st.DataObject, facts: list[Fact]) -> None:
    """Two facts of one kind under one id: another room, another instant, another guest."""
    copies = [
        with_id(fact, f"{type(fact).__name__}-{getattr(fact, 'subject', '')}-{number // 3}")
        for number, fact in enumerate(facts)
    ]
    arrived = [wire(fact) for fact in data.draw(st.permutations(copies))]

    assert_equal(folded_one_by_one(arrived), folded_at_once(arrived))


@given(st.data(), events())
def test_any_order_gives_the_same_records(data: st.DataObject, facts: list[Fact]) -> None:
    one = [wire(fact) for fact in data.draw(deliveries(facts))]
    other = [wire(fact) for fact in data.draw(st.permutations(facts))]

    assert said(folded_one_by_one(one)) == said(folded_one_by_one(other))


@given(st.data(), events())
def test_a_fact_that_comes_again_changes_nothing_and_is_told_in_the_same_words(
    data: st.DataObject, facts: list[Fact]
) -> None:
    state = MemoryState()
    first = {}
    for fact in facts:
        outcome = process(state, wire(fact))
        state.apply(EVENT, outcome)
        first[fact.id] = outcome.entry
    for fact in data.draw(st.permutations(facts)):
        outcome = process(state, wire(fact))
        assert (outcome.presences, outcome.contexts) == ({}, {})
        assert outcome.entry == first[fact.id]


@given(st.data(), events())
def test_what_a_crash_swallows_comes_out_when_the_facts_come_again(data: st.DataObject, facts: list[Fact]) -> None:
    """A crash keeps some writes of the facts at hand and loses others; what was not acknowledged comes again."""
    state = MemoryState()
    entries: dict[str, set[str]] = {}
    pending = [wire(fact) for fact in facts]
    crashes = data.draw(st.integers(0, 4))
    while pending:
        batch = pending[: data.draw(st.integers(1, len(pending)))]
        lost = data.draw(st.frozensets(st.integers(0, 4), max_size=3)) if crashes else frozenset()
        crashes -= bool(crashes)
        told = []
        for fact in batch:
            outcome = process(state, fact)
            told.append(outcome.entry)
            if not state.apply(EVENT, outcome, lost=lost):
                break
        else:
            for entry in told:
                entries.setdefault(entry.id, set()).add(entry.value.decode())
            pending = pending[len(batch) :]
            continue
        pending = [*data.draw(st.permutations(batch)), *pending[len(batch) :]]

    assert_equal(state, folded_at_once([wire(fact) for fact in facts]))
    assert {fact.id: 1 for fact in facts} == {fact_id: len(words) for fact_id, words in entries.items()}
