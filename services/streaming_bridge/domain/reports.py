"""A platform's own report of who was in a meeting, as somebody brought it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

_ADDRESS: Final = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}")


class LineTrouble(StrEnum):
    """Why a line of a report says nothing about presence."""

    NO_NAME = "no_name"
    NO_TIMES = "no_times"
    """One of its instants is missing, or cannot be read."""
    BACKWARDS = "backwards"
    ANOTHER_DAY = "another_day"
    """It is not of this event."""
    WAITING_ROOM = "waiting_room"


class ReportTrouble(StrEnum):
    """What keeps a file from being read as a report."""

    EMPTY = "empty"
    NO_TABLE = "no_table"
    ENCODING = "encoding"
    LOCKED = "locked"
    TOO_LONG = "too_long"
    NO_COLUMNS = "no_columns"
    """No line has headings for a name, a joining and a leaving."""
    ONLY_TOTALS = "only_totals"
    """How long people were there in all, and not from when to when."""
    UNKNOWN_DOCUMENT = "unknown_document"
    """JSON, and no report that is known."""
    NOTHING_READ = "nothing_read"
    """No line of it can be read."""


class UnreadableReportError(Exception):
    """A file cannot be read as a report."""

    def __init__(self, trouble: ReportTrouble) -> None:
        """Keep what is wrong with it."""
        super().__init__(trouble)
        self.trouble = trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedStay:
    """A line: somebody was there from `start` to `end`. `number` is its line in a table, its place in a document.

    `user_id` and `connection` are the platform's own ids, where the report has them.
    """

    number: int
    name: str
    start: datetime
    end: datetime
    email: str | None = None
    user_id: str | None = None
    connection: str | None = None

    @property
    def person(self) -> str:
        """By what the lines of one person are known within a report: the platform's id, the address, or the name."""
        return self.user_id or self.email or " ".join(self.name.casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a file says: `room` is the platform's own name of the meeting, where it has one."""

    stays: Sequence[ReportedStay]
    refused: Mapping[int, LineTrouble] = field(default_factory=dict)
    room: str | None = None


def address_in(text: str) -> str | None:
    """The e-mail address in a cell, in lower case; None if there is none."""
    address = text.strip().lower()
    return address if _ADDRESS.fullmatch(address) else None
