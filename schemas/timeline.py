"""`passerelle-timeline`: one entry a fact that counted, with the presence it led to. Owner: attendance. Forever.

An entry has the id, the time and the recorded time of its fact; readers upsert by id and order by (`time`, `id`).
An end that attendance inferred is a fact too: it stands here alone, inside its entry.
"""

from enum import StrEnum
from typing import Final, Literal, Self

from pydantic import model_validator

from schemas.envelope import Fact, FactData, Identifier, Instant, Wire
from schemas.presence import EndInferred, PresenceStatus, Seconds
from schemas.registration import Mode

END_INFERRED: Final = "passerelle.attendance.end_inferred.v1"


class SuspectTime(StrEnum):
    """Why the time of a fact cannot be right: long after it was recorded, or before the day of its event."""

    FUTURE = "future"
    BEFORE_EVENT = "before_event"


class EndInferredData(FactData):
    """A presence of which no fact told the end; `facts` are what opened it and what let the end be inferred."""

    mode: Mode
    via: str
    start: Instant
    end: Instant
    reason: EndInferred
    facts: tuple[Identifier, Identifier]


class AttendanceEndInferred(Fact):
    """Attendance takes a presence for ended. `time` is that end; on no topic of its own: it stands in its entry."""

    type: Literal["passerelle.attendance.end_inferred.v1"]
    subject: Identifier
    data: EndInferredData


class PresenceReached(Wire):
    """The presence of the entry's subject once its fact was known to the worker."""

    status: PresenceStatus
    seconds: Seconds


class EntryData(FactData):
    """The fact as it was, whole, and whom it concerned after identities were resolved.

    `suspect_time` is what was thought of its time when it was told. `withdrawn_at` is when an inferred end was found
    untrue: the recorded time of the fact that says so. Such an entry stands no longer.

    Raises:
        ValueError: on construction, when the fact is an inferred end and not of that shape.
    """

    fact: dict[str, object]
    participant_id: Identifier | None = None
    guest_id: Identifier | None = None
    presence: PresenceReached | None = None
    suspect_time: SuspectTime | None = None
    withdrawn_at: Instant | None = None

    @model_validator(mode="after")
    def _check_inferred_end(self) -> Self:
        if self.fact.get("type") == END_INFERRED:
            AttendanceEndInferred.model_validate(self.fact)
        return self


class TimelineEntry(Fact):
    """One entry of an event's timeline; `subject` is the participant or guest, absent for facts about the event."""

    type: Literal["passerelle.timeline.entry.v1"]
    data: EntryData
