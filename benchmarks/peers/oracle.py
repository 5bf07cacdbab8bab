"""The oracle: what everybody's presence must be, by the pure fold of all facts at once."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from benchmarks.workload import Arrival
from services.attendance.application.records import seconds
from services.attendance.application.translation import read_fact
from services.attendance.domain.fold import fold_event


@dataclass(frozen=True, slots=True)
class Answer:
    """Where somebody is, and their seconds in person, remote, both and in all."""

    status: str
    seconds: tuple[float, float, float, float]


def expected(arrivals: Iterable[Arrival]) -> dict[bytes, Answer]:
    """Everybody's answer, by `event_id/subject`."""
    by_event: dict[bytes, list[bytes]] = {}
    for arrival in arrivals:
        by_event.setdefault(arrival.key, []).append(arrival.value)
    with ProcessPoolExecutor(max_workers=2) as pool:
        answers: dict[bytes, Answer] = {}
        for of_event in pool.map(_of_event, by_event, by_event.values()):
            answers |= of_event
    return answers


def wrong(answers: dict[bytes, Answer], found: dict[bytes, Answer]) -> int:
    """How many people's answers differ, are missing, or should not be there."""
    return sum(found.get(key) != answer for key, answer in answers.items()) + len(found.keys() - answers.keys())


def _of_event(event_id: bytes, values: Sequence[bytes]) -> dict[bytes, Answer]:
    people = fold_event(map(read_fact, values)).people
    return {
        event_id + b"/" + subject.encode(): read(presence.status.value, seconds(presence.durations))
        for subject, presence in people.items()
    }


def read(status: str, seconds: dict[str, float]) -> Answer:
    """An answer as a presence record says it."""
    return Answer(status, tuple(float(seconds[name]) for name in ("in_person", "remote", "both", "total")))  # type: ignore[arg-type]
