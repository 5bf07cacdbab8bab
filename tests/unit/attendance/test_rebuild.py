"""What the log leads to against what is told: each field that differs, of each person and each fact."""

from schemas.decode import KnownFact, decode
from schemas.presence import PresenceData
from schemas.registration import EventStatus
from schemas.timeline import END_INFERRED
from services.attendance.application.rebuild import Told, compare, rebuilt, told_by
from tests.fakes.attendance_facts import ANNE, BASIL, EventFacts, guest, small_event

EVENT = "evt_1"


def test_what_the_facts_lead_to_agrees_with_itself_in_any_order() -> None:
    written = _written(small_event(EVENT))
    log = rebuilt(EVENT, written)
    assert sorted(log.presences) == sorted([ANNE, BASIL, guest(1)])
    assert compare(log, rebuilt(EVENT, [*reversed(written), *written]), place="topics") == []


def test_a_field_that_differs_is_named_with_both_values() -> None:
    log = rebuilt(EVENT, _written(small_event(EVENT)))
    told = _changed(log, ANNE, status="away", intervals=[{**log.presences[ANNE]["intervals"][0], "via": "Back door"}])
    (first, second) = compare(log, told, place="read model")
    assert (first.place, first.subject, first.field, first.by_log, first.found) == (
        "read model",
        ANNE,
        "status",
        "on_site",
        "away",
    )
    assert second.field == "intervals", "one interval against two"
    told = _changed(log, BASIL, seconds={**log.presences[BASIL]["seconds"], "total": 1.0})
    (only,) = compare(log, told, place="topics")
    assert (only.subject, only.field, only.by_log, only.found) == (BASIL, "seconds.total", 1740.0, 1.0)


def test_an_interval_that_differs_is_counted_out() -> None:
    log = rebuilt(EVENT, _written(small_event(EVENT)))
    intervals = [dict(one) for one in log.presences[ANNE]["intervals"]]
    intervals[1]["end"] = "2026-11-24T08:21:00.000Z"
    (only,) = compare(log, _changed(log, ANNE, intervals=intervals), place="topics")
    assert (only.field, only.by_log, only.found) == (
        "intervals[1].end",
        "2026-11-24T08:20:00.000Z",
        "2026-11-24T08:21:00.000Z",
    )


def test_somebody_missing_and_somebody_too_many_are_named() -> None:
    log = rebuilt(EVENT, _written(small_event(EVENT)))
    others = {subject: told for subject, told in log.presences.items() if subject != ANNE}
    told = Told(presences={**others, "par_nobody": log.presences[BASIL]}, facts=log.facts)
    missing, extra = compare(log, told, place="topics")
    assert (missing.subject, missing.field, missing.found) == (ANNE, "presence", None)
    assert (extra.subject, extra.field, extra.by_log) == ("par_nobody", "presence", None)


def test_a_place_is_not_asked_for_what_it_does_not_hold() -> None:
    log = rebuilt(EVENT, _written(small_event(EVENT)))
    data = {subject: PresenceData(event_id=EVENT, **told) for subject, told in log.presences.items()}
    assert compare(log, told_by(data, log.facts, fields=["status", "seconds"]), place="read model") == []


def test_what_no_presence_can_say_is_a_difference_like_any_other() -> None:
    log = rebuilt(EVENT, _written(small_event(EVENT)))
    said = {subject: {**told, "event_id": EVENT} for subject, told in log.presences.items()}
    data = {subject: PresenceData.model_construct(**told) for subject, told in said.items()}
    data[ANNE] = PresenceData.model_construct(**{**said[ANNE], "status": "asleep"})
    (only,) = compare(log, told_by(data, log.facts), place="read model")
    assert (only.subject, only.field, only.found) == (ANNE, "status", "asleep")


def test_a_fact_missing_from_the_timeline_or_told_otherwise_is_named() -> None:
    log = rebuilt(EVENT, _written(small_event(EVENT)))
    lost, changed = sorted(log.facts)[:2]
    facts = {one: said for one, said in log.facts.items() if one != lost}
    facts[changed] = {**facts[changed], "source": "/other"}
    first, second = compare(log, Told(presences=log.presences, facts=facts), place="topics")
    assert (first.fact_id, first.field, first.found) == (lost, "fact", None)
    assert (second.fact_id, second.field, second.found) == (changed, "source", "/other")


def test_each_end_that_nobody_reported_stands_on_the_timeline() -> None:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    facts.checked_in(ANNE, 0)
    facts.event(EventStatus.CLOSED, minutes=600)
    written = _written(facts)
    log = rebuilt(EVENT, written)
    (end,) = [said for said in log.facts.values() if said["type"] == END_INFERRED]
    assert (end["subject"], end["time"], end["data"]["reason"]) == (ANNE, "2026-11-24T16:15:00.000Z", "event_closed")
    assert end["data"]["facts"] == [written[1].id, written[2].id]
    without = {one: said for one, said in log.facts.items() if said is not end}
    (only,) = compare(log, Told(presences=log.presences, facts=without), place="read model")
    assert (only.fact_id, only.found) == (end["id"], None)


def _written(facts: EventFacts) -> list[KnownFact]:
    return [decode(fact.to_bytes()) for fact in facts.written]


def _changed(log: Told, subject: str, **fields: object) -> Told:
    return Told(presences={**log.presences, subject: {**log.presences[subject], **fields}}, facts=log.facts)
