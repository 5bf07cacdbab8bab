"""The facts that flow while processes are hurt: busy events, with all that makes a fold hard, the same for a seed.

On top of the workload's latecomers, duplicates and lost leaves: check-ins taken back, guests linked and unlinked, rooms
that close and open in the middle of the day, facts that come after the close, copies of one fact that differ, and
clocks that are days off, some of which an organizer accepts.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.workload import Arrival, Workload
from schemas import topics
from schemas.envelope import format_instant
from schemas.identifiers import fact_id

EVENTS: Final = 8
_FACTS_A_PERSON: Final = 9.6
_VOIDED: Final = 0.04
_UNLINKED: Final = 0.3
_LINKED_AGAIN: Final = 0.5
_ROOM_DIED: Final = 0.006
_RECORDED_AGAIN: Final = 0.01
_CLOCK_IS_OFF: Final = 0.004
_ACCEPTED: Final = 0.6
_ACCEPTANCE_WITHDRAWN: Final = 0.3
_AFTER_THE_CLOSE: Final = 0.01
_MOVEMENTS: Final = {
    "passerelle.checkin.checked_in.v1",
    "passerelle.checkin.checked_out.v1",
    "passerelle.participation.joined.v1",
    "passerelle.participation.left.v1",
}

Document = Mapping[str, Any]


def stream(*, records: int, seed: int) -> list[Arrival]:
    """About so many records, in the order in which they are produced."""
    chance = random.Random(seed)
    load = Workload(events=EVENTS, participants=round(records / _FACTS_A_PERSON / EVENTS), guests=0.2, seed=seed)
    placed: list[tuple[float, Arrival]] = []
    whole = list(load.arrivals())
    for place, arrival in enumerate(whole):
        comes = float(place)
        if chance.random() < _AFTER_THE_CLOSE:
            comes += len(whole)
        placed.append((comes, arrival))
        for delay, more in _afterthoughts(arrival, chance):
            placed.append((comes + delay, more))
    return [arrival for _, arrival in sorted(placed, key=lambda item: item[0])]


def twice_and_shuffled(arrivals: Sequence[Arrival], *, seed: int) -> list[Arrival]:
    """The same records once more, in an order that has nothing to do with the first."""
    return random.Random(seed).sample(arrivals, len(arrivals))


def _afterthoughts(arrival: Arrival, chance: random.Random) -> Iterator[tuple[float, Arrival]]:
    """What else happens because of a fact, each with how many records later it comes."""
    fact: Document = json.loads(arrival.value)
    if chance.random() < _RECORDED_AGAIN:
        again = {**fact, "recordedtime": _later(fact["recordedtime"], chance.uniform(1, 9))}
        yield chance.uniform(0, 500), _arrival(arrival.topic, again)
    kind, data = fact["type"], fact["data"]
    event = {"event_id": data["event_id"]}
    if kind in _MOVEMENTS and chance.random() < _CLOCK_IS_OFF:
        yield from _clock_is_off(arrival.topic, fact, chance)
    if kind == "passerelle.checkin.checked_in.v1" and chance.random() < _VOIDED:
        taken_back = _follows(fact, "checkin.voided", event | {"voided_id": fact["id"]}, seconds=40)
        yield chance.uniform(-20, 500), _arrival(topics.CHECKIN.name, taken_back)
    if kind == "passerelle.registration.identity.linked.v1" and chance.random() < _UNLINKED:
        yield 100, _arrival(arrival.topic, _follows(fact, "registration.identity.unlinked", data, seconds=600))
        if chance.random() < _LINKED_AGAIN:
            yield 50, _arrival(arrival.topic, _follows(fact, "registration.identity.linked", data, seconds=1200))
    if kind == "passerelle.participation.joined.v1" and chance.random() < _ROOM_DIED:
        room = event | {"room": data["room"]}
        nobody = {name: value for name, value in fact.items() if name != "subject"}
        closed = _follows(nobody, "participation.room.closed", room, seconds=chance.uniform(1, 900))
        opened = _follows(closed, "participation.room.opened", room, seconds=30)
        yield chance.uniform(0, 100), _arrival(arrival.topic, opened)
        if chance.random() < 0.5:  # the other half died without a word
            yield chance.uniform(0, 100), _arrival(arrival.topic, closed)


def _clock_is_off(topic: str, fact: Document, chance: random.Random) -> Iterator[tuple[float, Arrival]]:
    """The same once more, days too early or too late; somebody may accept that, and think better of it."""
    days = chance.choice((-4, -1, 1, 300))
    wrong = {**_follows(fact, _kind(fact), fact["data"], seconds=days * 86400), "recordedtime": fact["recordedtime"]}
    yield chance.uniform(0, 50), _arrival(topic, wrong)
    if chance.random() < _ACCEPTED:
        data = {"event_id": fact["data"]["event_id"], "fact_id": wrong["id"]}
        said = {**fact, "source": "/registration"}
        accepted = _follows(said, "registration.time.accepted", data, seconds=60)
        yield chance.uniform(-50, 500), _arrival(topics.REGISTRATION.name, accepted)
        if chance.random() < _ACCEPTANCE_WITHDRAWN:
            withdrawn = _follows(said, "registration.time.acceptance_withdrawn", data, seconds=90)
            yield chance.uniform(0, 500), _arrival(topics.REGISTRATION.name, withdrawn)


def _follows(fact: Document, kind: str, data: Document, *, seconds: float) -> Document:
    """A fact of the same source and about the same person, so many seconds later."""
    return {
        **fact,
        "id": fact_id("afterthought", fact["id"], kind, str(seconds)),
        "type": f"passerelle.{kind}.v1",
        "time": _later(fact["time"], seconds),
        "recordedtime": _later(fact["recordedtime"], seconds),
        "data": data,
    }


def _kind(fact: Document) -> str:
    return str(fact["type"]).removeprefix("passerelle.").removesuffix(".v1")


def _arrival(topic: str, fact: Document) -> Arrival:
    return Arrival(topic=topic, key=fact["data"]["event_id"].encode(), value=json.dumps(fact).encode())


def _later(instant: str, seconds: float) -> str:
    return format_instant(datetime.fromisoformat(instant) + timedelta(seconds=seconds))
