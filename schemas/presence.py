"""`passerelle-presence`: the current presence of each participant and guest. Owner: attendance. Compacted.

The key is `event_id/subject`. The record is also the state of the attendance worker (`state`), so that state and output
are one write. Whoever has very many intervals has earlier ones in records of their own, under `event_id/subject/NNNN`.
"""

from enum import StrEnum
from operator import not_
from typing import Annotated, Literal

from pydantic import Field

from schemas.envelope import Fact, FactData, Identifier, Instant, Wire
from schemas.registration import Mode, SeatStatus


class PresenceStatus(StrEnum):
    """Where somebody is now, as far as the facts say. `away`: was present and is no longer; `absent`: never was."""

    ON_SITE = "on_site"
    REMOTE = "remote"
    BOTH = "both"
    AWAY = "away"
    ABSENT = "absent"


class EndInferred(StrEnum):
    """What an end rests on when no closing fact of its own gave it."""

    ROOM_CLOSED = "room_closed"
    ROOM_REOPENED = "room_reopened"
    EVENT_CLOSED = "event_closed"


class Grade(StrEnum):
    """How good the evidence of an interval is.

    `observed`: both ends were reported (or it goes on). `inferred`: an end was not, and follows from something else.
    `contradicted`: a later fact does not fit it, such as a second exit without an entry between.
    """

    OBSERVED = "observed"
    INFERRED = "inferred"
    CONTRADICTED = "contradicted"


class ContradictionKind(StrEnum):
    """What does not fit."""

    EXIT_WITHOUT_ENTRY = "exit_without_entry"
    LEAVE_WITHOUT_JOIN = "leave_without_join"


class PresenceContradiction(Wire):
    """A fact that says somebody went who was not there: it changes no interval."""

    fact_id: Identifier
    time: Instant
    kind: ContradictionKind


class PresenceInterval(Wire):
    """A span of presence; `end` is null while it goes on. `via` is what saw it: a source and room, or a gate.

    `facts` are the ids of what it rests on: what opened it, then what closed it or let its end be inferred (absent:
    written before evidence was kept, as is `grade`). `sources` are those that told them; `contradicted_by` are facts.
    `left_inferred` is what the leave that ended it was itself inferred from: it is the leave's `inferred`.
    """

    mode: Mode
    start: Instant
    end: Instant | None = None
    via: str
    start_inferred: bool = False
    end_inferred: EndInferred | None = None
    left_inferred: Literal["silence"] | None = None
    facts: Annotated[tuple[Identifier, ...], Field(exclude_if=not_)] = ()
    sources: Annotated[tuple[str, ...], Field(exclude_if=not_)] = ()
    contradicted_by: Annotated[tuple[Identifier, ...], Field(exclude_if=not_)] = ()
    grade: Grade | None = None


class Seconds(Wire):
    """Seconds of presence of the intervals that have ended: total = in_person + remote - both."""

    in_person: float = 0
    remote: float = 0
    both: float = 0
    total: float = 0


class PresenceData(FactData):
    """The presence of the envelope's `subject`.

    `linked_to` is set on a guest that turned out to be a participant: their intervals stand there. `suspect` names the
    facts that are left out because their time cannot be right. `earlier` is the number of records that hold earlier
    intervals. `state` is for the worker alone, of whatever shape; `facts` held it once and is no longer written.
    """

    status: PresenceStatus
    registered_mode: Mode | None = None
    registration: SeatStatus | Literal["cancelled"] | None = None
    intervals: tuple[PresenceInterval, ...] = ()
    seconds: Seconds = Seconds()
    linked_to: Identifier | None = None
    contradictions: Annotated[tuple[PresenceContradiction, ...], Field(exclude_if=not_)] = ()
    suspect: Annotated[tuple[Identifier, ...], Field(exclude_if=not_)] = ()
    earlier: Annotated[int, Field(ge=0, exclude_if=not_)] = 0
    state: object = None
    facts: Annotated[tuple[dict[str, object], ...], Field(exclude_if=not_)] = ()


class PresenceChanged(Fact):
    """The presence of one participant or guest, as it stands. `time` is that of its latest fact."""

    type: Literal["passerelle.presence.changed.v1"]
    subject: Identifier
    data: PresenceData


class EarlierData(FactData):
    """Intervals that come before those of the presence record. One whose `number` is not below `earlier` is void.

    `number` counts from 0, the earliest; `state` is for the worker alone.
    """

    number: Annotated[int, Field(ge=0)]
    intervals: tuple[PresenceInterval, ...] = ()
    state: object = None


class PresenceEarlier(Fact):
    """Earlier intervals of somebody who has very many; their key is `event_id/subject/NNNN`."""

    type: Literal["passerelle.presence.earlier.v1"]
    subject: Identifier
    data: EarlierData


PresenceFact = Annotated[PresenceChanged | PresenceEarlier, Field(discriminator="type")]
