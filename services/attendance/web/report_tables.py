"""Tables in words, of which the report of an event is made: what its page and each of its files show."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.attendance.web import report_answers as answers
from services.chassis.pages.formats import format_date, format_number, format_seconds, format_time
from services.chassis.pages.languages import mark
from services.chassis.spreadsheets import Cell

PEOPLE, SECONDS, PERCENT, TIMES, NUMBER = "people", "seconds", "%", "times", "number"
_UNITS: Final = {
    PEOPLE: mark("people"),
    SECONDS: mark("seconds"),
    TIMES: mark("times"),
    NUMBER: mark("number"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column counts, in which mode if in one, and in what."""

    word: str
    unit: str
    mode: str = ""

    @property
    def is_time(self) -> bool:
        """Whether it holds lengths of time, in seconds."""
        return self.unit == SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line is about, its cells, and where what they count is listed; a cell of None is hidden or not known."""

    label: str
    cells: Sequence[Cell]
    facts: Sequence[str | None] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """One part of the report; `first` heads the labels of its lines."""

    key: str
    title: str
    first: str
    columns: Sequence[Column]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """How a report is worded: in a language, in the time zone of its event."""

    language: str
    timezone: str
    gettext: Callable[[str], str]

    def time(self, instant: datetime) -> str:
        """The time of day."""
        return format_time(instant, timezone=self.timezone, language=self.language)

    def moment(self, instant: datetime) -> str:
        """Day and time, to the second."""
        day = format_date(instant, timezone=self.timezone, language=self.language, style="long")
        clock = format_time(instant, timezone=self.timezone, language=self.language, style="medium")
        return f"{day}, {clock}"

    def length(self, seconds: float) -> str:
        """A length of time."""
        return format_seconds(seconds, language=self.language)

    def number(self, number: float) -> str:
        """As people write it."""
        return format_number(number, language=self.language)


def state_of(report: answers.EventReportAnswer, tongue: Tongue) -> str | None:
    """What stands on every page: that the event is still open, that nothing was known yet, that people are left out."""
    if report.why_empty is not None:
        return tongue.gettext(
            mark("Nothing was known of this event at that instant: its first fact was recorded on %(first)s.")
        ) % {"first": tongue.moment(report.why_empty.first_recorded)}
    if report.open:
        return tongue.gettext(mark("The event was still open then: these figures can become others."))
    if not report.complete:
        return tongue.gettext(
            mark("Whoever would stand out from fewer than %(smallest)s people is left out of all figures.")
        ) % {"smallest": tongue.number(report.settings.smallest_group or 0)}
    return None


def tidy(found: Sequence[ReportTable], tongue: Tongue) -> Iterator[Sequence[Cell]]:
    """One row for each value: part, what, mode, value, unit."""
    for table in found:
        for line in table.lines:
            for column, cell in zip(table.columns, line.cells, strict=True):
                what = f"{line.label}, {column.word}" if column.word != column.mode and column.word else line.label
                yield table.title, what, column.mode, cell, unit_of(column, tongue)


def unit_of(column: Column, tongue: Tongue) -> str:
    """What a column counts in."""
    return tongue.gettext(_UNITS[column.unit]) if column.unit in _UNITS else column.unit


class Worded:
    """One report in the words of one language."""

    def __init__(self, report: answers.EventReportAnswer, tongue: Tongue) -> None:
        """Word `report` for readers of a language."""
        self.report = report
        self.tongue = tongue
        self._ = tongue.gettext
        words = (mark("On site"), mark("Remote"), mark("Both"), mark("In all"))
        self.modes = [tongue.gettext(word) for word in words]

    def moment(self, at: datetime) -> str:
        """Day and time, short."""
        day = format_date(at, timezone=self.tongue.timezone, language=self.tongue.language, style="short")
        return f"{day} {self.tongue.time(at)}"
