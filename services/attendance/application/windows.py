"""From when on the facts of a channel have to be folded again, where one of them comes, goes or counts no more."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from services.attendance.application.kept import KeptMovement
from services.attendance.application.known import Known, Row, UncommonError
from services.attendance.application.person import EVER, IN_PERSON_KEY, ChannelKey
from services.attendance.application.sealing import has_sealed_silence

Move: TypeAlias = tuple[str, KeptMovement]
"""Whose it is, and what is remembered of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The last intervals of a channel, and from when on its facts belong to them.

    It `is_whole` if it is known what stands before them.
    """

    rows: list[Row]
    first: int
    is_whole: bool


def windows(known: Known, channel: ChannelKey, since: int) -> Iterator[Window]:
    """What of a channel may be enough to be folded from an instant on; the last, if it is not, is not followed."""
    rows: list[Row] = []
    first, sealed = EVER, known.owner.sealed_until
    for row in known.rows(channel):
        if first != EVER and (row.end is None or row.end < first):
            break
        rows.append(row)
        if row.is_closed and row.end is not None and row.end < since:
            first = row.start
            # One may have ended in the very instant that a leave tells of; what fell into that is of both.
            if not row.interval.start_inferred:
                break
    rows.reverse()
    if first > sealed or not known.owner.sealed:
        yield Window(rows=rows, first=first, is_whole=True)
        return
    # What of the channel is sealed has ended, unless it stands in one of these.
    later = [row for row in rows if not row.is_closed or (row.end or 0) > sealed]
    if since > sealed and all(row.start > sealed or _is_sure(known, row, channel) for row in later):
        yield Window(rows=later, first=sealed + 1, is_whole=False)
    if not known.is_sealed(channel):
        yield Window(rows=rows, first=first, is_whole=True)


def _is_sure(known: Known, row: Row, channel: ChannelKey) -> bool:
    """Whether nothing within a row can end it: leaves that tell their joins span others, all span inferred ones."""
    if row.interval.start_inferred or not (row.facts or not _is_own(known, row, channel)):
        return False
    if channel != IN_PERSON_KEY and (has_sealed_silence(known.owner) or _was_silent(known, row, channel)):
        return False
    return not row.is_closed or moves_of(known, row, channel)[row.interval.facts[1]][1].joined_at is None


def _was_silent(known: Known, row: Row, channel: ChannelKey) -> bool:
    """Whether a leave that was inferred, and ended nothing, lies in a row where no window begins any more."""
    sealed = known.owner.sealed_until
    moves = (move for _, move in known.moves(channel).values())
    return any(move.inferred is not None and row.start <= move.time <= sealed for move in moves)


def _is_own(known: Known, row: Row, channel: ChannelKey) -> bool:
    opening = known.moves(channel).get(row.interval.facts[0])
    return opening is None or opening[0] == known.owner.subject


def moves_of(known: Known, row: Row, channel: ChannelKey) -> dict[str, Move]:
    """The facts of a row.

    Raises:
        UncommonError: if one of them is not known without more ado.
    """
    moves: dict[str, Move] = {fact.id: (known.owner.subject, fact) for fact in row.facts}
    loose = known.moves(channel)
    for one in row.interval.facts[: 1 if row.interval.end_inferred else 2]:
        if one not in moves:
            if one not in loose:
                raise UncommonError
            moves[one] = loose[one]
    return moves
