"""What a fact leads to when it cannot simply be added: the whole fold of those it concerns.

It is worked out beside what is known, of which nothing changes here: the caller takes it over, or throws it away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from services.attendance.application.kept import (
    KeptEventFact,
    KeptMovement,
    KeptSeat,
    KeptSubjectFact,
    ToldEnd,
    Words,
    reached,
    subject_fact,
)
from services.attendance.application.lasting import Lasting
from services.attendance.application.person import IN_PERSON_KEY, Person, Sealed, new_person
from services.attendance.application.recall import (
    extra_text,
    kept_of,
    kept_sealed,
    lasting_of,
    sealed_intervals,
    unclosed_at,
    use_told,
)
from services.attendance.application.records import seconds_text, write_end
from services.attendance.application.sealing import sealed_record
from services.attendance.application.stays import compact, contradictions_text, ids_text, interval_text, stay_text
from services.attendance.application.wire import instant_text
from services.attendance.domain.context import EventContext
from services.attendance.domain.facts import Movement, SubjectFact
from services.attendance.domain.fold import Presence, fold_subject
from services.attendance.domain.intervals import Interval

_AT_HAND: Final = -1
"""Where a fact stands that is in no sealed record."""


class Refold:
    """The people of an event, folded with a context and with facts that are not taken over yet."""

    def __init__(
        self,
        context: EventContext,
        event_facts: Mapping[str, KeptEventFact],
        load: Callable[[str], Person],
        *,
        event_id: str,
        size: int,
    ) -> None:
        """`event_facts` led to the context; `load` gives a person as known.

        Sealed records hold about `size` intervals.
        """
        self.context = context
        self._event_facts = event_facts
        self._event_id = event_id
        self._load = load
        self._size = size
        self._own: dict[str, dict[str, KeptSubjectFact]] = {}
        self._homes: dict[str, dict[str, int]] = {}
        self._about: dict[str, list[SubjectFact]] = {}
        self._presences: dict[str, Presence] = {}
        self._taken_in: set[str] = set()

    def take_in(self, subject: str, kept: KeptSubjectFact) -> None:
        """Add a fact about a subject, or a better copy of it, or other words for it."""
        self.own(subject)[kept.id] = kept
        self._taken_in.add(subject)

    def own(self, subject: str) -> dict[str, KeptSubjectFact]:
        """The facts about a subject by id."""
        if subject not in self._own:
            person = self._load(subject)
            own = {fact.id: fact for fact in kept_of(person.parts, person.items, person.others)}
            homes = dict.fromkeys(own, _AT_HAND)
            for number, sealed in enumerate(person.sealed):
                for fact in kept_sealed(sealed):
                    own[fact.id], homes[fact.id] = fact, number
            self._own[subject], self._homes[subject] = own, homes
        return self._own[subject]

    def presence(self, subject: str) -> Presence:
        """The presence of a subject."""
        if subject not in self._presences:
            self._presences[subject] = fold_subject(subject, self._counting(subject), self.context)
        return self._presences[subject]

    def words(self, subject: str, *, suspect: str | None = None) -> Words:
        """What the entry of a new fact about a subject tells beside it."""
        owner = self.context.owner(subject)
        counted_for = None if owner == subject else owner
        return reached(self.presence(owner), counted_for=counted_for, suspect=suspect)

    def concerned(self, owners: Iterable[str]) -> set[str]:
        """These, and all whose facts count for them."""
        return {member for owner in owners for member in (owner, *self.context.members(owner))}

    def changed(self, subjects: Iterable[str], *, since: int) -> tuple[list[tuple[Person, Person]], list[bytes]]:
        """Those of `subjects` whose record becomes another, as they were and as they are; and what is told of ends.

        `since` is when the fact was recorded that makes an end untrue that was told.
        """
        pairs, entries = [], []
        for subject in sorted(subjects):
            before = self._load(subject)
            after = self._built(subject, before)
            told, news = self._told(subject, before, since)
            use_told(after, told)
            entries += [write_end(self._event_id, end) for end in news]
            if subject in self._taken_in or not _same(before, after):
                pairs.append((before, after))
            else:
                before.plain = before.plain and after.plain
        return pairs, entries

    def _counting(self, subject: str) -> list[SubjectFact]:
        """All facts that count for somebody: those of the guests linked to them among them; none for a linked guest."""
        if subject not in self._about:
            self._about[subject] = [
                subject_fact(kept, member)
                for member in self.context.members(subject)
                for kept in self.own(member).values()
            ]
        return self._about[subject]

    def _built(self, subject: str, before: Person) -> Person:
        own, presence = self.own(subject), self.presence(subject)
        about = self._counting(subject)
        members = self.context.members(subject)
        alone = members == (subject,)
        if not members:
            about = [subject_fact(kept, subject) for kept in own.values()]
        after = new_person(self._event_id, subject, plain=False)
        after.plain = (
            alone
            and subject not in self.context.links
            and not presence.suspect
            and all(isinstance(kept, KeptSeat | KeptMovement) for kept in own.values())
        )
        after.facts = dict.fromkeys(own)
        _tell_seat_and_times(after, own.values(), about, presence)
        homes = self._homes[subject]
        layout = _Layout(after, before.sealed, own=own if alone else {}, homes=homes, size=self._size)
        layout.lay(presence.intervals, {fact.id: fact for fact in about if isinstance(fact, Movement)})
        layout.lay_facts(own.values())
        layout.close()
        after.extra = extra_text(presence.linked_to, contradictions_text(presence.contradictions), _suspect(presence))
        after.linked_to = presence.linked_to
        return after

    def _told(self, subject: str, before: Person, since: int) -> tuple[list[ToldEnd], list[ToldEnd]]:
        """The inferred ends told of what a subject's facts opened, and those of them that are news."""
        standing = {(end.whose, end.opening, end.cause): end for end in self._standing(subject)}
        told: list[ToldEnd] = []
        news: list[ToldEnd] = []
        for was in before.told:
            now = standing.pop((was.whose, was.opening, was.cause), None)
            if now is None:
                end = was if was.withdrawn_at is not None else msgspec.structs.replace(was, withdrawn_at=since)
            else:
                end = msgspec.structs.replace(now, words=was.words)
            told.append(end)
            if end != was:
                news.append(end)
        return [*told, *standing.values()], [*news, *standing.values()]

    def _standing(self, subject: str) -> Iterable[ToldEnd]:
        """The inferred ends of what a subject's facts opened."""
        own, owner = self.own(subject), self.context.owner(subject)
        presence = self.presence(owner)
        for interval in presence.intervals:
            if interval.end is None or interval.end_inferred is None or interval.facts[0] not in own:
                continue
            opening, cause = interval.facts
            yield ToldEnd(
                owner,
                opening,
                cause,
                interval.mode.value,
                interval.via,
                interval.start,
                interval.end,
                interval.end_inferred.value,
                max(own[opening].recorded, self._event_facts[cause].recorded),
                reached(presence, counted_for=None),
            )


@dataclass(slots=True, kw_only=True)
class _Page:
    """What stands together in one record."""

    parts: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    facts: list[KeptSubjectFact] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


class _Layout:
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
            homes = {self._homes.get(fact.id, _AT_HAND) for fact in facts}
            unclosed = interval.end is None or interval.end_inferred is not None
            number = _AT_HAND
            if not unclosed and len(homes) == 1:
                (number,) = homes
            elif not unclosed and not facts and surplus > 0:
                number = next((n for n, page in enumerate(self._pages[:-1]) if len(page.parts) < self._size), _AT_HAND)
            if number != _AT_HAND:
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
                page = self._pages[self._homes.get(fact.id, _AT_HAND)]
                page.facts.append(fact)
                page.others.append(compact(fact))

    def close(self) -> None:
        """Give the person what was distributed."""
        *earlier, last = self._pages
        person = self._person
        person.parts, person.items, person.others = last.parts, last.items, last.others
        for number, (page, was) in enumerate(zip(earlier, self._sealed, strict=True)):
            record = sealed_record(
                person, number, parts=page.parts, items=page.items, others=page.others, facts=page.facts
            )
            person.sealed.append(Sealed(record, written=was.written and was.record == record))

    def _facts_of(self, interval: Interval) -> list[KeptMovement]:
        """The person's own facts from which the interval and its stay can be told; none if they cannot."""
        opened = None if interval.start_inferred else self._own.get(interval.facts[0])
        if not isinstance(opened, KeptMovement):
            return []
        if interval.end is None or interval.end_inferred is not None:
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


def _tell_seat_and_times(
    person: Person, own: Iterable[KeptSubjectFact], about: Sequence[SubjectFact], presence: Presence
) -> None:
    lasted = presence.durations
    person.was_here = bool(presence.intervals)
    person.in_person, person.remote, person.both = lasted.in_person, lasted.remote, lasted.both
    person.seconds = seconds_text(lasted.in_person, lasted.remote, lasted.both)
    person.registered_mode = None if presence.registered_mode is None else presence.registered_mode.value
    person.registration = None if presence.registration is None else presence.registration.value
    person.seated_at = max((fact.time for fact in own if isinstance(fact, KeptSeat)), default=person.seated_at)
    if about:
        person.time = instant_text(max(fact.time for fact in about))
        person.recorded = instant_text(max(fact.recorded for fact in about))
    for fact in about:
        person.mark ^= int.from_bytes(fact.canonical, "big")
        if isinstance(fact, Movement):
            person.last = max(person.last, fact.time)
    for interval in presence.intervals:
        person.last = max(person.last, interval.start if interval.end is None else interval.end)


def _suspect(presence: Presence) -> str | None:
    return f"[{ids_text(presence.suspect)}]" if presence.suspect else None


def _same(one: Person, other: Person) -> bool:
    """Whether the records of a person say the same, in whichever of them an interval stands."""
    return (
        one.time == other.time
        and one.recorded == other.recorded
        and one.mark == other.mark
        and one.seconds == other.seconds
        and (one.registered_mode, one.registration) == (other.registered_mode, other.registration)
        and one.extra == other.extra
        and one.told == other.told
        and _intervals(one) == _intervals(other)
    )


def _intervals(person: Person) -> list[str]:
    return sorted([*person.parts, *(text for sealed in person.sealed for text in sealed_intervals(sealed))])
