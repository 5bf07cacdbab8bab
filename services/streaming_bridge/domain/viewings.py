"""Viewings: somebody watches a stream on the event's page, as far as the beats of that page tell.

A stream has no joins. The page says every half minute that it plays; who is silent for longer has left.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.streaming_bridge.domain.observations import Inferred, Kind

SILENCE: Final = timedelta(seconds=45)
"""After so long without a beat somebody has left: a beat and a half."""
_AFTER: Final = timedelta(milliseconds=1)
"""Of comings and goings at one instant, none ends a stay: what ends one that goes on is later."""
SOONEST_RETURN: Final = timedelta(seconds=1)
"""Nobody comes back sooner after going: pages wait five seconds with a stop, to see whether it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The page played at an instant, or (`stops`) stopped then. Pages number what they tell, and tell it in order."""

    number: int
    at: datetime
    stops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A coming or going that follows; with the number of the beat that tells it, it is the same one each time."""

    kind: Kind
    at: datetime
    number: int
    inferred: Inferred | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """What is known of one page: the latest that it told, when it last played, and when it ended, if it did."""

    last_number: int
    heard_at: datetime
    ended_at: datetime | None = None
    ended_in_silence: bool = False

    @property
    def silent_from(self) -> datetime:
        """When it ends unless something is heard."""
        return self.heard_at + SILENCE


Followed = tuple[Viewing | None, Sequence[Movement]]


def follow(viewing: Viewing | None, beats: Iterable[Beat]) -> Followed:
    """Take what a page tells, in its order; what was told already is no news."""
    movements: list[Movement] = []
    for beat in beats:
        if viewing is not None and beat.number <= viewing.last_number:
            continue
        viewing, moved = (_stopped if beat.stops else _played)(viewing, beat)
        movements += moved
    return viewing, movements


def end_in_silence(viewing: Viewing, *, now: datetime) -> Followed:
    """The viewing ended if nothing was heard for so long by now; else as it is."""
    if viewing.ended_at is not None or now < viewing.silent_from:
        return viewing, ()
    ended = replace(viewing, ended_at=viewing.silent_from, ended_in_silence=True)
    return ended, (_silence(viewing),)


def _played(viewing: Viewing | None, beat: Beat) -> Followed:
    if viewing is None:
        return Viewing(last_number=beat.number, heard_at=beat.at), (_joined(beat, beat.at),)
    # Ages are told by the page's clock and by the network's haste: a page's time never runs backwards.
    at = max(beat.at, viewing.heard_at)
    if viewing.ended_in_silence and viewing.ended_at is not None and at + SILENCE <= viewing.ended_at:
        # It says no more than what the silence was counted from.
        return replace(viewing, last_number=beat.number), ()
    if viewing.ended_at is not None and not viewing.ended_in_silence and at < viewing.ended_at + SOONEST_RETURN:
        # Not believed, or each pair of made-up beats would be two facts; who does go on is heard by the next beat.
        return replace(viewing, last_number=beat.number), ()
    if viewing.ended_at is not None:
        # A beat that was kept while the network was away may be of before the end that was inferred meanwhile. A join
        # at the very instant of a leave takes that leave back; all that follows is later than both.
        heard_at = max(at, viewing.ended_at + _AFTER)
        return Viewing(last_number=beat.number, heard_at=heard_at), (_joined(beat, max(at, viewing.ended_at)),)
    heard = Viewing(last_number=beat.number, heard_at=at)
    if at <= viewing.silent_from:
        return heard, ()
    return heard, (_silence(viewing), _joined(beat, at))


def _stopped(viewing: Viewing | None, beat: Beat) -> Followed:
    if viewing is None:
        return None, ()
    at = max(beat.at, viewing.heard_at)
    known = replace(viewing, last_number=beat.number)
    if viewing.ended_at is None and at > viewing.silent_from:
        return replace(known, ended_at=viewing.silent_from, ended_in_silence=True), (_silence(viewing),)
    if viewing.ended_at is None or (viewing.ended_in_silence and at < viewing.ended_at):
        # Seen is better than inferred: of two leaves the earlier one ends, and the other changes nothing.
        left = Movement(kind=Kind.LEFT, at=at, number=beat.number)
        return replace(known, ended_at=at, ended_in_silence=False), (left,)
    return known, ()


def _joined(beat: Beat, at: datetime) -> Movement:
    return Movement(kind=Kind.JOINED, at=at, number=beat.number)


def _silence(viewing: Viewing) -> Movement:
    return Movement(kind=Kind.LEFT, at=viewing.silent_from, number=viewing.last_number, inferred="silence")
