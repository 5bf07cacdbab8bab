"""Facts about rules of eligibility and contests, as the wire has them. What people wrote stays here."""

from typing import Final

from schemas import eligibility as wire
from schemas.registration import Mode
from services.registration.domain.contests import Answer
from services.registration.domain.facts import AttendanceContested, ContestAnswered, EligibilityChanged

_SOURCE: Final = "/registration"


def eligibility_fact(fact: EligibilityChanged) -> wire.EligibilityChanged:
    """The rules as they stand."""
    rules = fact.rules
    return wire.EligibilityChanged(
        id=fact.fact_id,
        source=_SOURCE,
        type="passerelle.registration.eligibility.changed.v1",
        time=fact.at,
        recordedtime=fact.at,
        data=wire.EligibilityData(
            event_id=fact.event_id,
            version=fact.version,
            requirements=tuple(
                wire.Requirement(
                    scope=wire.Scope(each.scope.value),
                    minutes=each.minutes,
                    percent=each.percent,
                    at_least=each.at_least,
                    session_id=each.session_id,
                )
                for each in rules.requirements
            ),
            mode=None if rules.mode is None else Mode(rules.mode.value),
            inferred=rules.inferred,
            unattributed=rules.unattributed,
            leeway_seconds=rules.leeway_seconds,
        ),
    )


def contest_fact(fact: AttendanceContested) -> wire.AttendanceContested:
    """What is contested, without a word of whom it is about."""
    contest, claim = fact.contest, fact.contest.claim
    return wire.AttendanceContested(
        id=fact.fact_id,
        source=_SOURCE,
        type="passerelle.registration.attendance.contested.v1",
        subject=contest.participant_id,
        time=contest.at,
        recordedtime=contest.at,
        data=wire.ContestData(
            event_id=contest.event_id,
            contest_id=contest.contest_id,
            half_day_id=claim.half_day_id,
            session_id=claim.session_id,
            mode=None if claim.mode is None else Mode(claim.mode.value),
            start=claim.start,
            end=claim.end,
        ),
    )


def contest_answer_fact(fact: ContestAnswered) -> wire.ContestAnswered:
    """The answer that counts from now on, without its reason."""
    contest = fact.contest
    return wire.ContestAnswered(
        id=fact.fact_id,
        source=_SOURCE,
        type="passerelle.registration.attendance.contest_answered.v1",
        subject=contest.participant_id,
        time=fact.at,
        recordedtime=fact.at,
        data=wire.ContestAnswerData(
            event_id=contest.event_id,
            contest_id=contest.contest_id,
            outcome=wire.Outcome.WITHDRAWN if contest.answer is None else wire.Outcome(contest.answer.outcome.value),
            granted=_granted(contest.answer),
        ),
    )


def _granted(answer: Answer | None) -> wire.GrantedTime | None:
    if answer is None or answer.granted is None:
        return None
    granted = answer.granted
    return wire.GrantedTime(
        mode=Mode(granted.mode.value), start=granted.start, end=granted.end, session_id=granted.session_id
    )
