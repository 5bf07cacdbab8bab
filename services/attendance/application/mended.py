"""What a draft makes of people: their records as they become, the words of the fact, and what is told of ends."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from services.attendance.application.extra import extra_of, extra_text
from services.attendance.application.kept import (
    KeptAcceptance,
    KeptEventFact,
    KeptMovement,
    KeptSeat,
    KeptSubjectFact,
    KeptVoiding,
    ToldEnd,
    Words,
)
from services.attendance.application.known import Known
from services.attendance.application.mending import Draft
from services.attendance.application.person import Person
from services.attendance.application.recall import use_told
from services.attendance.application.revision import Revision
from services.attendance.application.stays import compact, contradictions_text, ids_text
from services.attendance.application.wire import instant_text

_EndKey: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What a fact leads to: people as they were and as they become, its words, and what is news of inferred ends."""

    pairs: list[tuple[Person, Person]]
    words: Words
    ends: list[ToldEnd]
    people: Collection[str]
    """Whose facts were looked at."""


class Concluding:
    """Writes what a draft changes, beside what is known."""

    def __init__(self, known: Known, draft: Draft, event_facts: Mapping[str, KeptEventFact], *, since: int) -> None:
        """`event_facts` led to the context of the draft.

        `since` is when the fact was recorded that makes an end untrue that was told.
        """
        self._known = known
        self._draft = draft
        self._event_facts = event_facts
        self._since = since
        self._owner = known.owner
        self._revision = Revision(known.owner, draft.removed, draft.added)
        self._afters: dict[str, Person] = {}

    def with_context(self) -> Mended:
        """Nothing but the context is another."""
        if self._draft.removed:
            self._afters[self._owner.subject] = self._revision.write(lambda fact: fact)
        return self._mended(self._words())

    def with_fact(self, subject: str, kept: KeptSubjectFact, *, suspect: str | None) -> Mended:
        """One more fact is known of `subject`."""
        owner = self._owner
        words = self._words(counted_for=None if subject == owner.subject else owner.subject, suspect=suspect)
        told: KeptSubjectFact = msgspec.structs.replace(kept, words=words)
        after = self._revision.write(lambda fact: _finished(fact, told))
        self._afters[owner.subject] = after
        after.others = self._others(told, is_own=subject == owner.subject)
        _count_in(after, kept)
        self._write_extra(after)
        whose = after
        if subject != owner.subject:
            whose = self._after(subject)
            whose.others = [*whose.others, compact(told)]
            _count_in(whose, kept)
            if not whose.time:
                whose.extra = extra_text(owner.subject, None, None)
        _learn(whose, kept)
        if isinstance(kept, KeptSeat):
            after.registration, after.registered_mode = kept.registration, kept.mode or owner.registered_mode
        return self._mended(words)

    def _words(self, *, counted_for: str | None = None, suspect: str | None = None) -> Words:
        return self._revision.words(counted_for=counted_for, suspect=suspect)

    def _mended(self, words: Words) -> Mended:
        ends = self._tell_ends()
        pairs = [(self._known.person(subject), after) for subject, after in sorted(self._afters.items())]
        return Mended(pairs=pairs, words=words, ends=ends, people=self._known.people())

    def _after(self, subject: str) -> Person:
        if subject not in self._afters:
            self._afters[subject] = msgspec.structs.replace(self._known.person(subject))
        return self._afters[subject]

    def _others(self, told: KeptSubjectFact, *, is_own: bool) -> list[str]:
        """The owner's own facts that stand in no stay."""
        draft, texts = self._draft, self._owner.others
        before = {fact.id: fact for row in draft.removed for fact in row.facts}
        now = {fact.id for one in draft.added for fact in one.facts}
        came = [f'"{one}",' for one in now if one not in before and one != told.id]
        if came:
            texts = [text for text in texts if not any(text.startswith(one, 3) for one in came)]
        left = [compact(fact) for one, fact in before.items() if one not in now]
        if is_own and told.id not in now:
            left.append(compact(told))
        return [*texts, *left]

    def _write_extra(self, after: Person) -> None:
        draft = self._draft
        if draft.contradictions is None and draft.suspect is None:
            return
        extra = extra_of(self._owner.extra)
        contradictions = extra.contradictions if draft.contradictions is None else draft.contradictions
        suspect = extra.suspect if draft.suspect is None else draft.suspect
        after.extra = extra_text(
            None, contradictions_text(contradictions), f"[{ids_text(suspect)}]" if suspect else None
        )

    def _tell_ends(self) -> list[ToldEnd]:
        """What is news of inferred ends. Those remember one whose fact opened what it ends."""
        gone: dict[str, set[_EndKey]] = {}
        for row in self._draft.removed:
            if row.interval.end_inferred is not None:
                opening, cause = row.interval.facts
                gone.setdefault(self._draft.moves[opening][0], set()).add((self._owner.subject, opening, cause))
        come = self._ends()
        news: list[ToldEnd] = []
        for subject in sorted({*gone, *come}):
            after = self._after(subject)
            told, of_these = _retold(after.told, gone.get(subject, set()), come.get(subject, {}), self._since)
            use_told(after, told)
            news += of_these
        return news

    def _ends(self) -> dict[str, dict[_EndKey, ToldEnd]]:
        found: dict[str, dict[_EndKey, ToldEnd]] = {}
        for one in self._draft.added:
            interval = one.interval
            if interval.end is None or interval.end_inferred is None or not interval.is_unclosed:
                continue
            opening, cause = interval.facts
            subject, opened = self._draft.moves[opening]
            found.setdefault(subject, {})[self._owner.subject, opening, cause] = ToldEnd(
                self._owner.subject,
                opening,
                cause,
                interval.mode.value,
                interval.via,
                interval.start,
                interval.end,
                interval.end_inferred.value,
                max(opened.recorded, self._event_facts[cause].recorded),
                self._words(),
            )
        return found


def _finished(fact: KeptMovement, told: KeptSubjectFact) -> KeptMovement:
    return told if isinstance(told, KeptMovement) and fact.id == told.id else fact


def _count_in(after: Person, kept: KeptSubjectFact) -> None:
    """A fact is one of those that count for somebody."""
    after.time = max(after.time, instant_text(kept.time))
    after.recorded = max(after.recorded, instant_text(kept.recorded))
    after.mark ^= kept.digest
    if isinstance(kept, KeptMovement):
        after.last = max(after.last, kept.time)


def _learn(after: Person, kept: KeptSubjectFact) -> None:
    """A fact is one of somebody's own."""
    match kept:
        case KeptVoiding(voided_id=voided_id):
            after.voided = after.voided | {voided_id: None}
        case KeptAcceptance():
            after.acceptances = [*after.acceptances, kept]
        case KeptSeat():
            after.seated_at = max(after.seated_at, kept.time)


def _retold(
    told: Sequence[ToldEnd], gone: set[_EndKey], come: dict[_EndKey, ToldEnd], since: int
) -> tuple[list[ToldEnd], list[ToldEnd]]:
    """The inferred ends of which the timeline was told, and those of them that are news."""
    every, news = [], []
    for was in told:
        key = was.whose, was.opening, was.cause
        end = was
        if key in come:
            end = msgspec.structs.replace(come.pop(key), words=was.words)
        elif key in gone and was.withdrawn_at is None:
            end = msgspec.structs.replace(was, withdrawn_at=since)
        every.append(end)
        if end != was:
            news.append(end)
    return [*every, *come.values()], [*news, *come.values()]
