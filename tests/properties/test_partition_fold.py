"""The fold of a partition, record by record, in any order and through any crash, against the fold of all at once."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.decode import decode
from schemas.presence import PresenceChanged, PresenceEarlier
from schemas.timeline import END_INFERRED, TimelineEntry
from services.attendance.application.partition_fold import PartitionFold, RoundOutput
from services.attendance.application.translation import instant, milliseconds, read_fact
from services.attendance.domain.facts import Fact
from services.attendance.domain.fold import Presence, fold_event
from tests.fakes.attendance_state import MemoryStored
from tests.properties.fold_strategies import deliveries, events, with_id
from tests.properties.partition_strategies import busy_days, crowded_instants, overtaken_days
from tests.properties.wire_facts import EVENT, wire

KEY = EVENT.encode()


def values_of(facts: Sequence[Fact]) -> list[bytes]:
    return [wire(fact).to_bytes() for fact in facts]


def folded_at_once(values: Sequence[bytes]) -> dict[str, Presence]:
    return dict(fold_event(map(read_fact, values)).people)


class Run:
    """A fold of one partition in small rounds, with little room."""

    def __init__(self, *, cache: int = 100, sealed: int = 64) -> None:
        self.stored = MemoryStored()
        self.timeline: dict[str, bytes] = {}
        self._limits = {"cache": cache, "sealed": sealed}
        self.fold = PartitionFold(self.stored, **self._limits)

    def take(self, values: Sequence[bytes]) -> None:
        for value in values:
            self.fold.take(KEY, value)

    def settle(self) -> RoundOutput:
        output = self.fold.flush()
        self.stored.keep(output)
        self.tell(output.entries)
        self.fold.settled(output)
        return output

    def crash(self, output: RoundOutput | None = None, *, presences: int = 0, contexts: int = 0) -> None:
        """What of the last output was delivered is kept; all else is forgotten."""
        if output is not None:
            self.stored.keep(output, presences=presences, contexts=contexts)
        self.fold = PartitionFold(self.stored, **self._limits)

    def tell(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        self.timeline |= {json.loads(entry)["id"]: entry for _, entry in entries}


def records(stored: MemoryStored) -> dict[str, dict[str, Any]]:
    """What stands of everybody, earlier intervals joined, without the state and without the ids of records."""
    found: dict[str, dict[str, Any]] = {}
    earlier: dict[str, list[PresenceEarlier]] = {}
    for value in stored.presences.values():
        record = decode(value)
        if isinstance(record, PresenceEarlier):
            earlier.setdefault(record.subject, []).append(record)
    for key, value in stored.presences.items():
        record = decode(value)
        if not isinstance(record, PresenceChanged):
            continue
        assert key == f"{EVENT}/{record.subject}".encode()
        data = record.model_dump(mode="json", exclude={"data": {"state", "earlier"}})["data"]
        for one in earlier.get(record.subject, []):
            if one.data.number < record.data.earlier:
                data["intervals"] += one.model_dump(mode="json")["data"]["intervals"]
        data["intervals"].sort(key=_order)
        found[record.subject] = data
    return found


def _order(interval: dict[str, Any]) -> tuple[Any, ...]:
    return interval["start"], interval["end"] is None, interval["end"] or "", interval["mode"], str(interval)


def expected(people: dict[str, Presence]) -> dict[str, dict[str, Any]]:
    """The same as the models of the wire would write it of the pure fold."""
    return {
        subject: PresenceChanged.model_validate(
            {
                "id": "x",
                "source": "/attendance",
                "type": "passerelle.presence.changed.v1",
                "subject": subject,
                "time": instant(0),
                "recordedtime": instant(0),
                "data": {
                    "event_id": EVENT,
                    "status": presence.status.value,
                    "registered_mode": presence.registered_mode,
                    "registration": presence.registration,
                    "intervals": [
                        {
                            "mode": one.mode.value,
                            "start": instant(one.start),
                            "end": None if one.end is None else instant(one.end),
                            "via": one.via,
                            "start_inferred": one.start_inferred,
                            "end_inferred": one.end_inferred if one.is_unclosed else None,
                            "left_inferred": None if one.is_unclosed else one.end_inferred,
                            "facts": one.facts,
                            "sources": one.sources,
                            "contradicted_by": one.contradicted_by,
                            "grade": one.grade.value,
                        }
                        for one in presence.intervals
                    ],
                    "seconds": {
                        "in_person": presence.durations.in_person / 1000,
                        "remote": presence.durations.remote / 1000,
                        "both": presence.durations.both / 1000,
                        "total": presence.durations.total / 1000,
                    },
                    "linked_to": presence.linked_to,
                    "contradictions": [
                        {"fact_id": one.fact_id, "time": instant(one.time), "kind": one.kind.value}
                        for one in presence.contradictions
                    ],
                    "suspect": presence.suspect,
                },
            }
        ).model_dump(mode="json", exclude={"data": {"state", "earlier"}})["data"]
        for subject, presence in people.items()
    }


def assert_equal(run: Run, values: Sequence[bytes]) -> None:
    people = folded_at_once(values)
    wanted = expected(people)
    for data in wanted.values():
        data["intervals"].sort(key=_order)
    assert records(run.stored) == wanted
    assert standing_ends(run) == {
        (subject, *interval.facts, interval.end, interval.end_inferred)
        for subject, presence in people.items()
        for interval in presence.intervals
        if interval.is_unclosed and interval.end_inferred is not None
    }


def standing_ends(run: Run) -> set[tuple[Any, ...]]:
    """The inferred ends that the timeline tells and has not withdrawn."""
    found = set()
    for value in run.timeline.values():
        entry = decode(value)
        assert isinstance(entry, TimelineEntry)
        fact = entry.data.fact
        if fact["type"] == END_INFERRED and entry.data.withdrawn_at is None:
            data: Any = fact["data"]
            assert (entry.id, entry.time) == (fact["id"], entry.time)
            found.add((fact["subject"], *data["facts"], milliseconds(data["end"]), data["reason"]))
    return found


def flushed(data: st.DataObject, run: Run, values: Sequence[bytes]) -> None:
    """Take values in rounds of any size."""
    rest = list(values)
    while rest:
        count = data.draw(st.integers(1, len(rest)))
        run.take(rest[:count])
        run.settle()
        rest = rest[count:]


runs = st.builds(Run, cache=st.sampled_from([0, 1, 100]), sealed=st.sampled_from([1, 2, 64]))


@given(st.data(), events(), runs)
def test_one_by_one_is_the_same_as_at_once(data: st.DataObject, facts: list[Fact], run: Run) -> None:
    arrived = values_of(data.draw(deliveries(facts)))

    flushed(data, run, arrived)

    assert_equal(run, arrived)


@given(st.data(), st.one_of(busy_days(), crowded_instants(), overtaken_days()), runs)
def test_days_as_they_are_and_instants_that_many_share_are_the_same_as_at_once(
    data: st.DataObject, facts: list[Fact], run: Run
) -> None:
    arrived = values_of(facts)

    flushed(data, run, arrived)

    assert_equal(run, arrived)


@given(st.data(), events(), runs)
def test_copies_that_differ_are_the_same_one_by_one(data: st.DataObject, facts: list[Fact], run: Run) -> None:
    """Two facts of one kind under one id: another room, another instant, another guest."""
    copies = [
        with_id(fact, f"{type(fact).__name__}-{getattr(fact, 'subject', '')}-{number // 3}")
        for number, fact in enumerate(facts)
    ]
    arrived = values_of(data.draw(st.permutations(copies)))

    flushed(data, run, arrived)

    assert_equal(run, arrived)


@given(st.data(), st.one_of(events(), busy_days(), overtaken_days()), runs)
def test_a_fact_that_comes_again_changes_nothing_and_is_told_in_the_same_words(
    data: st.DataObject, facts: list[Fact], run: Run
) -> None:
    arrived = values_of(facts)
    flushed(data, run, arrived)
    told = dict(run.timeline)
    if data.draw(st.booleans()):
        run.crash()

    run.take(data.draw(st.permutations(arrived)))
    again = run.fold.flush()

    assert (again.presences, again.contexts) == ({}, {})
    run.tell(again.entries)
    assert run.timeline == told


@given(st.data(), st.one_of(events(), busy_days(), overtaken_days()), runs)
def test_what_a_crash_swallows_comes_out_when_the_facts_come_again(
    data: st.DataObject, facts: list[Fact], run: Run
) -> None:
    """A crash keeps the first records of an output and loses others; what was not acknowledged comes again."""
    values = values_of(facts)
    words: dict[str, set[bytes]] = {}
    pending = list(values)
    crashes = data.draw(st.integers(0, 4))
    while pending:
        batch = pending[: data.draw(st.integers(1, len(pending)))]
        run.take(batch)
        if crashes == 0 or data.draw(st.booleans()):
            for _, entry in run.settle().entries:
                words.setdefault(json.loads(entry)["id"], set()).add(entry)
            pending = pending[len(batch) :]
            continue
        crashes -= 1
        output = run.fold.flush()
        presences, contexts = (
            data.draw(st.sampled_from([0, len(records)]) | st.integers(0, len(records)))
            for records in (output.presences, output.contexts)
        )
        run.crash(output, presences=presences, contexts=contexts)
        if (presences, contexts) == (len(output.presences), len(output.contexts)):
            run.tell(output.entries[: data.draw(st.integers(0, len(output.entries)))])
        pending = [*data.draw(st.permutations(batch)), *pending[len(batch) :]]

    assert_equal(run, values)
    told = {fact.id: len(words[fact.id]) for fact in facts}
    assert told == dict.fromkeys(told, 1)


@given(st.data(), events(), runs)
def test_what_is_told_is_what_the_models_of_the_wire_would_write(
    data: st.DataObject, facts: list[Fact], run: Run
) -> None:
    run.take(values_of(facts))
    output = run.fold.flush()

    for _, entry in output.entries:
        assert decode(entry).to_bytes() == entry
    for record in output.presences.values():
        if record is not None:
            assert json.loads(decode(record).to_bytes()) == json.loads(record) | {"data": _with_defaults(record)}


def _with_defaults(record: bytes) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(record)["data"]
    for interval in data["intervals"]:
        interval.setdefault("start_inferred", False)
    return data


@given(st.data(), events())
def test_any_order_gives_the_same_records(data: st.DataObject, facts: list[Fact]) -> None:
    values = values_of(facts)
    one, other = Run(), Run()
    one.take(values)
    one.settle()
    other.take(data.draw(st.permutations(values)))
    other.settle()

    def ids(run: Run) -> set[str]:
        return {json.loads(record)["id"] for record in run.stored.presences.values()}

    assert ids(one) == ids(other)
