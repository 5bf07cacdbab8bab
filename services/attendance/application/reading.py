"""What was true of an event: as it stands, or as it was known at an instant."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.registration import EventData
from services.attendance.adapters.comparison import SqlComparison
from services.attendance.adapters.fact_reading import SqlFacts
from services.attendance.adapters.tables import to_column
from services.attendance.adapters.tallies import SqlTallies
from services.attendance.adapters.timeline import SqlTimeline
from services.attendance.application.statistics import Figures, Statistics, statistics
from services.attendance.application.tally import Tally
from services.attendance.application.translation import Document, domain_fact
from services.attendance.domain.context import EventContext, fold_context
from services.attendance.domain.errors import AttendanceError
from services.attendance.domain.facts import EventFact, SubjectFact
from services.attendance.domain.fold import NOBODY, Status, fold_event, fold_subject
from services.attendance.domain.reading import Standing


class UnknownEventError(AttendanceError):
    """No fact tells of such an event."""

    def __init__(self, event_id: str) -> None:
        """Keep which."""
        super().__init__(f"no fact tells of the event {event_id}")
        self.event_id = event_id


class UnknownPersonError(AttendanceError):
    """No fact of the event concerns such a person."""

    def __init__(self, subject: str) -> None:
        """Keep who, by their random id."""
        super().__init__(f"no fact of the event concerns {subject}")
        self.subject = subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Where some people stand. What goes on counts up to the `horizon`, in milliseconds: no clock is asked.

    The horizon is the time of the latest sighting known, at a door or in a room; None when there was none.
    """

    horizon: int | None
    standings: Sequence[Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRoll:
    """Somebody of an event: enough to choose them from among all; where they stand, if that had to be found out."""

    subject: str
    status: Status
    contradicted: bool
    suspect: bool
    standing: Standing | None = None


class Reading:
    """The questions that pages and programs ask.

    Each takes `as_of`: the answer is then folded from the facts recorded up to that instant. Without it, it is what
    the worker last told.
    """

    def __init__(self, timeline: SqlTimeline, tallies: SqlTallies, facts: SqlFacts, comparison: SqlComparison) -> None:
        """Ask the read model `timeline`, its `tallies` for what is counted, its `facts` where all are asked for.

        `comparison` counts all events at once.
        """
        self.timeline = timeline
        self.comparison = comparison
        self.facts = facts
        self._tallies = tallies

    async def event(self, event_id: str, *, as_of: datetime | None = None) -> EventData:
        """The event as it stands; also for an instant before anything was known of it.

        Raises:
            UnknownEventError: if no fact tells of it.
        """
        event = await self.timeline.event(event_id)
        if event is None:
            raise UnknownEventError(event_id)
        known_then = None if as_of is None else await self.timeline.event_as_of(event_id, as_of)
        return known_then or event

    async def people(
        self,
        event_id: str,
        *,
        as_of: datetime | None = None,
        after: str = "",
        limit: int | None = None,
        among: Sequence[str] | None = None,
    ) -> Report:
        """Where all stand, by subject, or a page of them, or of those `among` whom they are looked for.

        Guests linked to a participant stand with them alone.
        """
        horizon = await self.timeline.horizon(event_id, as_of=as_of)
        if among is not None:
            chosen = sorted(subject for subject in among if subject > after)[:limit]
            standings = await self._some(event_id, chosen, as_of)
        elif as_of is None:
            standings = await self.timeline.standings(event_id, after=after, limit=limit)
        elif limit is None:
            folded = await self._folded(event_id, as_of)
            standings = [one for one in folded if one.subject > after and one.presence.linked_to is None]
        else:
            standings = await self._page(event_id, as_of, after=after, limit=limit)
        return Report(horizon=horizon, standings=standings)

    async def roll(self, event_id: str, *, as_of: datetime | None = None) -> list[OnRoll]:
        """All people of an event; guests linked to a participant stand with them alone."""
        if as_of is None:
            return await self._tallies.ask(event_id, _roll)
        folded = await self._folded(event_id, as_of)
        return [
            OnRoll(
                subject=one.subject,
                status=one.presence.status,
                contradicted=bool(one.presence.contradictions),
                suspect=bool(one.presence.suspect),
                standing=one,
            )
            for one in folded
            if one.presence.linked_to is None
        ]

    async def standings_of(self, event_id: str, chosen: Sequence[OnRoll]) -> list[Standing]:
        """Where those on the roll stand, in their order; who has gone from it since is left out."""
        unknown = [one.subject for one in chosen if one.standing is None]
        known = await self.timeline.standings_of(event_id, unknown)
        known |= {one.subject: one.standing for one in chosen if one.standing is not None}
        return [known[one.subject] for one in chosen if one.subject in known]

    async def person(self, event_id: str, subject: str, *, as_of: datetime | None = None) -> Report:
        """Where one person stands; for a guest who is linked, the participant they turned out to be.

        Of somebody who was not known yet at `as_of`, nothing is told: they are absent.

        Raises:
            UnknownPersonError: if no fact concerns them.
        """
        found = await self._standing(event_id, subject, as_of)
        if found is not None and found.presence.linked_to is not None:
            found = await self._standing(event_id, found.presence.linked_to, as_of)
        if found is None:
            raise UnknownPersonError(subject)
        return Report(horizon=await self.timeline.horizon(event_id, as_of=as_of), standings=[found])

    async def figures(self, event_id: str) -> tuple[int | None, Figures]:
        """The horizon of an event, and the figures of the moment."""
        horizon = await self.timeline.horizon(event_id)
        return horizon, await self._tallies.ask(event_id, Tally.figures)

    async def statistics(self, event: EventData, *, as_of: datetime | None = None) -> tuple[int | None, Statistics]:
        """The horizon of an event, and all its figures."""
        horizon = await self.timeline.horizon(event.event_id, as_of=as_of)
        span = {
            "horizon": horizon or 0,
            "starts_at": to_column(event.starts_at),
            "ends_at": to_column(event.ends_at),
            "suspect_rooms": len(await self.timeline.suspect_rooms(event.event_id, as_of=as_of)),
        }
        if as_of is None:
            return horizon, await self._tallies.ask(event.event_id, lambda tally: tally.statistics(**span))
        folded = await self._folded(event.event_id, as_of)
        unlinked = [one for one in folded if one.presence.linked_to is None]
        return horizon, await asyncio.to_thread(statistics, unlinked, **span)

    async def _standing(self, event_id: str, subject: str, as_of: datetime | None) -> Standing | None:
        standing = await self.timeline.standing(event_id, subject)
        if as_of is None or standing is None:
            return standing
        context = await self._context(event_id, as_of)
        facts = await self.timeline.facts_about(event_id, context.members(subject), as_of=as_of)
        found = await asyncio.to_thread(_fold_some, [subject], facts, context)
        return next(iter(found), Standing(subject=subject, presence=fold_subject(subject, (), context)))

    async def _some(self, event_id: str, subjects: Sequence[str], as_of: datetime | None) -> list[Standing]:
        """Where these stand; of whom nothing is known is left out."""
        if as_of is None:
            found = await self.timeline.standings_of(event_id, subjects)
            return [found[subject] for subject in subjects if subject in found]
        return await self._some_then(event_id, subjects, as_of, await self._context(event_id, as_of))

    async def _some_then(
        self, event_id: str, subjects: Sequence[str], as_of: datetime, context: EventContext
    ) -> list[Standing]:
        members = {member for subject in subjects for member in context.members(subject)}
        facts = await self.timeline.facts_about(event_id, members, as_of=as_of)
        return await asyncio.to_thread(_fold_some, subjects, facts, context)

    async def _page(self, event_id: str, as_of: datetime, *, after: str, limit: int) -> list[Standing]:
        """Some people, by subject, from after one on: only what concerns them is folded."""
        context = await self._context(event_id, as_of)
        everybody = await self.timeline.subjects(event_id)
        subjects = [subject for subject in everybody if subject > after and context.owner(subject) == subject]
        found: list[Standing] = []
        for start in range(0, len(subjects), limit):
            found += await self._some_then(event_id, subjects[start : start + limit], as_of, context)
            if len(found) >= limit:
                break
        return found[:limit]

    async def _context(self, event_id: str, as_of: datetime) -> EventContext:
        told = await self.timeline.facts_about_event(event_id, as_of=as_of)
        return fold_context(fact for fact in map(domain_fact, told) if isinstance(fact, EventFact))

    async def _folded(self, event_id: str, as_of: datetime) -> list[Standing]:
        """Everybody, by subject, as the facts recorded up to an instant tell it."""
        facts = await self.timeline.facts(event_id, as_of=as_of)
        # Folding a large event takes seconds, in which this process has others to answer.
        return await asyncio.to_thread(_fold, facts)


def _roll(tally: Tally) -> list[OnRoll]:
    return [
        OnRoll(
            subject=subject,
            status=one.status,
            contradicted=one.contradictions > 0,
            suspect=one.suspect > 0,
        )
        for subject, one in tally.people.items()
    ]


def _fold(facts: Sequence[Document]) -> list[Standing]:
    folded = fold_event(domain_fact(fact) for fact in facts)
    people = folded.people.items()
    return [Standing(subject=subject, presence=presence) for subject, presence in people if presence != NOBODY]


def _fold_some(subjects: Sequence[str], facts: Sequence[Document], context: EventContext) -> list[Standing]:
    """Those of some people of whom anything is known, given the facts of all whose facts are theirs."""
    known: dict[str, list[SubjectFact]] = {}
    for fact in map(domain_fact, facts):
        if isinstance(fact, SubjectFact):
            known.setdefault(fact.subject, []).append(fact)
    found = []
    for subject in subjects:
        own = [fact for member in context.members(subject) for fact in known.get(member, ())]
        presence = fold_subject(subject, own, context) if own else NOBODY
        if presence != NOBODY:
            found.append(Standing(subject=subject, presence=presence))
    return found
