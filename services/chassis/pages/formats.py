"""Dates, times and numbers as people of a language write them, in the time zone of what is shown."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers, units

Style = Literal["full", "long", "medium", "short"]

_FIRST_OF_MONTH: Final = re.compile(r"\b1 (\D)")
_LOCALES: Final = {"en": Locale("en", "GB"), "fr": Locale("fr", "FR")}


def formats(language: str) -> dict[str, Callable[..., str]]:
    """The formatting functions that templates see, for one language."""
    return {
        "format_datetime": lambda instant, timezone, style="long": format_datetime(
            instant, timezone=timezone, language=language, style=style
        ),
        "format_time": lambda instant, timezone, style="short": format_time(
            instant, timezone=timezone, language=language, style=style
        ),
        "format_date": lambda day, timezone=None, style="full": format_date(
            day, timezone=timezone, language=language, style=style
        ),
        "format_number": lambda number: format_number(number, language=language),
        "format_money": lambda cents: format_money(cents, language=language),
        "format_ago": lambda seconds: format_ago(seconds, language=language),
        "format_seconds": lambda seconds, exact=False: format_seconds(seconds, language=language, exact=exact),
    }


def format_datetime(instant: datetime, *, timezone: str, language: str, style: Style = "long") -> str:
    """Day and time, to the minute: `23 November 2026, 09:00`, `23 novembre 2026, 09:00`."""
    day = format_date(instant, timezone=timezone, language=language, style=style)
    pattern = str(dates.get_datetime_format(style, locale=_LOCALES[language]))
    time = format_time(instant, timezone=timezone, language=language)
    return pattern.replace("'", "").replace("{1}", day).replace("{0}", time)


def format_time(instant: datetime, *, timezone: str, language: str, style: Style = "short") -> str:
    """The time of day there: `09:00`; with seconds when `style` is `medium`."""
    return dates.format_time(instant, style, tzinfo=ZoneInfo(timezone), locale=_LOCALES[language])


def format_date(day: date | datetime, *, timezone: str | None = None, language: str, style: Style = "full") -> str:
    """The day there: `Monday 23 November 2026`, `lundi 23 novembre 2026`. An instant needs its time zone.

    In French the first of a month is written `1er janvier 2026`.
    """
    if isinstance(day, datetime):
        if timezone is None:
            msg = "an instant has no day without a time zone"
            raise ValueError(msg)
        day = day.astimezone(ZoneInfo(timezone)).date()
    written = dates.format_date(day, style, locale=_LOCALES[language])
    return _FIRST_OF_MONTH.sub(r"1er \1", written) if language == "fr" and day.day == 1 else written


def format_money(cents: int, *, language: str) -> str:
    """Cents of a euro: `€1,234.50` or `1 234,50 €`."""
    return numbers.format_currency(Decimal(cents) / 100, "EUR", locale=_LOCALES[language])


def format_number(number: float, *, language: str) -> str:
    """`1,234` or `1 234`."""
    return numbers.format_decimal(number, locale=_LOCALES[language])


def format_seconds(seconds: float, *, language: str, exact: bool = False) -> str:
    """A length of time to the minute: `2 hr 5 min`, `2 h 5 min`; to the second below one minute, or if `exact`."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    counts = [(hours, "duration-hour"), (minutes, "duration-minute")]
    if exact or hours == minutes == 0:
        counts.append((left, "duration-second"))
    shown = [count for count in counts if count[0]] or counts[-1:]
    return " ".join(_unit(count, unit, language) for count, unit in shown)


def format_ago(seconds: float, *, language: str) -> str:
    """How long ago something was, in its largest unit: `2 minutes ago`, `il y a 2 minutes`; a second at least."""
    return dates.format_timedelta(-max(1, round(seconds)), add_direction=True, locale=_LOCALES[language])


def _unit(count: int, unit: str, language: str) -> str:
    return units.format_unit(count, unit, length="short", locale=_LOCALES[language])
