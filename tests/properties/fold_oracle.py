"""A second opinion on the fold: sets of milliseconds instead of intervals, written from the design alone.

Slow and simple on purpose. It answers which milliseconds somebody was present in each mode, for small instants.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.attendance.domain.facts import (
    Channel,
    EventTimeAcceptance,
    Fact,
    LinkChange,
    Mode,
    Movement,
    Place,
    RoomChange,
    SeatChange,
    Snapshot,
    TimeAcceptance,
    Voiding,
)

FOREVER = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The milliseconds of ended presence by mode, the modes that go on, and whether there ever was an interval."""

    in_person: frozenset[int]
    remote: frozenset[int]
    ongoing: frozenset[Mode]
    ever: bool


def see(facts: Sequence[Fact], subject: str) -> Seen:
    """What the facts of an event say of somebody, once duplicates are gone and guests are who they are."""
    known = _without_duplicates(facts)
    moves = movements_that_count(facts, subject)
    present: dict[Mode, set[int]] = {Mode.IN_PERSON: set(), Mode.REMOTE: set()}
    ongoing: set[Mode] = set()
    ever = False
    for channel in {move.channel for move in moves}:
        for start, end in _walk([move for move in moves if move.channel == channel], known):
            ever = True
            if end is None:
                ongoing.add(channel.mode)
            else:
                present[channel.mode] |= set(range(start, end))
    return Seen(
        in_person=frozenset(present[Mode.IN_PERSON]),
        remote=frozenset(present[Mode.REMOTE]),
        ongoing=frozenset(ongoing),
        ever=ever,
    )


def movements_that_count(facts: Sequence[Fact], subject: str) -> list[Movement]:
    """Somebody's movements, without those that are voided or suspect."""
    known = _without_duplicates(facts)
    return [move for move in _movements(known, subject) if not _is_left_out(move, known, subject)]


def suspects(facts: Sequence[Fact], subject: str) -> set[str]:
    """The ids of somebody's movements that are left out for their time."""
    known = _without_duplicates(facts)
    return {move.id for move in _movements(known, subject) if _is_left_out(move, known, subject)}


def contradictions(facts: Sequence[Fact], subject: str) -> set[tuple[str, Channel]]:
    """The movements by which somebody went who was not there, and their channels."""
    moves = movements_that_count(facts, subject)
    return {(move.id, move.channel) for move in moves if not move.opens and _closes_nothing(move, moves)}


def _closes_nothing(closing: Movement, moves: Sequence[Movement]) -> bool:
    """Whether neither what came before it, nor what stands beside it, nor a later word on a join explains it."""
    channel = [move for move in moves if move.channel == closing.channel]
    if closing.inferred is not None or _state(closing, channel) != "closed":
        return False
    if any(_tells_its_join(move) for move in channel if move.time == closing.time):
        return False
    return not any(
        move.joined_at < closing.time < move.time and _state(move, channel) != "open"
        for move in channel
        if move.joined_at is not None and _tells_its_join(move)
    )


def _state(closing: Movement, channel: Sequence[Movement]) -> str:
    """How a leave finds its channel: `open`, `closed`, or `silent`, which is closed by no leave that was seen.

    Where it stands beside an opening, what it says of its join is moot: as if it were open.
    """
    if any(move.opens for move in channel if move.time == closing.time):
        return "open"
    state = "closed"
    for instant in sorted({move.time for move in channel if move.time < closing.time}):
        here = [move for move in channel if move.time == instant]
        opens, closes = [m for m in here if m.opens], [m for m in here if not m.opens]
        ended = "silent" if all(m.inferred for m in closes) else "closed"
        if opens and closes:
            state = state if state == "open" else ended
        elif opens:
            state = "open"
        elif state == "open" or ended == "closed":
            state = ended
    return state


def _tells_its_join(move: Movement) -> bool:
    return move.inferred is None and move.joined_at is not None and move.joined_at <= move.time


def _movements(known: Sequence[Fact], subject: str) -> list[Movement]:
    voided = {fact.voided_id for fact in known if isinstance(fact, Voiding) and _owner(known, fact.subject) == subject}
    moves = [fact for fact in known if isinstance(fact, Movement) and _owner(known, fact.subject) == subject]
    return [move for move in moves if move.id not in voided]


def _is_left_out(fact: Movement | RoomChange, known: Sequence[Fact], subject: str | None = None) -> bool:
    snapshots = sorted((f for f in known if isinstance(f, Snapshot)), key=lambda f: (f.time, f.id))
    first = snapshots[-1].day_starts_at if snapshots else None
    told = [fact.time]
    if isinstance(fact, Movement) and fact.joined_at is not None:
        told.append(fact.joined_at)
    if fact.time <= fact.recorded + 10 * 60 * 1000 and (first is None or min(told) >= first):
        return False
    words = [
        said
        for said in known
        if (isinstance(said, EventTimeAcceptance) and said.fact_id == fact.id)
        or (
            isinstance(said, TimeAcceptance)
            and said.fact_id == fact.id
            and subject is not None
            and _owner(known, said.subject) == subject
        )
    ]
    return not words or not max(words, key=lambda said: (said.time, said.id)).accepted


def _without_duplicates(facts: Sequence[Fact]) -> list[Fact]:
    return [
        min((f for f in facts if f.id == i), key=lambda f: (f.recorded, f.canonical)) for i in {f.id for f in facts}
    ]


def _owner(known: Sequence[Fact], subject: str) -> str:
    """Links by (time, id). The strategies make no chains, so that one step is the whole way."""
    current: str | None = None
    for fact in sorted(known, key=lambda fact: (fact.time, fact.id)):
        if isinstance(fact, LinkChange) and fact.guest == subject:
            if fact.linked:
                current = fact.participant
            elif current == fact.participant:
                current = None
    return current or subject


def _walk(moves: Sequence[Movement], known: Sequence[Fact]) -> list[tuple[int, int | None]]:
    spans: list[tuple[int, int | None]] = []
    opening: Movement | None = None
    silent: int | None = None  # since when, if no leave was seen that closed it
    for now in sorted({move.time for move in moves}):
        here = sorted((move for move in moves if move.time == now), key=lambda move: move.id)
        opens, closes = [m for m in here if m.opens], [m for m in here if not m.opens]
        match opening, bool(opens), bool(closes):
            case None, True, True:
                spans.append((now, now))
                silent = now if all(m.inferred for m in closes) else None
            case None, True, False:
                opening = opens[0]
            case None, False, True if any(m.inferred is None for m in closes):
                told = [m.joined_at for m in closes if m.joined_at is not None and _tells_its_join(m)]
                spans.extend((start, now) for start in told or ([] if silent is None else [silent]))
                silent = None
            case Movement(), False, True:
                spans.append((opening.time, now))
                opening = None
                silent = now if all(m.inferred for m in closes) else None
            case _:
                pass
    if opening is not None:
        spans.append((opening.time, _end(opening, known)))
    return spans


def _end(opening: Movement, known: Sequence[Fact]) -> int | None:
    ends = {FOREVER}
    rooms = [fact for fact in known if isinstance(fact, RoomChange) and not _is_left_out(fact, known)]
    rooms.sort(key=lambda fact: (fact.time, fact.id))
    for number, fact in enumerate(rooms):
        if opening.place is not None and _ends(fact, opening.place, rooms[:number]):
            ends.add(fact.time)
    snapshots = [fact for fact in known if isinstance(fact, Snapshot)]
    if snapshots:
        closes_at = max(snapshots, key=lambda fact: (fact.time, fact.id)).closes_at
        ends.add(FOREVER if closes_at is None else closes_at)
    end = min(end for end in ends if end > opening.time)
    return None if end == FOREVER else end


def _ends(change: RoomChange, place: Place, before: Sequence[RoomChange]) -> bool:
    if (change.place.source, change.place.room) != (place.source, place.room):
        return False
    if not change.opened:
        return None in {change.place.session, place.session} or change.place.session == place.session
    own_session = place.session is not None and change.place.session == place.session
    return not own_session or any(other.opened and other.place == place for other in before)


def registration(facts: Sequence[Fact], subject: str) -> tuple[str | None, str | None]:
    """The mode and the standing of somebody's registration."""
    known = _without_duplicates(facts)
    mode = standing = None
    for fact in sorted(known, key=lambda fact: (fact.time, fact.id)):
        if isinstance(fact, SeatChange) and _owner(known, fact.subject) == subject:
            mode, standing = fact.mode or mode, fact.registration
    return mode, standing


def subjects(facts: Sequence[Fact]) -> set[str]:
    """Everybody a fact is about, and everybody such a fact counts for."""
    known = _without_duplicates(facts)
    named = {fact.subject for fact in known if isinstance(fact, Movement | Voiding | SeatChange | TimeAcceptance)}
    return named | {_owner(known, subject) for subject in named}


def owners(facts: Sequence[Fact]) -> dict[str, str]:
    """Whom each subject's facts count for."""
    known = _without_duplicates(facts)
    return {subject: _owner(known, subject) for subject in subjects(facts)}
