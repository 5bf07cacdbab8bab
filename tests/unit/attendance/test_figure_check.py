"""The figures of a document against those that follow from the facts: a difference is named, in time."""

from collections.abc import Mapping
from typing import Any

import pytest

from schemas.eligibility import ContestAnswerData, ContestAnswered, GrantedTime
from schemas.eligibility import Outcome as Answered
from schemas.envelope import Fact, format_instant
from schemas.registration import EventStatus, Mode
from services.attendance.application.evidence import logged_facts
from services.attendance.application.figure_check import Checked, Trouble, checked_figures
from services.attendance.application.recounting import recounted
from services.attendance.application.verification import EvidenceFile, LogFinding, compared
from services.attendance.application.verification_steps import Outcome, counted
from tests.fakes.attendance_facts import ANNE, BASIL, EventFacts, small_event
from tests.fakes.issued_evidence import evidence_of

EVENT = "evt_" + "a" * 32
MORNING = "2026-11-24/morning"


def closed(*, stayed: float = 178) -> EventFacts:
    """Anne was in the room for so many minutes, the laptop's ten among them; Basil until the room closed."""
    facts = small_event(EVENT)
    facts.checked_out(ANNE, stayed)
    facts.event(EventStatus.CLOSED, minutes=500)
    return facts


def check(
    evidence: Mapping[str, Any], facts: list[Fact], *, late: int = 0, kind: str = "attendance_certificate"
) -> Checked:
    """Against a log, of which the last `late` facts came after all others."""
    file = EvidenceFile.model_validate({**evidence, "document": {**evidence["document"], "kind": kind}})
    times = [0] * (len(facts) - late) + [1] * late
    logged = logged_facts(EVENT, zip(times, [fact.to_bytes() for fact in facts], strict=True))
    return checked_figures(file, compared(file, logged))


def test_a_certificate_that_says_more_than_the_facts_is_found_out_to_the_second() -> None:
    facts = closed().written
    told = evidence_of(EVENT, facts, subject=ANNE)
    fine = check(told, facts)
    assert (fine.differences, fine.grace_seconds) == ([], 60)
    assert counted(fine).outcome is Outcome.FINE
    graced = check({**told, "settings": {"reconnect_grace_seconds": 600}}, facts).differences
    assert [(each.what, each.said, each.found) for each in graced] == [("the reconnect grace", "10 mins", "1 min")]
    whole = {**told["figures"]["whole"], "total": 11_520, "remote": 605}
    found = check({**told, "figures": {**told["figures"], "whole": whole, "headcount": 12}}, facts)
    assert [(each.what, each.said, each.found) for each in found.differences] == [
        ("people behind the connection", "12", "nothing"),
        ("the whole event, remotely", "10 mins 5 secs", "10 mins"),
        ("the whole event, in all", "3 hrs 12 mins", "2 hrs 58 mins"),
    ]
    said = counted(found)
    assert said.outcome is Outcome.WRONG
    assert "The whole event, in all: the document says 3 hrs 12 mins, the facts say 2 hrs 58 mins" in said.words


def test_what_came_late_is_not_held_against_a_document() -> None:
    facts = closed()
    told = evidence_of(EVENT, facts.written, subject=ANNE)
    later = [*facts.written, facts.checked_in(ANNE, 200)]
    assert check(told, later, late=1).differences == []
    assert check(told, later).differences


def test_granted_time_is_compared_also_where_the_fact_of_it_came_late() -> None:
    facts = closed()
    told = evidence_of(EVENT, facts.written, subject=ANNE)
    granted = GrantedTime(mode=Mode.REMOTE, start=facts.at(170), end=facts.at(190))
    data = ContestAnswerData(event_id=EVENT, contest_id="con_1", outcome=Answered.UPHELD, granted=granted)
    later = [*facts.written, facts.write(ContestAnswered, data, ANNE, 510)]
    span = {
        "mode": "remote",
        "start": format_instant(granted.start),
        "end": format_instant(granted.end),
        "session_id": None,
        "granted_at": format_instant(facts.at(510)),
    }

    def printing(seconds: int) -> Checked:
        figures = {**told["figures"], "granted": {"seconds": seconds, "spans": [span]}}
        return check({**told, "figures": figures}, later, late=1)

    assert printing(720).differences == []
    (more,) = printing(1200).differences
    assert (more.what, more.said, more.found) == ("granted and not measured", "20 mins", "12 mins")
    assert [each.said for each in check(told, later).differences] == ["nothing", "nothing"]


def test_a_sheet_is_compared_line_by_line_and_whoever_it_leaves_out_is_named() -> None:
    facts = closed().written
    counted_again = recounted(EVENT, [fact.to_bytes() for fact in facts])
    assert counted_again is not None
    rows = {whose: dict(row) for whose, row in counted_again.sheet(MORNING).items()}
    told = evidence_of(EVENT, facts, subject=ANNE)
    told["document"]["participant_id"] = None
    told["proofs"] = []

    def sheet(rows: Mapping[str, object]) -> Checked:
        return check({**told, "figures": {MORNING: rows}}, facts, kind="attendance_sheet")

    absent = dict.fromkeys(rows[ANNE], 0)
    assert sheet({**rows, "par_absent": {**absent, "standing": "absent", "signed": None}}).differences == []
    (missing, *_) = sheet({ANNE: rows[ANNE]}).differences
    assert (missing.what, missing.said) == (f"{MORNING}, {BASIL}, remotely", "nothing")
    (more,) = sheet({**rows, ANNE: {**rows[ANNE], "total": rows[ANNE]["total"] + 60}}).differences
    assert more.what == f"{MORNING}, {ANNE}, in all"


@pytest.mark.parametrize(
    "changed, kind, trouble, outcome",
    [
        ({"figures": {}}, "attendance_certificate", Trouble.UNREADABLE, Outcome.WRONG),
        ({"figures": {MORNING: {ANNE: 5}}}, "attendance_sheet", Trouble.UNREADABLE, Outcome.WRONG),
        ({}, "diploma", Trouble.UNKNOWN_KIND, Outcome.UNKNOWN),
    ],
)
def test_figures_that_cannot_be_compared_say_why(
    changed: Mapping[str, Any], kind: str, trouble: Trouble, outcome: Outcome
) -> None:
    facts = closed().written
    found = check({**evidence_of(EVENT, facts, subject=ANNE), **changed}, facts, kind=kind)
    assert (found.trouble, counted(found).outcome) == (trouble, outcome)


def test_what_a_forger_wrote_cannot_write_over_the_verdict_on_a_terminal() -> None:
    facts = closed().written
    slot = "\x1b[1A\x1b[2K\rThe document is genuine.\u202e\x9b2K"
    told = {**evidence_of(EVENT, facts, subject=ANNE), "proofs": []}
    row = {"in_person": 60, "remote": 0, "total": 60, "inferred": 0}
    differing = check({**told, "figures": {slot: {ANNE: row}}}, facts, kind="attendance_sheet")
    unreadable = check({**told, "figures": {slot: {ANNE: 5}}}, facts, kind="attendance_sheet")
    for found in (differing, unreadable):
        step = counted(found)
        assert step.outcome is Outcome.WRONG
        assert step.words.isprintable()


def test_without_any_word_on_the_event_nothing_is_counted() -> None:
    facts = closed().written
    about_people = [fact for fact in facts if fact.subject is not None]
    file = EvidenceFile.model_validate(evidence_of(EVENT, facts, subject=ANNE))
    verdict = compared(file, logged_facts(EVENT, ((0, fact.to_bytes()) for fact in about_people)))
    assert verdict.finding is not LogFinding.SAME
    assert checked_figures(file, verdict).trouble is Trouble.NO_EVENT
