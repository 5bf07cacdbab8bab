"""Events beside each other: what they add up to."""

from dataclasses import replace
from datetime import UTC, datetime

from services.attendance.domain.comparison import Attended, Held, added, totals

COLLOQUIUM = Attended(
    seats=40,
    came_with_seat=30,
    in_person_only=20,
    remote_only=8,
    both=6,
    came=34,
    seconds_in_person=200_000,
    seconds_remote=90_000,
    seconds=270_000,
)


def held(year: int, *, series: str | None = "Colloque", attended: Attended = COLLOQUIUM) -> Held:
    start = datetime(year, 11, 24, 8, tzinfo=UTC)
    return Held(
        event_id=f"evt_{year}_{series}",
        title="Colloque",
        series=series,
        starts_at=start,
        day=start.date(),
        open=False,
        attended=attended,
    )


def test_events_add_up_year_by_year_for_each_series_and_those_without_come_last() -> None:
    events = [held(2036), held(2037), held(2037, series=None), held(2037, series="Atelier"), held(2036)]
    found = [(total.series, total.year, total.events, total.attended.came) for total in totals(events)]
    assert found == [
        ("Atelier", 2037, 1, 34),
        ("Colloque", 2036, 2, 68),
        ("Colloque", 2037, 1, 34),
        (None, 2037, 1, 34),
    ]


def test_shares_and_means_follow_from_what_is_told() -> None:
    assert (COLLOQUIUM.turnout, COLLOQUIUM.mean_seconds) == (0.75, 270_000 / 34)
    nobody = added([])
    assert (nobody.came, nobody.turnout, nobody.mean_seconds) == (0, None, None)


def test_a_sum_hides_what_is_hidden_of_one_of_its_parts() -> None:
    total = added([COLLOQUIUM, replace(COLLOQUIUM, seats=None, came_with_seat=None)])
    assert (total.came, total.seats, total.came_with_seat, total.turnout) == (68, None, None, None)
