"""The peers' fold: one person's presence, in a plain dict that any store can write as JSON.

It does what the workload asks for and no more: duplicates, any order, a leave that brings its join. It knows nothing of
voids, links, rooms that close, events that end, evidence, or two facts of one channel at one instant. A fact that is
the latest of its person is folded in on top of what is known; with any other that person's facts are folded again.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, Final, TypeAlias

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_PREFIX: Final = "passerelle."
_OPENING: Final = {
    "passerelle.checkin.checked_in.v1": True,
    "passerelle.checkin.checked_out.v1": False,
    "passerelle.participation.joined.v1": True,
    "passerelle.participation.left.v1": False,
}

Fact: TypeAlias = dict[str, Any]
State: TypeAlias = dict[str, Any]
"""`moves`: [channel, time, id, opens, joined_at]; `open`: start by channel; `ended`: [mode, start, end];
`spans`: by mode, and in all, the ended intervals as a union of disjoint [start, end] in order."""


def is_movement(fact: Fact) -> bool:
    """Whether a fact is one that presence is folded from here."""
    return fact["type"] in _OPENING


def state_key(fact: Fact) -> str:
    """Whose state a fact belongs to."""
    return f"{fact['data']['event_id']}/{fact['subject']}"


def take(state: State | None, fact: Fact) -> State | None:
    """The state with a fact taken in, changed in place; None if the fact was known. `changed` says what it changed."""
    if state is None:
        state = _nothing()
        state |= {"at": -1, "changed": False, "moves": []}
    elif any(move[2] == fact["id"] for move in state["moves"]):
        return None
    move = _move(fact)
    state["moves"].append(move)
    if move[1] > state["at"] and _fold_on_top(state, move):
        state["at"] = move[1]
        return state
    before = (state["ended"], state["open"])
    state |= _nothing()
    _fold_again(state)
    state["changed"] = before != (state["ended"], state["open"])
    return state


def presence(key: str, state: State) -> dict[str, Any]:
    """The presence record: instants in milliseconds since the epoch."""
    event_id, _, subject = key.partition("/")
    ended = [{"mode": mode, "start": start, "end": end} for mode, start, end in state["ended"]]
    ongoing = [{"mode": _mode(channel), "start": start} for channel, start in state["open"].items()]
    return {"event_id": event_id, "subject": subject, "intervals": ended + ongoing} | reached(state)


def reached(state: State) -> dict[str, Any]:
    """Where a person is, and their seconds."""
    spans = state["spans"]
    in_person, remote, total = (_length(spans[name]) for name in ("in_person", "remote", "total"))
    seconds = {"in_person": in_person, "remote": remote, "both": in_person + remote - total, "total": total}
    return {"status": _status(state), "seconds": {name: value / 1000 for name, value in seconds.items()}}


def entry(fact: Fact, state: State) -> dict[str, Any]:
    """The timeline entry of a fact, with what it led to."""
    return {"id": fact["id"], "time": fact["time"], "fact": fact, "presence": reached(state)}


def _nothing() -> State:
    return {"open": {}, "ended": [], "spans": {"in_person": [], "remote": [], "total": []}}


def _move(fact: Fact) -> list[Any]:
    data = fact["data"]
    joined_at = data.get("joined_at")
    channel = f"{fact['source']}/{data['room']}/{data['connection']}" if "connection" in data else ""
    told = None if joined_at is None else _milliseconds(joined_at)
    return [channel, _milliseconds(fact["time"]), fact["id"], _OPENING[fact["type"]], told]


def _fold_on_top(state: State, move: list[Any]) -> bool:
    """Fold in the latest movement; False if it takes a look at those before it."""
    channel, time, _, opens, joined_at = move
    changed = True
    if opens:
        changed = channel not in state["open"]
        state["open"].setdefault(channel, time)
    elif channel in state["open"]:
        _end(state, _mode(channel), state["open"].pop(channel), time)
    elif joined_at is not None:
        return False
    else:
        changed = False
    state["changed"] = changed
    return True


def _fold_again(state: State) -> None:
    channels: dict[str, list[list[Any]]] = {}
    for move in state["moves"]:
        channels.setdefault(move[0], []).append(move)
    ended = []
    for channel, moves in channels.items():
        intervals, start = _walk(sorted(moves, key=itemgetter(1, 2)))
        ended += [(end, began, _mode(channel)) for began, end in intervals]
        if start is not None:
            state["open"][channel] = start
    for end, began, mode in sorted(ended):
        _end(state, mode, began, end)
    state["at"] = max(move[1] for move in state["moves"])


def _walk(moves: Iterable[list[Any]]) -> tuple[list[list[int]], int | None]:
    """The ended intervals of one channel, and since when it is open. `moves` are in order, no two of one instant."""
    intervals: list[list[int]] = []
    start: int | None = None
    for _, time, _, opens, joined_at in moves:
        if opens:
            start = time if start is None else start
        elif start is not None:
            intervals.append([start, time])
            start = None
        elif joined_at is not None and joined_at <= time:
            joined = joined_at
            while intervals and intervals[-1][1] > joined:
                joined = min(joined, intervals.pop()[0])
            intervals.append([joined, time])
    return intervals, start


def _end(state: State, mode: str, start: int, end: int) -> None:
    state["ended"].append([mode, start, end])
    for spans in (state["spans"][mode], state["spans"]["total"]):
        merged = start
        while spans and spans[-1][1] >= merged:
            merged = min(merged, spans.pop()[0])
        spans.append([merged, end])


def _status(state: State) -> str:
    modes = {_mode(channel) for channel in state["open"]}
    if len(modes) > 1:
        return "both"
    if modes:
        return "on_site" if "in_person" in modes else "remote"
    return "away" if state["ended"] else "absent"


def _mode(channel: str) -> str:
    return "remote" if channel else "in_person"


def _length(spans: Iterable[list[int]]) -> int:
    return sum(end - start for start, end in spans)


def _milliseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND
