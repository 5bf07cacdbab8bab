"""Rules of eligibility before any record: what is enough stays so, what is granted counts once, where bounds are."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.attendance_records import (
    AttendanceRecord,
    AttendedInterval,
    AttendedTime,
    Attribution,
    Basis,
    HalfDay,
    HeldSession,
    Schedule,
)
from services.registration.domain.eligibility import Requirement, Rules, Scope, judge
from services.registration.domain.errors import InvalidValueError
from services.registration.domain.granted_time import Grant
from services.registration.domain.seats import Mode

START: Final = datetime(2037, 3, 2, 8, 0, tzinfo=UTC)
NOON: Final = START + timedelta(hours=4)
END: Final = START + timedelta(hours=8)
SESSIONS: Final = (("a", 0, 60), ("b", 60, 120), ("c", 60, 120), ("d", 240, 420))

Minute = st.integers(0, 480)
Requirements = st.builds(
    lambda scope, percent, at_least: Requirement(
        scope=scope,
        percent=percent,
        at_least=at_least if scope in {Scope.HALF_DAYS, Scope.SESSIONS} else None,
        session_id="b" if scope is Scope.SESSION else None,
    ),
    st.sampled_from(Scope),
    st.integers(1, 100),
    st.none() | st.integers(1, 5),
)
AnyRules = st.builds(
    Rules,
    requirements=st.lists(Requirements, max_size=3).map(tuple),
    mode=st.none() | st.sampled_from(Mode),
    inferred=st.booleans(),
    unattributed=st.booleans(),
    leeway_seconds=st.integers(0, 600),
)
Visits = st.lists(
    st.tuples(st.sampled_from(Mode), Minute, Minute, st.sampled_from([Basis.OBSERVED, Basis.INFERRED])).filter(
        lambda visit: visit[1] < visit[2]
    ),
    max_size=4,
)
Grants = st.lists(
    st.builds(
        lambda mode, bounds, session_id: granted(*sorted(bounds), mode=mode, session_id=session_id),
        st.sampled_from(Mode),
        st.tuples(Minute, Minute).filter(lambda bounds: bounds[0] != bounds[1]),
        st.sampled_from([None, "a", "b"]),
    ),
    max_size=3,
)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def granted(start: float, end: float, *, mode: Mode = Mode.REMOTE, session_id: str | None = None) -> Grant:
    return Grant(contest_id="contest", mode=mode, start=at(start), end=at(end), granted_at=END, session_id=session_id)


def record(
    visits: Sequence[tuple[Mode, float, float, Basis]],
    *,
    attributed: Attribution | None = Attribution.CHOICE,
    headcount: int | None = None,
) -> AttendanceRecord:
    """A record as attendance would reckon it, of somebody who chose `b` of the parallel sessions `b` and `c`."""

    def time(start: float, end: float) -> AttendedTime:
        def seconds(chosen: Sequence[tuple[Mode, float, float, Basis]]) -> int:
            there: set[int] = set()
            for _, first, last, _ in chosen:
                there |= set(range(round(60 * max(start, first)), round(60 * min(end, last))))
            return len(there)

        in_person = seconds([visit for visit in visits if visit[0] is Mode.IN_PERSON])
        remote = seconds([visit for visit in visits if visit[0] is Mode.REMOTE])
        total = seconds(visits)
        inferred = total - seconds([visit for visit in visits if visit[3] is Basis.OBSERVED])
        return AttendedTime(
            in_person=in_person, remote=remote, both=in_person + remote - total, total=total, inferred=inferred
        )

    sessions = {name: time(start, end) for name, start, end in SESSIONS}
    if attributed is Attribution.UNKNOWN:
        sessions |= {name: AttendedTime(attributed=attributed) for name in "bc"}
    else:
        sessions |= {"b": replace(sessions["b"], attributed=attributed), "c": AttendedTime()}
    return AttendanceRecord(
        schedule=Schedule(
            event_id="event",
            as_of=END,
            open=False,
            half_days=(
                HalfDay(half_day_id="morning", starts_at=START, ends_at=NOON),
                HalfDay(half_day_id="afternoon", starts_at=NOON, ends_at=END),
            ),
            sessions=tuple(
                HeldSession(session_id=name, title=name, starts_at=at(start), ends_at=at(end))
                for name, start, end in SESSIONS
            ),
        ),
        participant_id="participant",
        headcount=headcount,
        whole=time(0, 480),
        half_days={"morning": time(0, 240), "afternoon": time(240, 480)},
        sessions=sessions,
        intervals=tuple(
            AttendedInterval(mode=mode, start=at(start), end=at(end), via="hall", grade=grade)
            for mode, start, end, grade in visits
        ),
    )


def one(scope: Scope, **needed: int | str) -> Rules:
    return Rules(requirements=(Requirement(scope=scope, **needed),))  # type: ignore[arg-type]


@given(AnyRules, Visits, Grants, st.sampled_from([Attribution.CHOICE, Attribution.UNKNOWN]))
def test_more_time_more_leeway_and_more_grants_never_take_eligibility_away(
    rules: Rules, visits: list[tuple[Mode, float, float, Basis]], grants: list[Grant], attributed: Attribution
) -> None:
    """What is enough stays enough when somebody turns out to have been there longer."""
    known = record(visits, attributed=attributed)
    verdict = judge(rules, known, grants)
    longer = record([*visits, (rules.mode or Mode.IN_PERSON, 0, 480, Basis.OBSERVED)], attributed=attributed)
    assert judge(rules, longer, grants).eligible >= verdict.eligible
    assert judge(replace(rules, leeway_seconds=600), known, grants).eligible >= verdict.eligible
    more = [*grants, granted(0, 480, mode=rules.mode or Mode.REMOTE)]
    assert judge(rules, known, more).eligible >= verdict.eligible


@given(AnyRules, Visits, Grants, st.sampled_from([Attribution.CHOICE, Attribution.UNKNOWN]))
def test_nobody_has_more_than_there_was_and_who_was_never_there_is_not_eligible(
    rules: Rules, visits: list[tuple[Mode, float, float, Basis]], grants: list[Grant], attributed: Attribution
) -> None:
    """Granted and seen time count once, and a verdict adds up."""
    verdict = judge(rules, record(visits, attributed=attributed), grants)
    lengths = {"": 480, "morning": 240, "afternoon": 240} | {name: end - start for name, start, end in SESSIONS}
    for part in verdict.parts:
        assert 0 <= part.granted_seconds <= part.had_seconds <= 60 * lengths[part.what]
        assert part.met or part.had_seconds < part.needed_seconds
    counts = {None, rules.mode} if rules.mode else {None, *Mode}
    if not any(visit[0] in counts for visit in visits) and not any(grant.mode in counts for grant in grants):
        assert not verdict.eligible
    assert verdict.eligible == (verdict.there and all(each.met for each in verdict.outcomes))


@given(AnyRules, Visits)
def test_a_venue_is_judged_by_its_connection_however_many_sit_there(
    rules: Rules, visits: list[tuple[Mode, float, float, Basis]]
) -> None:
    """The number of people in a venue multiplies nothing."""
    assert judge(rules, record(visits)) == judge(rules, record(visits, headcount=25))


@pytest.mark.parametrize(
    "minutes, leeway, enough",
    [(60, 0, True), (59.5, 60, True), (59.5, 30, True), (59.5, 29, False), (59, 60, True), (58.9, 60, False)],
)
def test_all_of_a_session_is_had_by_who_left_it_early_by_no_more_than_the_leeway(
    minutes: float, leeway: int, enough: bool
) -> None:
    """The boundary is where it is said to be, to the second."""
    known = record([(Mode.REMOTE, 0, minutes, Basis.OBSERVED)])
    rules = replace(one(Scope.SESSION, percent=100, session_id="a"), leeway_seconds=leeway)
    assert judge(rules, known).eligible is enough


def test_the_event_is_its_half_days_and_lunch_makes_up_for_none_of_them() -> None:
    """Somebody had the morning, stayed for an hour of lunch."""
    known = record([(Mode.IN_PERSON, 0, 240, Basis.OBSERVED)])
    lunched = replace(known, whole=AttendedTime(in_person=18000, total=18000))
    assert judge(one(Scope.EVENT, percent=50), lunched).parts[0].had_seconds == 4 * 3600
    at_lunch_alone = replace(record([]), whole=AttendedTime(in_person=3600, total=3600))
    assert judge(Rules(), at_lunch_alone).eligible
    assert not judge(one(Scope.EVENT, percent=50), at_lunch_alone).eligible


def test_what_is_needed_is_rounded_down_and_never_more_than_there_was() -> None:
    """A third of an odd second is asked of nobody, nor more minutes than a session lasted."""
    length = timedelta(seconds=100, milliseconds=999)
    assert Requirement(scope=Scope.EVENT, percent=99).of(length) == 99
    assert Requirement(scope=Scope.EVENT, percent=100).of(length) == 100
    assert Requirement(scope=Scope.EVENT, minutes=2).of(length) == 100


def test_a_session_that_is_gone_from_the_agenda_asks_nothing_of_who_was_there() -> None:
    """Who came is not refused for a session that was cancelled; who never came is."""
    rules = one(Scope.SESSION, percent=100, session_id="cancelled")
    assert judge(rules, record([(Mode.IN_PERSON, 0, 1, Basis.OBSERVED)])).eligible
    assert not judge(rules, record([])).eligible


def test_of_sessions_at_one_time_that_nobody_can_tell_apart_one_counts() -> None:
    """Somebody in the building during `b` and `c` was in one of them: three slots are reached and not four."""
    all_day = record([(Mode.IN_PERSON, 0, 480, Basis.OBSERVED)], attributed=Attribution.UNKNOWN)
    rules = one(Scope.SESSIONS, percent=80)
    (outcome,) = judge(rules, all_day).outcomes
    assert (outcome.reached, outcome.needed) == (3, 3)
    strict = judge(replace(rules, unattributed=False), all_day)
    assert (strict.outcomes[0].reached, strict.eligible) == (2, False)


def test_time_granted_in_one_of_several_sessions_makes_up_for_what_nobody_could_place() -> None:
    """Somebody was there, in nobody knows which: the grant says which, and its time counts once."""
    all_day = record([(Mode.IN_PERSON, 0, 480, Basis.OBSERVED)], attributed=Attribution.UNKNOWN)
    rules = replace(one(Scope.SESSION, percent=100, session_id="b"), unattributed=False)
    assert not judge(rules, all_day).eligible
    verdict = judge(rules, all_day, [granted(60, 120, mode=Mode.IN_PERSON, session_id="b")])
    assert (verdict.eligible, verdict.granted) == (True, True)
    assert verdict.parts[0].granted_seconds == 3600


def test_a_mode_that_does_not_count_and_time_that_is_inferred_are_left_out_where_the_rules_say_so() -> None:
    """Two hours on site, two hours remote of which the end was inferred."""
    known = record([(Mode.IN_PERSON, 0, 120, Basis.OBSERVED), (Mode.REMOTE, 120, 240, Basis.INFERRED)])
    half = one(Scope.EVENT, percent=50)
    assert judge(half, known).eligible
    assert not judge(replace(half, mode=Mode.IN_PERSON), known).eligible
    assert not judge(replace(half, inferred=False), known).eligible
    remote = judge(replace(half, mode=Mode.REMOTE, inferred=False), known, [granted(0, 240)])
    assert (remote.parts[0].had_seconds, remote.parts[0].granted_seconds) == (4 * 3600, 4 * 3600)


@pytest.mark.parametrize(
    "scope, given, pointer",
    [
        (Scope.EVENT, {}, "/minutes"),
        (Scope.EVENT, {"minutes": 5, "percent": 5}, "/minutes"),
        (Scope.EVENT, {"percent": 101}, "/percent"),
        (Scope.EVENT, {"minutes": 0}, "/minutes"),
        (Scope.EVENT, {"percent": 5, "at_least": 1}, "/at_least"),
        (Scope.SESSION, {"percent": 5}, "/session_id"),
    ],
)
def test_a_rule_that_cannot_be_meant_cannot_be_built(scope: Scope, given: dict[str, int], pointer: str) -> None:
    """And the refusal names the field."""
    with pytest.raises(InvalidValueError) as refused:
        Requirement(scope=scope, **given)  # type: ignore[arg-type]
    assert refused.value.pointer == pointer
