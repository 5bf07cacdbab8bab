"""How the intervals and the facts of one person are distributed over their records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.attendance.application.kept import KeptMovement, KeptSubjectFact
from services.attendance.application.lasting import Lasting
from services.attendance.application.person import IN_PERSON_KEY, Person, Sealed
from services.attendance.application.recall import lasting_of, unclosed_at
from services.attendance.application.sealing import sealed_page
from services.attendance.application.stays import compact, interval_text, stay_text
from services.attendance.domain.facts import Movement
from services.attendance.domain.intervals import Interval

AT_HAND: Final = -1
"""Where a fact stands that is in no sealed record."""


@dataclass(slots=True, kw_only=True)
class _Page:
    """What stands together in one record."""

    parts: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    facts: list[KeptSubjectFact] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


class Layout:
    """Distributes intervals and facts over the records of one person: each fact stays in the record it is in."""

    def __init__(
        self,
        person: Person,
        sealed: Sequence[Sealed],
        *,
        own: Mapping[str, KeptSubjectFact],
        homes: Mapping[str, int],
        size: int,
    ) -> None:
        """`own` are the facts that may stand in an interval, by id."""
        self._person = person
        self._sealed = sealed
        self._own = own
        self._homes = homes
        self._size = size
        self._pages = [_Page() for _ in (*sealed, None)]  # the last is the presence record
        self._in_intervals: set[str] = set()

    def lay(self, intervals: Sequence[Interval], moves: dict[str, Movement]) -> None:
        """Distribute the intervals; `moves` are all that count for the person, by id."""
        surplus, lasting = len(intervals) - 2 * self._size, lasting_of(intervals)
        for interval in intervals:
            text = interval_text(interval)
            facts = self._facts_of(interval)
            homes = {self._homes.get(fact.id, AT_HAND) for fact in facts}
            unclosed = interval.is_unclosed
            number = AT_HAND
            if not unclosed and len(homes) == 1:
                (number,) = homes
            elif not unclosed and not facts and surplus > 0:
                number = next((n for n, page in enumerate(self._pages[:-1]) if len(page.parts) < self._size), AT_HAND)
            if number != AT_HAND:
                surplus -= 1
            page = self._pages[number]
            stands = len(homes) == 1 and homes == {number}
            if stands:
                page.facts += facts
                self._in_intervals.update(fact.id for fact in facts)
            if unclosed:
                self._open(moves[interval.facts[0]], interval, text, lasting)
            page.parts.append(text)
            page.items.append(stay_text(interval, facts) if stands else "null")

    def lay_facts(self, facts: Iterable[KeptSubjectFact]) -> None:
        """Distribute the facts that stand in no interval."""
        for fact in facts:
            if fact.id not in self._in_intervals:
                page = self._pages[self._homes.get(fact.id, AT_HAND)]
                page.facts.append(fact)
                page.others.append(compact(fact))

    def close(self) -> None:
        """Give the person what was distributed."""
        *earlier, last = self._pages
        person = self._person
        person.parts, person.items, person.others = last.parts, last.items, last.others
        for number, (page, was) in enumerate(zip(earlier, self._sealed, strict=True)):
            sealed = sealed_page(
                person, number, parts=page.parts, items=page.items, others=page.others, facts=page.facts
            )
            sealed.written = was.written and was.record == sealed.record
            person.sealed.append(sealed)

    def _facts_of(self, interval: Interval) -> list[KeptMovement]:
        """The person's own facts from which the interval and its stay can be told; none if they cannot."""
        opened = None if interval.start_inferred else self._own.get(interval.facts[0])
        if not isinstance(opened, KeptMovement):
            return []
        if interval.is_unclosed:
            return [opened]
        closed = self._own.get(interval.facts[1])
        if not isinstance(closed, KeptMovement) or (opened.room, opened.session) != (closed.room, closed.session):
            return []
        return [opened, closed]

    def _open(self, opening: Movement, interval: Interval, text: str, lasting: Lasting) -> None:
        person, place = self._person, opening.place
        channel = IN_PERSON_KEY if place is None else opening.channel[1:]
        person.unclosed[channel] = unclosed_at(
            text,
            len(self._pages[-1].parts),
            interval,
            where=(opening.source, None, None) if place is None else place,
            lasting=lasting,
        )
        if interval.end is None:
            person.here_in_person += place is None
            person.here_remote += place is not None
