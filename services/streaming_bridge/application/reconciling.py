"""Compare a platform's own report with what it delivered, and make facts of what an organizer accepts."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from schemas.identifiers import guest_id, is_guest_id, is_participant_id
from services.chassis.clock import Clock
from services.streaming_bridge.application.arrivals import Arrival, Outcome
from services.streaming_bridge.application.report_facts import arrivals_of, report_uri
from services.streaming_bridge.application.report_ports import (
    AcceptedStay,
    AcceptedStays,
    BroughtReport,
    Events,
    KnownIdentities,
    People,
    Reports,
    Sightings,
)
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import RegistrationAwayError, UnknownReportError
from services.streaming_bridge.domain.meetings import HeldEvent, RoomOfEvent
from services.streaming_bridge.domain.observations import Finding
from services.streaming_bridge.domain.pseudonyms import connection_pseudonym, user_pseudonym
from services.streaming_bridge.domain.reconciliation import (
    KnownBy,
    KnownPresence,
    ReportedPerson,
    Row,
    Span,
    compare,
    union,
)
from services.streaming_bridge.domain.reports import LineTrouble, Report, ReportedStay
from services.streaming_bridge.domain.sources import Source
from services.streaming_bridge.domain.stays import stays_of

_BESIDE: Final = timedelta(days=1)
"""What is further from the event is of another day."""
TOLERANCE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A report beside what was delivered. `within` is how many of its lines are while the event is held."""

    brought: BroughtReport
    event: HeldEvent
    room: RoomOfEvent
    rows: Sequence[Row]
    names: Mapping[str, str]
    lines: int
    within: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciling:
    """The use cases of reports. `store` is the inbox: facts of a report go the way of all others."""

    reports: Reports
    accepted: AcceptedStays
    events: Events
    sightings: Sightings
    people: People
    book: SourceBook
    store: Callable[[Sequence[Arrival]], Awaitable[Sequence[Outcome]]]
    clock: Clock
    pseudonym_key: bytes

    async def bring(self, report_id: str, event: HeldEvent, room: RoomOfEvent, report: Report, *, zone: str) -> None:
        """Keep a report, without the lines that are of another day."""
        earliest, latest = event.starts_at - _BESIDE, event.ends_at + _BESIDE
        far = {stay.number for stay in report.stays if stay.end < earliest or stay.start > latest}
        kept = replace(
            report,
            stays=[stay for stay in report.stays if stay.number not in far],
            refused={**report.refused, **dict.fromkeys(far, LineTrouble.ANOTHER_DAY)},
        )
        brought = BroughtReport(
            report_id=report_id,
            event_id=event.event_id,
            room_id=room.room_id,
            zone=zone,
            brought_at=self.clock(),
            report=kept,
        )
        await self.reports.keep(brought)

    async def compare(self, event_id: str, report_id: str, *, tolerance: timedelta = TOLERANCE) -> Comparison:
        """What a report says beside what was delivered.

        Raises:
            UnknownReportError: if there is no such report (any more), or its room is none of the event's any more.
            UnknownSourceError: if the source of its room was removed.
            RegistrationAwayError: if it cannot be told now who is who.
        """
        brought, event, room = await self._find(event_id, report_id)
        source = await self.book.get(room.claimed.source)
        emails = {stay.email for stay in brought.report.stays if stay.email is not None}
        identities = await self.people.identities(event_id, emails)
        if identities is None:
            raise RegistrationAwayError
        findings = await self.sightings.of_event(event_id, room=room.claimed)
        until = min(self.clock(), event.ends_at)
        known, by_connection, names = await self._known(event_id, findings, identities, until)
        people = self._people(brought.report, source, identities, by_connection)
        others = {person.subject for person in people} - names.keys()
        names = {**names, **await self._names(event_id, others)}
        return Comparison(
            brought=brought,
            event=event,
            room=room,
            rows=compare(people, known, tolerance=tolerance),
            names=names,
            lines=len(brought.report.stays),
            within=sum(stay.start < event.ends_at and stay.end > event.starts_at for stay in brought.report.stays),
        )

    async def accept(
        self,
        event_id: str,
        report_id: str,
        keys: Collection[str],
        *,
        tolerance: timedelta,
        noted: Callable[[], Awaitable[None]],
    ) -> int:
        """Make facts of what is missing of some people, named by their keys; how many stays are new by it.

        Again, or by two at once, it changes nothing: the facts are the same. `noted` writes down beforehand that it is
        done, and what it raises keeps it from being done.

        Raises: as `compare` does.
        """
        comparison = await self.compare(event_id, report_id, tolerance=tolerance)
        source = await self.book.get(comparison.room.claimed.source)
        now, taken_back = self.clock(), await self.accepted.taken_back(event_id)
        arrivals: list[Arrival] = []
        for row in comparison.rows:
            if row.person is not None and row.missing and row.person.key in keys:
                arrivals += arrivals_of(row, comparison.room.claimed, source, now=now, taken_back=taken_back)
        if not arrivals:
            return 0
        await noted()
        outcomes = await self.store(arrivals)
        return sum(outcome is Outcome.ACCEPTED for outcome in outcomes) // 2

    async def latest_accepted(
        self, event_id: str, *, limit: int, before: int | None = None, only: Collection[str] | None = None
    ) -> tuple[Sequence[AcceptedStay], Mapping[str, str]]:
        """What counts since it was accepted, the latest first, and what those people are called.

        Raises:
            RegistrationAwayError: if their names cannot be told now.
        """
        stays = await self.accepted.latest(event_id, limit=limit, before=before, only=only)
        return stays, await self._names(event_id, {stay.subject for stay in stays})

    async def take_back(self, event_id: str, stay_ids: Collection[str], *, noted: Callable[[], Awaitable[None]]) -> int:
        """Take back what was accepted: it is as if it had never been; how many stays. Again, it changes nothing.

        `noted` as at `accept`.
        """
        if not await self.accepted.latest(event_id, limit=1, only=stay_ids):
            return 0
        await noted()
        return await self.accepted.take_back(event_id, stay_ids, now=self.clock())

    async def _find(self, event_id: str, report_id: str) -> tuple[BroughtReport, HeldEvent, RoomOfEvent]:
        brought, event = (
            await self.reports.find(event_id, report_id, now=self.clock()),
            await self.events.event(event_id),
        )
        if brought is None or event is None:
            raise UnknownReportError(report_id)
        rooms = [room for room in await self.events.rooms(event_id) if room.room_id == brought.room_id]
        if not rooms:
            raise UnknownReportError(report_id)
        return brought, event, rooms[0]

    async def _known(
        self, event_id: str, findings: Sequence[Finding], identities: KnownIdentities, until: datetime
    ) -> tuple[list[KnownPresence], dict[str, str], Mapping[str, str]]:
        """Who was delivered, which connection was whose, and what they are called."""
        spans: dict[str, list[Span]] = defaultdict(list)
        subjects: dict[str, set[str]] = defaultdict(set)
        by_connection: dict[str, str] = {}
        for stay in stays_of(findings):
            whose = identities.links.get(stay.subject, stay.subject)
            subjects[whose] |= {whose, stay.subject}
            spans[whose].append((stay.start, max(stay.end or until, stay.start)))
            by_connection[stay.connection] = stay.subject
        names = await self._names(event_id, {one for ids in subjects.values() for one in ids})
        known = [
            # Of whom several are one, the guest comes first: facts about them go on being about that guest.
            KnownPresence(
                subjects=sorted(subjects[whose], key=lambda one: (not is_guest_id(one), one)),
                name=names.get(whose),
                also_called=sorted({names[one] for one in subjects[whose] if one in names}),
                spans=union(spans[whose]),
            )
            for whose in subjects
        ]
        return known, by_connection, names

    async def _names(self, event_id: str, subjects: Collection[str]) -> Mapping[str, str]:
        names = await self.people.all_names(event_id, subjects)
        if names is None:
            # Without them whoever is known by name would be taken for somebody new.
            raise RegistrationAwayError
        return names

    def _people(
        self, report: Report, source: Source, identities: KnownIdentities, by_connection: Mapping[str, str]
    ) -> list[ReportedPerson]:
        lines: dict[str, list[ReportedStay]] = defaultdict(list)
        for stay in report.stays:
            lines[stay.person].append(stay)
        people = []
        for person, stays in lines.items():
            key = user_pseudonym(person, key=self.pseudonym_key)
            # Of whom nothing says who they are, a guest: what was accepted before is about the same one.
            subject = guest_id(source=report_uri(source), person=key)
            identified = self._identified(stays, source, identities, by_connection)
            people.append(
                ReportedPerson(
                    key=key,
                    name=stays[0].name,
                    stays=stays,
                    subject=subject if identified is None else identified[0],
                    known_by=None if identified is None else identified[1],
                )
            )
        return people

    def _identified(
        self,
        stays: Sequence[ReportedStay],
        source: Source,
        identities: KnownIdentities,
        by_connection: Mapping[str, str],
    ) -> tuple[str, KnownBy] | None:
        for stay in stays:
            if stay.user_id is not None and is_participant_id(stay.user_id):
                return stay.user_id, KnownBy.ID
            connection = connection_pseudonym(stay.connection or "", key=self.pseudonym_key)
            if connection in by_connection:
                return by_connection[connection], KnownBy.ID
            if stay.user_id is not None:
                whose = user_pseudonym(stay.user_id, key=self.pseudonym_key)
                return guest_id(source=source.uri, person=whose), KnownBy.ID
            if stay.email is not None and stay.email in identities.addresses:
                return identities.addresses[stay.email], KnownBy.EMAIL
        return None
