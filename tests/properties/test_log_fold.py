"""The fold of the log, its facts read the short way, against the pure fold of the records read in full."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attendance.application.log_fold import LogFold
from services.attendance.application.translation import read_fact
from services.attendance.domain.fold import fold_event
from tests.properties.fold_strategies import deliveries, events, with_id
from tests.properties.partition_strategies import busy_days
from tests.properties.test_partition_fold import Run, expected, records
from tests.properties.wire_facts import EVENT, wire

KEY = EVENT.encode()


def folded(values: Sequence[bytes]) -> LogFold:
    fold = LogFold()
    for value in values:
        fold.take(KEY, value)
    return fold


@given(st.data())
def test_it_comes_to_the_same_in_any_order_and_with_copies_that_differ(data: st.DataObject) -> None:
    facts = data.draw(busy_days() | events())
    values = [wire(fact).to_bytes() for fact in data.draw(deliveries(facts))]
    fold = folded(values)
    assert fold.unfit == 0
    if values:
        (event,) = fold.presences().values()
        assert event.people == fold_event(map(read_fact, values)).people


@given(st.data(), events())
def test_facts_of_one_id_about_several_people_count_for_each_as_the_worker_has_it(
    data: st.DataObject, facts: list[Any]
) -> None:
    """Of one person or one event the copies of a fact are one; whom they are about tells facts of one id apart."""
    values = [wire(with_id(fact, f"f{number // 3}")).to_bytes() for number, fact in enumerate(facts)]
    values = data.draw(st.permutations(values))
    fold, run = folded(values), Run()
    run.take(values)
    run.settle()

    people = fold_event(map(read_fact, values)).people
    assert records(run.stored) == expected(dict(people))
    assert {who: one for event in fold.presences().values() for who, one in event.people.items()} == people


@given(busy_days(), st.sampled_from([{"indent": 1}, {"sort_keys": True}, {"separators": (", ", ": ")}]))
def test_another_way_to_write_a_fact_is_read_alike(facts: list[Any], way: dict[str, Any]) -> None:
    values = [json.dumps(json.loads(wire(fact).to_bytes()), **way).encode() for fact in facts]
    people = fold_event(map(read_fact, values)).people
    assert {who: one for event in folded(values).presences().values() for who, one in event.people.items()} == people


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "an id with a blank": lambda fact: fact.update(id="a b"),
    "a subject with a slash": lambda fact: fact.update(subject="par/1"),
    "no time": lambda fact: fact.pop("time"),
    "a day that is none": lambda fact: fact.update(time="2026-02-30T09:00:00.000Z"),
    "another event": lambda fact: fact["data"].update(event_id="evt_2"),
    "a type of later": lambda fact: fact.update(type="passerelle.checkin.checked_in.v9"),
    "a character no database holds": lambda fact: fact["data"].update(gate="\0"),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_the_worker_does_not_take_is_left_out(spoil: Callable[[dict[str, Any]], object]) -> None:
    fact = {
        "specversion": "1.0",
        "id": "f1",
        "source": "desk",
        "type": "passerelle.checkin.checked_in.v1",
        "subject": "par-1",
        "time": "2026-11-24T09:00:00.000Z",
        "recordedtime": "2026-11-24T09:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {"event_id": EVENT, "gate": "door"},
    }
    assert folded([json.dumps(fact).encode()]).unfit == 0
    spoil(fact)
    fold = folded([json.dumps(fact).encode(), b"", b"{", b"null"])
    fold.take(KEY, None)
    fold.take(None, b"{}")
    assert (fold.unfit, fold.presences()) == (6, {})
