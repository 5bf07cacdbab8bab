"""The heart: presence is a pure function of a set of facts. No clock, no I/O, no order of arrival.

`fold_event` folds all the facts of an event; `fold_presence` one person's, given the event's context; `fold_channel`
one channel's (see `services.attendance.domain.channel`). Same facts, in any order and however often repeated: same
result, down to the facts that each interval rests on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from services.attendance.domain.channel import ChannelPresence, fold_channel
from services.attendance.domain.context import EventContext, fold_context
from services.attendance.domain.copies import distinct
from services.attendance.domain.evidence import Contradiction
from services.attendance.domain.facts import (
    Channel,
    EventFact,
    Fact,
    Mode,
    Movement,
    Registration,
    SeatChange,
    SubjectFact,
    TimeAcceptance,
    Voiding,
)
from services.attendance.domain.intervals import Durations, Interval, durations, in_order
from services.attendance.domain.suspicion import is_left_out, latest_acceptances


class Status(StrEnum):
    """Where somebody is, as far as the facts say. `AWAY`: was present and is no longer; `ABSENT`: never was."""

    ON_SITE = "on_site"
    REMOTE = "remote"
    BOTH = "both"
    AWAY = "away"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """One person's presence at one event; `durations` is that of the intervals that have ended.

    A guest that is `linked_to` a participant has no intervals of their own: they stand with the participant.
    `contradictions` are by (time, id). `suspect` are the ids, so ordered too, of the facts that are left out because
    their time cannot be right.
    """

    status: Status = Status.ABSENT
    registered_mode: Mode | None = None
    registration: Registration | None = None
    intervals: tuple[Interval, ...] = ()
    durations: Durations = field(default_factory=Durations)
    linked_to: str | None = None
    contradictions: tuple[Contradiction, ...] = ()
    suspect: tuple[str, ...] = ()


NOBODY: Final = Presence()
"""Where no fact that stands tells of a person, such as where an acceptance names somebody who does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPresence:
    """The presence of everybody an event's facts speak of, by participant or guest id, and its context."""

    context: EventContext
    people: Mapping[str, Presence]


def fold_event(facts: Iterable[Fact]) -> EventPresence:
    """Fold all the facts of one event at once."""
    of_event: list[EventFact] = []
    of_subject: dict[str, list[SubjectFact]] = {}
    for fact in facts:
        if isinstance(fact, SubjectFact):
            of_subject.setdefault(fact.subject, []).append(fact)
        elif isinstance(fact, EventFact):
            of_event.append(fact)
    context = fold_context(of_event)
    everybody = {*of_subject, *(context.owner(subject) for subject in of_subject)}
    people = {}
    for subject in sorted(everybody):
        group = [fact for member in context.members(subject) for fact in of_subject.get(member, ())]
        people[subject] = fold_subject(subject, group, context)
    return EventPresence(context=context, people=people)


def fold_subject(subject: str, facts: Iterable[SubjectFact], context: EventContext) -> Presence:
    """The presence of `subject`, given the facts of all its `context.members`; empty for a guest who is linked."""
    owner = context.owner(subject)
    if owner != subject:
        return Presence(linked_to=owner)
    return fold_presence(facts, context)


def fold_presence(facts: Iterable[SubjectFact], context: EventContext) -> Presence:
    """The presence that one person's facts lead to, those of the guests linked to them among them."""
    known = distinct(facts)
    voided = {fact.voided_id for fact in known if isinstance(fact, Voiding)}
    acceptances = context.acceptances
    if said := [fact for fact in known if isinstance(fact, TimeAcceptance)]:
        acceptances = latest_acceptances([*acceptances.values(), *said])
    channels: dict[Channel, list[Movement]] = {}
    suspect: list[str] = []
    registered_mode: Mode | None = None
    registration: Registration | None = None
    for fact in known:
        if isinstance(fact, Movement):
            if fact.id in voided:
                continue
            if is_left_out(fact, day_starts_at=context.day_starts_at, acceptances=acceptances):
                suspect.append(fact.id)
            else:
                channels.setdefault(fact.channel, []).append(fact)
        elif isinstance(fact, SeatChange):
            registered_mode = fact.mode or registered_mode
            registration = fact.registration
    walked = [fold_channel(moves, context) for moves in channels.values()]
    intervals = in_order(interval for channel in walked for interval in channel.intervals)
    return Presence(
        status=_status(intervals),
        registered_mode=registered_mode,
        registration=registration,
        intervals=intervals,
        durations=durations(intervals),
        contradictions=_contradictions(walked),
        suspect=tuple(suspect),
    )


def _contradictions(channels: Iterable[ChannelPresence]) -> tuple[Contradiction, ...]:
    found = [contradiction for channel in channels for contradiction in channel.contradictions]
    return tuple(sorted(found, key=lambda contradiction: (contradiction.time, contradiction.fact_id)))


def _status(intervals: Sequence[Interval]) -> Status:
    ongoing = {interval.mode for interval in intervals if interval.end is None}
    if len(ongoing) > 1:
        return Status.BOTH
    if ongoing:
        return Status.ON_SITE if Mode.IN_PERSON in ongoing else Status.REMOTE
    return Status.AWAY if intervals else Status.ABSENT
