"""A tally told of people one after the other, in any order and again, gives the figures of all of them counted anew."""

import random
from dataclasses import replace

import pytest

from services.attendance.application.statistics import figures, statistics
from services.attendance.application.tally import Counted, Stay, Tally
from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.fold import Presence, Status
from services.attendance.domain.heads import MINUTE
from services.attendance.domain.intervals import Durations, EndInferred, Interval
from services.attendance.domain.reading import Standing

STARTS, ENDS = 1_000_000 * MINUTE, 1_000_480 * MINUTE
HORIZON = 1_000_300 * MINUTE + 17


def a_person(chance: random.Random, number: int) -> Standing:
    """Somebody with a few intervals, of which the last may go on."""
    intervals = []
    for _ in range(chance.choice([0, 1, 1, 2, 5])):
        start = STARTS + chance.randrange(-MINUTE * 30, MINUTE * 280)
        length = chance.choice([0, 1, MINUTE, chance.randrange(MINUTE * 20)])
        end = chance.choice([start + length, start + length, None])
        inferred = chance.choice([None, None, EndInferred.ROOM_CLOSED]) if end is not None else None
        intervals.append(
            Interval(
                mode=chance.choice(list(Mode)),
                start=start,
                end=end,
                via="r",
                start_inferred=chance.random() < 0.1,
                end_inferred=inferred,
                contradicted_by=("x",) if chance.random() < 0.1 else (),
            )
        )
    presence = Presence(
        status=chance.choice(list(Status)),
        registered_mode=chance.choice([None, *Mode]),
        registration=chance.choice([None, *Registration]),
        intervals=tuple(intervals),
        durations=Durations(in_person=0, remote=0, both=0),
        linked_to=None,
        contradictions=(),
        suspect=("a",) if chance.random() < 0.1 else (),
    )
    return Standing(subject=f"par_{number}", presence=presence)


def counted(standing: Standing) -> Counted:
    presence = standing.presence
    return Counted(
        status=presence.status,
        registered_mode=presence.registered_mode,
        registration=presence.registration,
        stays=tuple(
            Stay(
                mode=one.mode,
                start=one.start,
                end=one.end,
                start_inferred=one.start_inferred,
                end_inferred=one.end_inferred,
                grade=one.grade,
            )
            for one in presence.intervals
        ),
        contradictions=len(presence.contradictions),
        suspect=len(presence.suspect),
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_figures_are_those_of_all_people_counted_anew(seed: int) -> None:
    chance = random.Random(seed)
    tally = Tally()
    people: dict[str, Standing] = {}
    for _ in range(120):
        person = a_person(chance, chance.randrange(30))
        if chance.random() < 0.1:
            people.pop(person.subject, None)
            tally.tell(person.subject, None)
        else:
            people[person.subject] = person
            tally.tell(person.subject, counted(person))
    span = {"horizon": HORIZON, "starts_at": STARTS, "ends_at": ENDS, "suspect_rooms": 2}
    assert tally.statistics(**span) == statistics(list(people.values()), **span)
    assert tally.figures() == figures(list(people.values()))


def test_nobody_is_a_tally_too() -> None:
    span = {"horizon": 0, "starts_at": STARTS, "ends_at": ENDS}
    assert Tally().statistics(**span) == statistics([], **span)


def test_who_is_told_again_as_they_stand_counts_once() -> None:
    person = a_person(random.Random(3), 1)
    tally = Tally()
    for _ in range(3):
        tally.tell(person.subject, counted(person))
    tally.tell("par_2", replace(counted(person), status=Status.AWAY))
    tally.tell("par_2", None)
    assert tally.figures() == figures([person])
