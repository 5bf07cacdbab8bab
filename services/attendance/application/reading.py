"""What was true of an event: as it stands, or as it was known at an instant."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.registration import EventData
from services.attendance.adapters.tables import to_column
from services.attendance.adapters.timeline import SqlTimeline
from services.attendance.application.statistics import Statistics, statistics
from services.attendance.application.translation import Document, domain_fact
from services.attendance.domain.context import fold_context
from services.attendance.domain.errors import AttendanceError
from services.attendance.domain.facts import EventFact, SubjectFact
from services.attendance.domain.fold import fold_event, fold_subject
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


class Reading:
    """The questions that pages and programs ask.

    Each takes `as_of`: the answer is then folded from the facts recorded up to that instant. Without it, it is what
    the worker last told.
    """

    def __init__(self, timeline: SqlTimeline) -> None:
        """Ask the read model `timeline`."""
        self._timeline = timeline

    async def event(self, event_id: str, *, as_of: datetime | None = None) -> EventData:
        """The event as it stands; also for an instant before anything was known of it.

        Raises:
            UnknownEventError: if no fact tells of it.
        """
        event = await self._timeline.event(event_id)
        if event is None:
            raise UnknownEventError(event_id)
        known_then = None if as_of is None else await self._timeline.event_as_of(event_id, as_of)
        return known_then or event

    async def people(
        self, event_id: str, *, as_of: datetime | None = None, after: str = "", limit: int | None = None
    ) -> Report:
        """Where all stand, by subject, or a page of them; guests linked to a participant stand with them alone."""
        horizon = await self._timeline.horizon(event_id, as_of=as_of)
        if as_of is None:
            standings = await self._timeline.standings(event_id, after=after, limit=limit)
        else:
            folded = await self._folded(event_id, as_of)
            unlinked = [one for one in folded if one.subject > after and one.presence.linked_to is None]
            standings = unlinked[:limit]
        return Report(horizon=horizon, standings=standings)

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
        return Report(horizon=await self._timeline.horizon(event_id, as_of=as_of), standings=[found])

    async def statistics(self, event: EventData, *, as_of: datetime | None = None) -> tuple[Report, Statistics]:
        """All figures of an event, and what they were counted from."""
        report = await self.people(event.event_id, as_of=as_of)
        counted = statistics(
            report.standings,
            horizon=report.horizon or 0,
            starts_at=to_column(event.starts_at),
            ends_at=to_column(event.ends_at),
            suspect_rooms=len(await self._timeline.suspect_rooms(event.event_id, as_of=as_of)),
        )
        return report, counted

    async def _standing(self, event_id: str, subject: str, as_of: datetime | None) -> Standing | None:
        standing = await self._timeline.standing(event_id, subject)
        if as_of is None or standing is None:
            return standing
        told = await self._timeline.facts_about_event(event_id, as_of=as_of)
        context = fold_context(fact for fact in map(domain_fact, told) if isinstance(fact, EventFact))
        members = context.members(subject)
        facts = await self._timeline.facts_about(event_id, members, as_of=as_of)
        own = (fact for fact in map(domain_fact, facts) if isinstance(fact, SubjectFact) and fact.subject in members)
        return Standing(subject=subject, presence=fold_subject(subject, own, context))

    async def _folded(self, event_id: str, as_of: datetime) -> list[Standing]:
        """Everybody, by subject, as the facts recorded up to an instant tell it."""
        facts = await self._timeline.facts(event_id, as_of=as_of)
        # Folding a large event takes seconds, in which this process has others to answer.
        return await asyncio.to_thread(_fold, facts)


def _fold(facts: Sequence[Document]) -> list[Standing]:
    folded = fold_event(domain_fact(fact) for fact in facts)
    return [Standing(subject=subject, presence=presence) for subject, presence in folded.people.items()]
