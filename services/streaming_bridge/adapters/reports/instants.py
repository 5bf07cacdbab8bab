"""Instants as reports write them: in the order of the day's parts that their author's country is used to."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_DAYS_FIRST: Final = tuple(f"%d/%m/{year} {time}" for year in ("%Y", "%y") for time in ("%H:%M:%S", "%H:%M"))
_MONTHS_FIRST: Final = tuple(
    f"%m/%d/{year} {time}" for year in ("%Y", "%y") for time in ("%I:%M:%S %p", "%I:%M %p", "%H:%M:%S", "%H:%M")
)
_DAYS_FIRST_TWELVE: Final = tuple(
    f"%d/%m/{year} {time}" for year in ("%Y", "%y") for time in ("%I:%M:%S %p", "%I:%M %p")
)
_NAMED_MONTHS: Final = tuple(
    f"{day} {time}" for day in ("%b %d %Y", "%B %d %Y", "%d %b %Y") for time in ("%I:%M:%S %p", "%H:%M:%S", "%H:%M")
)
_CLOSE: Final = timedelta(days=2)


class InstantReader:
    """Reads the instants of one report alike: whether 10/11 is in October or in November is the same in all of it."""

    def __init__(self, texts: Sequence[str], *, zone: ZoneInfo, around: datetime) -> None:
        """`zone` is that of the instants that name none; of two readings the one nearer to `around` is right."""
        self._zone = zone
        readings: list[Callable[[str], datetime | None]] = [self._days_first, self._months_first]
        some = [text for text in texts if text.strip()]
        self._read = max(readings, key=lambda read: _worth([read(text) for text in some], around))

    def __call__(self, text: str) -> datetime | None:
        """The instant, in UTC; None if it is none."""
        return self._read(text)

    def _days_first(self, text: str) -> datetime | None:
        return self._parsed(text, (*_DAYS_FIRST, *_DAYS_FIRST_TWELVE))

    def _months_first(self, text: str) -> datetime | None:
        return self._parsed(text, _MONTHS_FIRST)

    def _parsed(self, text: str, formats: Sequence[str]) -> datetime | None:
        plain = " ".join(text.replace(",", " ").split())
        try:
            return self._in_utc(datetime.fromisoformat(plain))
        except (ValueError, OverflowError):
            pass
        plain = re.sub(r"\b([ap])\.?\s?m\b\.?", lambda found: f"{found[1]}M", plain, flags=re.IGNORECASE)
        slashed = re.sub(r"^(\d{1,2})[.-](\d{1,2})[.-](\d{2,4})\b", r"\1/\2/\3", plain).replace(" à ", " ")
        for form in (*formats, *_NAMED_MONTHS):
            try:
                return self._in_utc(datetime.strptime(slashed, form))  # noqa: DTZ007  (its zone is that of the report)
            except (ValueError, OverflowError):
                continue
        return None

    def _in_utc(self, instant: datetime) -> datetime:
        zoned = instant if instant.tzinfo is not None else instant.replace(tzinfo=self._zone)
        return zoned.astimezone(UTC)


def _worth(read: Sequence[datetime | None], around: datetime) -> tuple[int, float]:
    """How many instants a reading finds close to the event, then how near they are."""
    found = [abs(instant - around) for instant in read if instant is not None]
    close = sum(distance <= _CLOSE for distance in found)
    return close, -sum(distance.total_seconds() for distance in found) / max(len(found), 1)
