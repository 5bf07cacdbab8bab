"""From what a platform told to who was in a room and when, for people to compare; attendance folds what counts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from services.streaming_bridge.domain.observations import PERSONAL_KINDS, Finding, Kind

_Place = tuple[str, str]
"""Who tells it, and the room's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One connection in a room, from `start` to `end`; None: nothing told of an end."""

    subject: str
    connection: str
    start: datetime
    end: datetime | None


def stays_of(findings: Iterable[Finding]) -> list[Stay]:
    """The stays in some rooms, in no order, by the rules of the fold: facts may come in any order and repeat."""
    channels: dict[tuple[_Place, str | None, str, str], list[Finding]] = defaultdict(list)
    turns: dict[_Place, list[Finding]] = defaultdict(list)
    for finding in findings:
        place = (finding.source_uri, finding.room.key)
        if finding.kind in PERSONAL_KINDS and finding.subject is not None and finding.connection is not None:
            channels[place, finding.room.session, finding.subject, finding.connection].append(finding)
        elif finding.kind in {Kind.ROOM_OPENED, Kind.ROOM_CLOSED}:
            turns[place].append(finding)
    stays: list[Stay] = []
    for (place, session, subject, connection), told in channels.items():
        ends = _ends(turns[place], session)
        stays += [
            Stay(subject=subject, connection=connection, start=start, end=end) for start, end in _walked(told, ends)
        ]
    return stays


def _walked(told: Sequence[Finding], ends: Sequence[datetime]) -> list[tuple[datetime, datetime | None]]:
    spans: list[tuple[datetime, datetime]] = []
    opened: datetime | None = None
    silent = False
    for instant, together in groupby(sorted(told, key=attrgetter("time")), key=attrgetter("time")):
        facts = list(together)
        leaves = [fact for fact in facts if fact.kind is Kind.LEFT]
        seen = [leave for leave in leaves if leave.inferred is None]
        joins = len(leaves) < len(facts)
        if opened is None and joins:
            if leaves:
                spans.append((instant, instant))
                silent = not seen
            else:
                opened = instant
        elif opened is None:
            # The join was lost: the leave may bring the platform's own word on it.
            known = [leave.joined_at for leave in seen if leave.joined_at is not None and leave.joined_at <= instant]
            if known:
                _add(spans, min(known), instant)
            elif seen and silent:
                # It was thought to have ended, because nothing was heard.
                spans[-1] = (spans[-1][0], instant)
            silent = silent and not seen
        elif not joins:
            spans.append((opened, instant))
            opened, silent = None, not seen
    if opened is None:
        return list(spans)
    return [*spans, (opened, min((end for end in ends if end > opened), default=None))]


def _add(spans: list[tuple[datetime, datetime]], start: datetime, end: datetime) -> None:
    """Add the latest span, with those that it overlaps."""
    while spans and spans[-1][1] > start:
        start = min(start, spans.pop()[0])
    spans.append((start, end))


def _ends(turns: Iterable[Finding], session: str | None) -> list[datetime]:
    """When what went on in a session of a room ended: it was closed, or opened again, or another session was opened."""
    ends: list[datetime] = []
    opened_before = session is None
    for turn in sorted(turns, key=attrgetter("time")):
        if turn.kind is Kind.ROOM_CLOSED:
            if None in {session, turn.room.session} or turn.room.session == session:
                ends.append(turn.time)
        elif turn.room.session == session:
            # A join may carry an earlier instant than the opening of its own session: that is no opening again.
            ends += [turn.time] if opened_before else []
            opened_before = True
        else:
            ends.append(turn.time)
    return ends
