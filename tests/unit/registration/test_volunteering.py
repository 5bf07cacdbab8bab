"""What volunteers' hours are worth, and what a door tells of them."""

from datetime import UTC, date, datetime

import pytest

from services.registration.domain.volunteering import AtDesk, Given, Shift, Skill, Valuation, by_task, given

RATE = Valuation(hourly_cents=1202, basis="SMIC")


def shift(minutes: int, *, people: int = 1, skill: Skill = Skill.SIMPLE, task: str = "Accueil") -> Shift:
    return Shift(
        shift_id="vol_1",
        event_id="evt_1",
        day=date(2037, 11, 23),
        task=task,
        minutes=minutes,
        people=people,
        skill=skill,
        noted_at=datetime(2037, 11, 24, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "worked,cents",
    [
        (shift(60), 1202),
        (shift(90, people=2), 3606),
        (shift(60, skill=Skill.SKILLED), 1803),
        (shift(60, skill=Skill.EXPERT), 2404),
        # 1 minute is 20.03 cents, 15 minutes 300.5: half a cent goes up.
        (shift(1), 20),
        (shift(15), 301),
    ],
)
def test_a_shift_is_worth_its_time_at_the_rate_of_its_level(worked: Shift, cents: int) -> None:
    assert RATE.cents(worked) == cents


def test_without_a_rate_hours_are_counted_and_not_valued() -> None:
    assert given([shift(60), shift(30)], Valuation()) == Given(person_minutes=90, cents=None)


def test_tasks_add_up_the_longest_first() -> None:
    shifts = [shift(60), shift(30, task="Son"), shift(45, people=2, task="Son")]
    assert by_task(shifts, RATE) == [
        ("Son", Given(person_minutes=120, cents=601 + 1803)),
        ("Accueil", Given(person_minutes=60, cents=1202)),
    ]


@pytest.mark.parametrize("last,minutes", [("08:00", 15), ("08:15", 15), ("08:16", 30), ("12:01", 255)])
def test_a_door_tells_begun_quarters_of_an_hour(last: str, minutes: int) -> None:
    hour, minute = map(int, last.split(":"))
    first = datetime(2037, 11, 23, 8, tzinfo=UTC)
    door = AtDesk(day=first.date(), gate="Nord", first=first, last=first.replace(hour=hour, minute=minute), scans=2)
    assert door.minutes == minutes
