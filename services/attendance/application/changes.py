"""What changed between two reports: whose time is another, and the facts that made it so."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.attendance.adapters.tables import to_column
from services.attendance.adapters.timeline import SqlTimeline
from services.attendance.application.translation import Document, domain_fact
from services.attendance.domain.changes import Change, Comparison
from services.attendance.domain.facts import EventFact, SubjectFact
from services.attendance.domain.reading import Entry

_PEOPLE: Final = 200
"""So many are looked at at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What changed for one person, with the facts that its steps name."""

    change: Change
    facts: Mapping[str, Entry]


class Changes:
    """Compares what was known of an event at two instants."""

    def __init__(self, timeline: SqlTimeline) -> None:
        """Ask the read model `timeline`."""
        self._timeline = timeline

    async def between(
        self, event_id: str, *, earlier: datetime, later: datetime, after: str = "", only: str | None = None
    ) -> AsyncIterator[Explained]:
        """Everybody whose seconds differ, by id, from after one on; or `only` one person, if theirs do.

        `later` is not before `earlier`. The work is done as the answers are asked for, some people at a time.
        """
        told = await self._timeline.facts_about_event(event_id, as_of=later)
        first, last = [await self._timeline.sighting(event_id, as_of=moment) for moment in (earlier, later)]
        comparison = Comparison(
            (fact for fact in map(domain_fact, told) if isinstance(fact, EventFact)),
            earlier=to_column(earlier),
            later=to_column(later),
            horizons=(first, last),
        )
        touched = await self._timeline.touched(event_id, since=earlier)
        if touched is not None:
            touched = frozenset(one for subject in touched for one in comparison.group(subject))
        subjects = [
            subject
            for subject in await self._timeline.subjects(event_id)
            if subject > after and (touched is None or subject in touched) and only in {None, subject}
        ]
        for start in range(0, len(subjects), _PEOPLE):
            some = subjects[start : start + _PEOPLE]
            groups = frozenset(one for subject in some for one in comparison.group(subject))
            documents = await self._timeline.facts_about(event_id, groups, as_of=later)
            # Folding some hundred people takes a while, in which this process has others to answer.
            found = await asyncio.to_thread(_compare, comparison, some, documents)
            named = {step.fact_id for change in found for step in change.steps}
            facts = await self._timeline.named(event_id, named, as_of=later)
            for change in found:
                yield Explained(change=change, facts={step.fact_id: facts[step.fact_id] for step in change.steps})


def _compare(comparison: Comparison, subjects: Sequence[str], documents: Sequence[Document]) -> list[Change]:
    of_subject: dict[str, list[SubjectFact]] = {}
    for fact in map(domain_fact, documents):
        if isinstance(fact, SubjectFact):
            of_subject.setdefault(fact.subject, []).append(fact)
    found = []
    for subject in subjects:
        facts = [fact for member in comparison.group(subject) for fact in of_subject.get(member, ())]
        change = comparison.change(subject, facts)
        if change is not None:
            found.append(change)
    return found
