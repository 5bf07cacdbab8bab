"""The evidence of an event: one root from its log, in whatever order and however often told, and from its timeline."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.decode import decode
from schemas.timeline import END_INFERRED
from services.attendance.application.evidence import Evidence, canonical_fact, leaf_of, logged_facts
from services.attendance.domain.facts import Fact
from tests.properties.fold_strategies import deliveries, events
from tests.properties.test_partition_fold import Run, values_of
from tests.properties.test_wire import taken, values
from tests.properties.wire_facts import EVENT

EVER = 2**62


def fact_of(entry: bytes) -> bytes:
    """The fact of an entry, as the read model keeps it."""
    return json.dumps(json.loads(entry)["data"]["fact"]).encode()


@given(values())
def test_a_fact_has_one_form_in_the_log_and_on_the_timeline_whichever_way_it_is_written(value: bytes) -> None:
    run = taken(value)
    found = logged_facts(EVENT, [(0, value)])
    if run is None:
        assert found == []
        return
    said = decode(value)
    form = canonical_fact(value)
    assert form == msgspec.json.encode(
        said.model_dump(mode="json", exclude_none=True, exclude_defaults=True), order="sorted"
    )
    assert decode(form) == said
    assert canonical_fact(fact_of(run.timeline[said.id])) == form
    assert [one.leaf for one in found] == [leaf_of(value)]


@given(st.data())
def test_the_root_of_the_log_is_that_of_the_timeline(data: st.DataObject) -> None:
    facts: list[Fact] = data.draw(events())
    told = values_of(data.draw(deliveries(facts)))
    run = Run()
    for value in told:
        run.take([value])
        run.settle()
    entries = [fact_of(entry) for entry in run.timeline.values()]
    kept = [leaf_of(fact) for fact in entries if json.loads(fact)["type"] != END_INFERRED]
    logged = [one.leaf for one in logged_facts(EVENT, [(0, None), *((0, value) for value in values_of(facts))])]
    as_of = data.draw(st.sampled_from([EVER, *(leaf.recorded for leaf in logged)]))
    one, other = Evidence(kept, as_of=as_of), Evidence(logged, as_of=as_of)
    assert (one.root, one.facts) == (other.root, other.facts)
