"""A hybrid colloquium, many times over: the facts of events as their topics would hold them, the same at each run.

People register, come, go and come again, on site and remote; some facts come late, some twice, and some leaves never.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from schemas import topics
from schemas.envelope import format_instant
from schemas.identifiers import fact_id
from services.attendance.application.translation import instant

_OPENS_AT: Final = 1_795_334_400_000
_SECOND: Final = 1000
_HOUR: Final = 3_600_000
_TOPICS: Final = {
    "registration": topics.REGISTRATION.name,
    "checkin": topics.CHECKIN.name,
    "participation": topics.PARTICIPATION.name,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One record, as it is produced."""

    topic: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How much of it. The shares are of all facts, `lost` of the leaves."""

    events: int
    participants: int
    stays: int = 4
    duplicates: float = 0.03
    disordered: float = 0.05
    lost: float = 0.02
    guests: float = 0.02
    seed: int = 20261122

    def arrivals(self) -> Iterator[Arrival]:
        """All records, in the order in which they are produced: events side by side, as on one busy day."""
        chance = random.Random(self.seed)
        arriving: list[tuple[float, int, Arrival]] = []
        for number in range(self.events):
            for time, arrival in _Event(number, self, chance).facts():
                late = chance.uniform(1, 120) * _SECOND if chance.random() < self.disordered else 0
                arriving.append((time + late, len(arriving), arrival))
                if chance.random() < self.duplicates:
                    arriving.append((time + late + chance.uniform(0, 300) * _SECOND, len(arriving), arrival))
        for _, _, arrival in sorted(arriving, key=lambda item: item[:2]):
            yield arrival


class _Event:
    def __init__(self, number: int, load: Workload, chance: random.Random) -> None:
        self._load = load
        self._chance = chance
        self._id = f"evt_{chance.getrandbits(128):032x}"
        self._opens = _OPENS_AT + number * 60 * _SECOND
        self._source = "/bridge/jitsi/main"
        self._room = {"room": f"colloquium-{number}@conference.example.org"}

    def facts(self) -> Iterator[tuple[int, Arrival]]:
        """Each fact with the instant it happened at, which is when it arrives if it is not late."""
        yield self._event("created", self._opens - 48 * _HOUR, "draft")
        yield self._event("published", self._opens - 47 * _HOUR, "published")
        yield self._fact("participation.room.opened", self._opens - 600 * _SECOND, self._source, self._room)
        for _ in range(self._load.participants):
            yield from self._person()
        end = self._opens + 8 * _HOUR
        yield self._fact("participation.room.closed", end, self._source, self._room)
        yield self._event("closed", end + _HOUR, "closed")

    def _person(self) -> Iterator[tuple[int, Arrival]]:
        chance = self._chance
        participant = f"par_{chance.getrandbits(128):032x}"
        remote = chance.random() < 0.5
        registered = self._opens - chance.randrange(1, 40) * _HOUR
        seat = {"mode": "remote" if remote else "in_person", "status": "confirmed"}
        yield self._fact("registration.participant.registered", registered, "/registration", seat, participant)
        subject = participant
        if remote and chance.random() < self._load.guests:
            subject = f"gst_{chance.getrandbits(128):032x}"
            link = {"guest_id": subject, "participant_id": participant}
            linked = self._opens + 2 * _HOUR
            yield self._fact("registration.identity.linked", linked, "/registration", link, participant)
        starts = sorted(chance.randrange(0, 8 * _HOUR) for _ in range(2 * self._load.stays))
        for start, end in zip(starts[::2], starts[1::2], strict=True):
            yield from self._stay(subject, self._opens + start, self._opens + end, remote=remote)

    def _stay(self, subject: str, start: int, end: int, *, remote: bool) -> Iterator[tuple[int, Arrival]]:
        chance = self._chance
        lost = chance.random() < self._load.lost
        if not remote:
            door = {"gate": f"gate-{chance.randrange(3)}"}
            yield self._fact("checkin.checked_in", start, "/registration/desk", door, subject)
            if not lost:
                yield self._fact("checkin.checked_out", end, "/registration/desk", door, subject)
            return
        connection = {**self._room, "connection": f"{chance.getrandbits(32):08x}"}
        yield self._fact("participation.joined", start, self._source, connection, subject)
        if not lost:
            told = {"joined_at": _text(start)} if chance.random() < 0.5 else {}
            yield self._fact("participation.left", end, self._source, {**connection, **told}, subject)

    def _event(self, change: str, at: int, status: str) -> tuple[int, Arrival]:
        data = {
            "title": "Colloquium",
            "status": status,
            "starts_at": _text(self._opens),
            "ends_at": _text(self._opens + 8 * _HOUR),
            "timezone": "Europe/Paris",
        }
        return self._fact(f"registration.event.{change}", at, "/registration", data)

    def _fact(
        self, kind: str, at: int, source: str, data: dict[str, Any], subject: str | None = None
    ) -> tuple[int, Arrival]:
        document = {
            "specversion": "1.0",
            "id": fact_id(self._id, kind, subject or "", str(at)),
            "source": source,
            "type": f"passerelle.{kind}.v1",
            **({"subject": subject} if subject else {}),
            "time": _text(at),
            "recordedtime": _text(at + 120),
            "data": {"event_id": self._id, **data},
        }
        topic = _TOPICS[kind.partition(".")[0]]
        return at, Arrival(topic=topic, key=self._id.encode(), value=json.dumps(document).encode())


def _text(at: int) -> str:
    return format_instant(instant(at))
