"""Single intervals of a person put in, ended and measured, where nothing else that has ended overlaps what changes."""

from bisect import bisect_left

from services.attendance.application.person import Person
from services.attendance.application.records import seconds_text
from services.attendance.application.stays import end_of, start_of


def is_alone(person: Person, since: str, until: str, *, but: int = -1) -> bool:
    """Whether nothing that has ended overlaps a span, `but` for one interval: then its length is what it adds."""
    for index, part in enumerate(person.parts):
        if index != but:
            end = end_of(part)
            if end is not None and end > since and start_of(part) < until:
                return False
    return True


def has_twin(person: Person, index: int) -> bool:
    """Whether another interval begins in the same instant: their order depends on more than that."""
    start, parts = start_of(person.parts[index]), person.parts
    return (index > 0 and start_of(parts[index - 1]) == start) or (
        index + 1 < len(parts) and start_of(parts[index + 1]) == start
    )


def place_of(person: Person, start: str) -> int | None:
    """Where an interval comes in; None if another begins in the same instant."""
    place = bisect_left(person.parts, start, key=start_of)
    return None if place < len(person.parts) and start_of(person.parts[place]) == start else place


def insert(person: Person, place: int, part: str, item: str) -> None:
    """An interval comes in, with what its facts say beside it."""
    person.parts.insert(place, part)
    person.items.insert(place, item)
    for other in person.unclosed.values():
        other.index += other.index >= place


def lengthen(person: Person, mode: str, since: int, until: int, *, sign: int = 1) -> None:
    """A span in which nothing else has ended is added to the time in a mode, or taken away from it."""
    in_person = mode == "in_person"
    length = sign * (until - since)
    person.in_person += length if in_person else 0
    person.remote += 0 if in_person else length
    for one in person.unclosed.values():
        if one.start > since:  # What it is told to come after has grown.
            length = sign * (min(until, one.start) - since)
            one.in_person += length if in_person else 0
            one.remote += 0 if in_person else length
    person.seconds = seconds_text(person.in_person, person.remote, person.both)


def words_now(person: Person) -> str:
    """The words of a fact that leads to where a person is."""
    return f"[{person.status},{person.in_person},{person.remote},{person.both}]"
