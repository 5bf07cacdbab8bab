from datetime import UTC, date, datetime

import pytest

from services.chassis.pages.formats import format_date, format_datetime, format_number, format_seconds, format_time

INSTANT = datetime(2026, 11, 23, 23, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "language,timezone,text",
    [
        ("en", "Europe/Paris", "24 November 2026, 00:30"),
        ("fr", "Europe/Paris", "24 novembre 2026, 00:30"),
        ("fr", "America/Martinique", "23 novembre 2026, 19:30"),
    ],
)
def test_an_instant_is_told_in_the_time_zone_of_the_event(language: str, timezone: str, text: str) -> None:
    assert format_datetime(INSTANT, timezone=timezone, language=language) == text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_time_of_day_has_24_hours_in_both_languages(language: str) -> None:
    assert format_time(INSTANT, timezone="UTC", language=language) == "23:30"
    assert format_time(INSTANT, timezone="UTC", language=language, style="medium") == "23:30:05"


def test_a_day_is_told_with_its_name() -> None:
    assert format_date(INSTANT, timezone="Europe/Paris", language="fr") == "mardi 24 novembre 2026"
    assert format_date(date(2026, 11, 24), language="fr") == "mardi 24 novembre 2026"


def test_an_instant_has_no_day_without_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_date(INSTANT, language="en")


def test_a_number_is_grouped() -> None:
    assert format_number(1234, language="en") == "1,234"
    assert format_number(1234, language="fr") == "1\u202f234"


@pytest.mark.parametrize(
    "seconds,english,french",
    [
        (0, "0 secs", "0 s"),
        (59.4, "59 secs", "59 s"),
        (60, "1 min", "1 min"),
        (3600, "1 hr", "1 h"),
        (7530, "2 hrs 5 mins", "2 h 5 min"),
        (90_000, "25 hrs", "25 h"),
    ],
)
def test_a_length_of_time_is_told_to_the_minute(seconds: float, english: str, french: str) -> None:
    assert format_seconds(seconds, language="en") == english
    assert format_seconds(seconds, language="fr").replace("\u00a0", " ").replace("\u202f", " ") == french


@pytest.mark.parametrize(
    "seconds,english",
    [(0, "0 secs"), (59.4, "59 secs"), (60, "1 min"), (3601, "1 hr 1 sec"), (7530, "2 hrs 5 mins 30 secs")],
)
def test_a_length_of_time_is_told_to_the_second_where_that_matters(seconds: float, english: str) -> None:
    assert format_seconds(seconds, language="en", exact=True) == english


def test_in_french_the_first_of_a_month_has_its_ending() -> None:
    first, eleventh = date(2037, 1, 1), date(2037, 1, 11)
    assert format_date(first, language="fr") == "jeudi 1er janvier 2037"
    assert format_date(eleventh, language="fr", style="long") == "11 janvier 2037"
    assert format_date(first, language="fr", style="short") == "01/01/2037"
    assert format_date(first, language="en", style="long") == "1 January 2037"
