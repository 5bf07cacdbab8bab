"""The peers' workload: facts of hybrid events as the topics hold them on a busy day, the same at each run.

They are valid on this project's wire, with ids as short as the schema allows (a real one has about 400 bytes). The
day is still going on: nobody's end is inferred, so that a peer needs to know nothing of rooms and closings.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from benchmarks.workload import Arrival
from schemas import topics
from schemas.envelope import format_instant
from services.attendance.application.translation import instant

_OPENS_AT: Final = 1_795_334_400_000
_SECOND: Final = 1000
_HOUR: Final = 3_600_000
_DESK: Final = "/registration/desk"
_BRIDGE: Final = "/bridge/jitsi/a"
_ROOM: Final = "r"
_to_json = partial(json.dumps, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """`records` facts; each of the `participants` of an event comes and goes `stays` times: how many events follows.

    `duplicates` and `disordered` are shares of all facts, `lost` of the leaves. One out of order arrives after the
    next fact or two of the same person: where nobody else's order is concerned, nothing would be out of order.
    """

    records: int
    participants: int = 500
    stays: int = 5
    duplicates: float = 0.03
    disordered: float = 0.05
    lost: float = 0.02
    hybrid: float = 0.05
    seed: int = 20261122

    @property
    def events(self) -> int:
        """How many events."""
        return max(1, round(self.records / self.participants / self.stays / 2))

    def arrivals(self) -> list[Arrival]:
        """Exactly `records`, in the order in which they are produced: events side by side."""
        chance = random.Random(self.seed)
        arriving: list[tuple[float, int, Arrival]] = []
        for number in range(self.events):
            for at, arrival in _Event(number, self, chance).arrivals():
                arriving.append((at, len(arriving), arrival))
        arriving.sort(key=lambda item: item[:2])
        return [arrival for _, _, arrival in arriving[: self.records]]


class _Event:
    def __init__(self, number: int, load: Load, chance: random.Random) -> None:
        self._load = load
        self._chance = chance
        self._id = f"e{number}"
        self._opens = _OPENS_AT + number * 60 * _SECOND

    def arrivals(self) -> Iterator[tuple[float, Arrival]]:
        """Each record with the instant it arrives at; a duplicate is another record."""
        yield self._known()
        for number in range(self._load.participants):
            moves = sorted(self._moves(f"p{number}"), key=lambda move: move[0])
            for place, (time, kind, source, subject, data) in enumerate(moves):
                arrives = time + 0.0
                if self._chance.random() < self._load.disordered:
                    overtaken = moves[min(place + self._chance.randint(1, 2), len(moves) - 1)]
                    arrives = overtaken[0] + self._chance.uniform(1, 120) * _SECOND
                arrival = self._fact(kind, time, arrives, source=source, subject=subject, data=data)
                yield arrives, arrival
                if self._chance.random() < self._load.duplicates:
                    yield arrives + self._chance.uniform(0, 300) * _SECOND, arrival

    def _known(self) -> tuple[float, Arrival]:
        at = self._opens - 24 * _HOUR
        data = {
            "title": "Colloquium",
            "status": "published",
            "starts_at": _text(self._opens),
            "ends_at": _text(self._opens + 8 * _HOUR),
            "timezone": "Europe/Paris",
        }
        return at, self._fact("registration.event.published", at, at, source="/registration", subject=None, data=data)

    def _moves(self, subject: str) -> Iterator[tuple[int, str, str, str, dict[str, Any]]]:
        """One person's facts: comes and goes, on site, remote, or now the one and now the other."""
        chance = self._chance
        remote = chance.random() < 0.5
        hybrid = chance.random() < self._load.hybrid
        instants = sorted(chance.sample(range(8 * _HOUR), 2 * self._load.stays))
        for start, end in zip(instants[::2], instants[1::2], strict=True):
            came, went = self._opens + start, self._opens + end
            lost = chance.random() < self._load.lost
            if chance.random() < 0.5 if hybrid else remote:
                connection = {"room": _ROOM, "connection": f"{chance.getrandbits(24):06x}"}
                yield came, "participation.joined", _BRIDGE, subject, connection
                if not lost:
                    told = {"joined_at": _text(came)} if chance.random() < 0.2 else {}
                    yield went, "participation.left", _BRIDGE, subject, connection | told
            else:
                yield came, "checkin.checked_in", _DESK, subject, {}
                if not lost:
                    yield went, "checkin.checked_out", _DESK, subject, {}

    def _fact(
        self, kind: str, time: int, arrives: float, *, source: str, subject: str | None, data: dict[str, Any]
    ) -> Arrival:
        document = {
            "specversion": "1.0",
            "id": f"{self._chance.getrandbits(48):012x}",
            "source": source,
            "type": f"passerelle.{kind}.v1",
            **({"subject": subject} if subject else {}),
            "time": _text(time),
            "recordedtime": _text(int(arrives) + 120),
            "data": {"event_id": self._id, **data},
        }
        topic = _TOPICS[kind.partition(".")[0]]
        return Arrival(topic=topic, key=self._id.encode(), value=_to_json(document).encode())


_TOPICS: Final = {
    "registration": topics.REGISTRATION.name,
    "checkin": topics.CHECKIN.name,
    "participation": topics.PARTICIPATION.name,
}


def _text(at: int) -> str:
    return format_instant(instant(at))
