"""Periods as settings say them."""

from datetime import UTC, datetime

import pytest

from services.chassis.periods import Period, period_of


@pytest.mark.parametrize("text", ["1 day", "30 days", "18 months", "3 years"])
def test_a_period_is_written_as_it_is_read(text: str) -> None:
    assert str(Period.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "3", "3y", "three years", "-1 days", "1.5 years", "3 weeks", "0 days", "51 years"]
)
def test_what_is_no_period_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the setting's description is the message)
        period_of()(text)


@pytest.mark.parametrize(
    "text,then,now",
    [
        ("1 month", "2026-02-28", "2026-03-31"),
        ("1 year", "2027-02-28", "2028-02-29"),
        ("18 months", "2025-05-23", "2026-11-23"),
        ("12 months", "2025-12-31", "2026-12-31"),
        ("30 days", "2026-10-24", "2026-11-23"),
    ],
)
def test_months_and_years_are_those_of_the_calendar(text: str, then: str, now: str) -> None:
    assert Period.parse(text).before(instant(now)) == instant(then)


def test_what_is_kept_until_a_day_is_over_then() -> None:
    ended, three_years = instant("2026-11-23"), Period.parse("3 years")
    assert three_years.before(three_years.after(ended)) == ended


def instant(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
