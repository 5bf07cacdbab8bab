"""What a fact leads to when it cannot simply be added: the whole fold of those it concerns.

It is worked out beside what is known, of which nothing changes here: the caller takes it over, or throws it away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from services.attendance.application.extra import extra_text
from services.attendance.application.kept import (
    KeptEventFact,
    KeptSubjectFact,
    ToldEnd,
    Words,
    reached,
    subject_fact,
)
from services.attendance.application.layout import AT_HAND, Layout
from services.attendance.application.person import Person, new_person
from services.attendance.application.recall import (
    kept_of,
    kept_sealed,
    sealed_intervals,
    sum_up,
    use_told,
)
from services.attendance.application.records import seconds_text, write_end
from services.attendance.application.slices import SLICE, Slices
from services.attendance.application.stays import contradictions_text, ids_text
from services.attendance.application.wire import instant_text
from services.attendance.domain.context import EventContext
from services.attendance.domain.facts import Movement, SubjectFact
from services.attendance.domain.fold import Presence, fold_subject
from services.attendance.domain.intervals import Interval


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
        self.event_facts = event_facts
        self._event_id = event_id
        self._load = load
        self._size = size
        self._own: dict[str, dict[str, KeptSubjectFact]] = {}
        self._homes: dict[str, dict[str, int]] = {}
        self._about: dict[str, list[SubjectFact]] = {}
        self._presences: dict[str, Presence] = {}
        self._inferred: dict[str, list[Interval]] = {}
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
            homes = dict.fromkeys(own, AT_HAND)
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

    def unchanged(self, subjects: Iterable[str]) -> dict[str, Person] | None:
        """Some people as they are, with all that folding them tells; None if the record of one becomes another."""
        people: dict[str, Person] = {}
        for subject in subjects:
            before = self._load(subject)
            people[subject] = self._built(subject, before)
            use_told(people[subject], self._told(subject, before, 0)[0])
            if not _same(before, people[subject]):
                return None
        return people

    def changed(
        self, subjects: Iterable[str], *, since: int
    ) -> Slices[tuple[list[tuple[Person, Person]], list[bytes]]]:
        """Those of `subjects` whose record becomes another, as they were and as they are; and what is told of ends.

        `since` is when the fact was recorded that makes an end untrue that was told.
        """
        pairs, entries = [], []
        for count, subject in enumerate(sorted(subjects)):
            if count % SLICE == SLICE - 1:
                yield
            before = self._load(subject)
            told, news = self._told(subject, before, since)
            if not news and self._is_linked_as_before(subject, before):
                continue
            after = self._built(subject, before)
            use_told(after, told)
            entries += [write_end(self._event_id, end) for end in news]
            if subject in self._taken_in or not _same(before, after):
                pairs.append((before, after))
            elif not before.whole:
                before.become(after)
        return pairs, entries

    def _is_linked_as_before(self, subject: str, before: Person) -> bool:
        """Whether somebody is a guest, and their record says it of the same person: all else in it are their facts."""
        owner = self.context.owner(subject)
        as_now = extra_text(owner, None, None)
        return owner != subject and subject not in self._taken_in and bool(before.time) and before.extra == as_now

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
        after.facts = dict.fromkeys(own)
        sum_up(after, own.values())
        after.plain = alone and subject not in self.context.links and own.keys() >= after.voided.keys()
        after.mark = 0
        _tell_seat_and_times(after, about, presence)
        homes = self._homes[subject]
        layout = Layout(after, before.sealed, own=own if alone else {}, homes=homes, size=self._size)
        layout.lay(presence.intervals, {fact.id: fact for fact in about if isinstance(fact, Movement)})
        layout.lay_facts(own.values())
        layout.close()
        after.extra = extra_text(presence.linked_to, contradictions_text(presence.contradictions), _suspect(presence))
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
        if owner not in self._inferred:
            self._inferred[owner] = [one for one in presence.intervals if one.is_unclosed]
        for interval in self._inferred[owner]:
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
                max(own[opening].recorded, self.event_facts[cause].recorded),
                reached(presence, counted_for=None),
            )


def _tell_seat_and_times(person: Person, about: Sequence[SubjectFact], presence: Presence) -> None:
    lasted = presence.durations
    person.was_here = bool(presence.intervals)
    person.in_person, person.remote, person.both = lasted.in_person, lasted.remote, lasted.both
    person.seconds = seconds_text(lasted.in_person, lasted.remote, lasted.both)
    person.registered_mode = None if presence.registered_mode is None else presence.registered_mode.value
    person.registration = None if presence.registration is None else presence.registration.value
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
