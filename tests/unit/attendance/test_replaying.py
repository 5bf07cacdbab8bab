"""A replay: which facts, in which order, when, and how a what-if differs and says so."""

import json
from datetime import timedelta

import pytest

from schemas.decode import KnownFact, decode
from schemas.registration import EventData, EventStatus
from services.attendance.application.replayed_presence import differing, lines, outcome
from services.attendance.application.replaying import AS_IT_WAS, WhatIf, due, in_event_time
from tests.fakes.attendance_facts import ANNE, BASIL, BRIDGE, EventFacts, guest, participant, small_event


def test_the_facts_come_in_event_time_each_once() -> None:
    written = _written(small_event("evt_1"))
    played = in_event_time([*reversed(written), *written])
    assert [(fact.time, fact.id) for fact in played] == sorted((fact.time, fact.id) for fact in written)


def test_of_two_copies_the_one_known_first_is_played() -> None:
    facts = EventFacts(event_id="evt_1")
    facts.checked_in(ANNE, 0)
    (first,) = _written(facts)
    later = first.model_copy(update={"recordedtime": first.recordedtime + timedelta(seconds=1), "source": "/other"})
    assert in_event_time([later, first]) == [first]
    assert in_event_time([first, later]) == [first]


def test_two_instants_bound_it_and_as_of_leaves_out_what_was_not_known() -> None:
    facts = EventFacts(event_id="evt_1")
    for minute in range(5):
        facts.checked_in(participant(minute), minute)
    written = _written(facts)
    assert in_event_time(written, from_=facts.at(1), to=facts.at(3)) == written[1:4]
    assert in_event_time(written, as_of=written[2].recordedtime) == written[:3]


def test_a_fact_is_due_as_much_later_as_it_happened_later() -> None:
    facts = EventFacts(event_id="evt_1")
    for minute in (0, 1, 3):
        facts.checked_in(participant(minute), minute)
    written = _written(facts)
    assert [seconds for seconds, _ in due(written, speed=60)] == [0, 1, 3]
    assert [seconds for seconds, _ in due(written, speed=float("inf"))] == [0, 0, 0]


def test_a_line_is_the_fact_as_the_topics_have_it() -> None:
    for fact in _written(small_event("evt_1")):
        line = AS_IT_WAS.line(fact)
        assert line == fact.to_bytes() + b"\n"
        assert decode(line) == fact


def test_a_what_if_changes_the_graces_and_nothing_else() -> None:
    written = _written(small_event("evt_1"))
    what_if = WhatIf(grace_seconds=1800, reconnect_grace_seconds=0)
    changed = list(what_if.of(written))
    assert [fact.id for fact in changed] == [fact.id for fact in written]
    for before, after in zip(written, changed, strict=True):
        if isinstance(after.data, EventData) and isinstance(before.data, EventData):
            assert (after.data.grace_seconds, after.data.reconnect_grace_seconds) == (1800, 0)
            assert after.data.title == before.data.title
        else:
            assert after == before


def test_a_what_if_leaves_out_what_a_source_said() -> None:
    written = _written(small_event("evt_1"))
    left = list(WhatIf(ignored_sources=frozenset({BRIDGE})).of(written))
    assert left == [fact for fact in written if fact.source != BRIDGE]
    assert 0 < len(left) < len(written)


def test_every_line_of_a_what_if_says_so_and_can_still_be_read() -> None:
    what_if = WhatIf(grace_seconds=1800, ignored_sources=frozenset({"/a", "/b"}))
    for fact in _written(small_event("evt_1")):
        line = what_if.line(fact)
        assert json.loads(line)["whatif"] == "grace_seconds=1800 ignored_source=/a ignored_source=/b"
        assert decode(line) == fact


@pytest.mark.parametrize(
    "what_if, is_one",
    [(WhatIf(), False), (WhatIf(grace_seconds=0), True), (WhatIf(ignored_sources=frozenset({"/a"})), True)],
)
def test_a_grace_of_zero_is_a_what_if_too(what_if: WhatIf, is_one: bool) -> None:
    assert bool(what_if) is is_one


def test_the_presence_of_a_replay_is_named_as_the_api_names_it() -> None:
    played = outcome("evt_1", in_event_time(_written(small_event("evt_1"))))
    told = {
        line.get("participant_id") or line["guest_id"]: line for line in lines(played, what_if=WhatIf(), recorded=None)
    }
    assert sorted(told) == sorted([ANNE, BASIL, guest(1)])
    anne = told[ANNE]
    assert anne["status"] == "on_site"
    assert anne["horizon"] == "2026-11-24T08:31:00.000Z"
    assert anne["seconds"] == {"in_person": 1860, "remote": 600, "both": 600, "total": 1860}
    assert [(one["mode"], one["end"], one["grade"]) for one in anne["intervals"]] == [
        ("in_person", None, "observed"),
        ("remote", "2026-11-24T08:20:00.000Z", "observed"),
    ]
    assert "whatif" not in anne


def test_short_gaps_count_in_the_report_alone() -> None:
    facts = EventFacts(event_id="evt_1")
    facts.event()
    facts.joined(BASIL, 0)
    facts.left(BASIL, 10)
    facts.joined(BASIL, 13, connection="c2")
    facts.left(
        BASIL,
        20,
    )
    facts.left(BASIL, 20, connection="c2")
    written = in_event_time(_written(facts))
    before = outcome("evt_1", written)
    what_if = WhatIf(reconnect_grace_seconds=180)
    after = outcome("evt_1", list(what_if.of(written)))
    assert (before.people[BASIL].counted.remote, before.people[BASIL].report.remote) == (17 * 60_000, 17 * 60_000)
    assert (after.people[BASIL].counted.remote, after.people[BASIL].report.remote) == (17 * 60_000, 20 * 60_000)


def test_a_what_if_stands_beside_what_was_recorded() -> None:
    facts = EventFacts(event_id="evt_1")
    facts.event()
    facts.checked_in(ANNE, 0)
    facts.joined(guest(1), 5)
    facts.left(guest(1), 6)
    facts.event(EventStatus.CLOSED, minutes=600)
    written = in_event_time(_written(facts))
    what_if = WhatIf(grace_seconds=0, ignored_sources=frozenset({BRIDGE}))
    recorded, played = outcome("evt_1", written), outcome("evt_1", list(what_if.of(written)))
    told = {
        line.get("participant_id") or line["guest_id"]: line
        for line in lines(played, what_if=what_if, recorded=recorded)
    }
    assert all(line["whatif"] == str(what_if) for line in told.values())
    assert told[ANNE]["seconds"]["in_person"] == 480 * 60
    assert told[ANNE]["recorded"]["seconds"]["in_person"] == 495 * 60
    assert told[guest(1)]["status"] == "absent"
    assert told[guest(1)]["recorded"]["seconds"]["remote"] == 60
    assert differing(played, recorded) == 2


def _written(facts: EventFacts) -> list[KnownFact]:
    return [decode(fact.to_bytes()) for fact in facts.written]
