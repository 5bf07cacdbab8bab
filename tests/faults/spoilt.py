"""Records that can never be folded, of every kind that may come, and what is said of each."""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from benchmarks.workload import Arrival

REASONS: Final = (
    r"value: (?!holds)",
    r"type: not a type",
    r"type: passerelle\.weather\.changed\.v1 needs a version of Passerelle that reads it",
    r"type: passerelle\..*\.v2 needs a version of Passerelle that reads v2",
    r".*time: ",
    r"key: ",
    r"value: holds the character U\+0000",
    r"type: .* is what attendance tells",
)
"""What is said of each kind, in their order."""


def spoilt(arrivals: Sequence[Arrival], *, number: int, seed: int) -> list[Arrival]:
    """So many records with something wrong, made of good ones: they land in the middle of batches."""
    chance = random.Random(seed)
    kinds = list(_spoil(arrivals[0], ""))
    return [
        list(_spoil(arrival, str(place)))[place % len(kinds)]
        for place, arrival in enumerate(chance.sample(arrivals, number))
    ]


def mixed(arrivals: Sequence[Arrival], others: Sequence[Arrival], *, seed: int) -> list[Arrival]:
    """The first in their order, with the others in between at chance."""
    chance = random.Random(seed)
    together = list(arrivals)
    for other in others:
        together.insert(chance.randrange(len(together)), other)
    return together


def _spoil(arrival: Arrival, mark: str) -> Iterator[Arrival]:
    """One of each kind. Each has an id of its own: no good fact must be taken for it."""
    fact: dict[str, Any] = {**json.loads(arrival.value), "id": f"spoilt-{mark}"}
    cut = json.dumps(fact).encode()[:-10]
    yield Arrival(topic=arrival.topic, key=arrival.key, value=cut)
    for wrong in (
        {"type": "Weather"},
        {"type": "passerelle.weather.changed.v1"},
        {"type": fact["type"].replace(".v1", ".v2")},
        {"time": "yesterday"},
        {"data": {**fact["data"], "event_id": "evt_another"}},
        {"source": "a\0b"},
        {"type": "passerelle.presence.changed.v1", "subject": "par_1", "data": {**fact["data"], "status": "absent"}},
    ):
        yield Arrival(topic=arrival.topic, key=arrival.key, value=json.dumps(fact | wrong).encode())
