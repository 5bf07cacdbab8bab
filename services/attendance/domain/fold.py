"""The heart: presence is a pure function of a set of facts. No clock, no I/O, no order of arrival.

`fold_event` folds all the facts of an event; `fold_presence` one person's, given the event's context; `fold_channel`
one channel's. Same facts, in any order and however often repeated: same result.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import attrgetter

from services.attendance.domain.context import EventContext, fold_context
from services.attendance.domain.copies import distinct
from services.attendance.domain.facts import (
    Channel,
    EventFact,
    Fact,
    LinkChange,
    Mode,
    Movement,
    Registration,
    RoomChange,
    SeatChange,
    Snapshot,
    SubjectFact,
    Voiding,
)
from services.attendance.domain.intervals import Durations, EndInferred, Interval, durations, in_order


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
    """

    status: Status = Status.ABSENT
    registered_mode: Mode | None = None
    registration: Registration | None = None
    intervals: tuple[Interval, ...] = ()
    durations: Durations = field(default_factory=Durations)
    linked_to: str | None = None


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
        if isinstance(fact, Movement | Voiding | SeatChange):
            of_subject.setdefault(fact.subject, []).append(fact)
        elif isinstance(fact, RoomChange | Snapshot | LinkChange):
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
    channels: dict[Channel, list[Movement]] = {}
    registered_mode: Mode | None = None
    registration: Registration | None = None
    for fact in known:
        if isinstance(fact, Movement):
            if fact.id not in voided:
                channels.setdefault(fact.channel, []).append(fact)
        elif isinstance(fact, SeatChange):
            registered_mode = fact.mode or registered_mode
            registration = fact.registration
    intervals = in_order(interval for moves in channels.values() for interval in fold_channel(moves, context))
    return Presence(
        status=_status(intervals),
        registered_mode=registered_mode,
        registration=registration,
        intervals=intervals,
        durations=durations(intervals),
    )


def fold_channel(facts: Iterable[Movement], context: EventContext) -> list[Interval]:
    """The intervals of one channel, in order and without overlap; only the last can be going on.

    `facts` are distinct and none is voided. Where a leave says that it began before an earlier leave of the same
    channel, the two become one interval: nobody is in one channel twice.
    """
    intervals: list[Interval] = []
    opening: Movement | None = None
    for _, group in groupby(sorted(facts, key=attrgetter("time", "id")), key=attrgetter("time")):
        moves = list(group)
        opens = next((move for move in moves if move.opens), None)
        closes = [move for move in moves if not move.opens]
        if opens is not None and closes:
            if opening is None:
                intervals.append(_interval(opens, end=opens.time))
        elif opens is not None:
            opening = opening or opens
        elif opening is not None:
            intervals.append(_interval(opening, end=closes[0].time))
            opening = None
        else:
            _add_lost_join(intervals, closes)
    if opening is not None:
        inferred = context.inferred_end(start=opening.time, place=opening.place)
        end, reason = inferred or (None, None)
        intervals.append(_interval(opening, end=end, end_inferred=reason))
    return intervals


def _interval(opening: Movement, *, end: int | None, end_inferred: EndInferred | None = None) -> Interval:
    return Interval(mode=opening.channel.mode, start=opening.time, end=end, via=opening.via, end_inferred=end_inferred)


def _add_lost_join(intervals: list[Interval], closes: Sequence[Movement]) -> None:
    """Add what a leave of a closed channel says by its `joined_at`; of leaves of one instant the longest counts.

    A `joined_at` later than the leave is no word to trust, and the leave says no more than one without it.
    """
    told = [
        (move.joined_at, move.id, move.via)
        for move in closes
        if move.joined_at is not None and move.joined_at <= move.time
    ]
    if not told:
        return
    start, _, via = min(told)
    start_inferred = True
    while intervals and (intervals[-1].end or 0) > start:  # each has an end: the channel is closed
        overlapped = intervals.pop()
        if overlapped.start <= start:
            start, via, start_inferred = overlapped.start, overlapped.via, overlapped.start_inferred
    mode, end = closes[0].channel.mode, closes[0].time
    intervals.append(Interval(mode=mode, start=start, end=end, via=via, start_inferred=start_inferred))


def _status(intervals: Sequence[Interval]) -> Status:
    ongoing = {interval.mode for interval in intervals if interval.end is None}
    if len(ongoing) > 1:
        return Status.BOTH
    if ongoing:
        return Status.ON_SITE if Mode.IN_PERSON in ongoing else Status.REMOTE
    return Status.AWAY if intervals else Status.ABSENT
