"""All that Passerelle knows of a participant, read or taken along by them, or by an organizer who answers them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.audit import AuditQuery
from services.registration.application.letters import Letters
from services.registration.application.neighbours import KnownAttendance, Neighbours
from services.registration.application.people import OwnData, People
from services.registration.application.ports import GuestLink, Store
from services.registration.application.proof_cases import ProofCases
from services.registration.domain.audit import BRIDGE, PUBLIC, SYSTEM, Act, AuditEntry, Deed
from services.registration.domain.contests import Contest
from services.registration.domain.documents import IssuedDocument
from services.registration.domain.signatures import Signature
from services.registration.domain.ticket_shops import Platform, ToldTicket

_MOST_DEEDS: Final = 10_000


class Missing(StrEnum):
    """What an export is without, because the service that knows it did not answer."""

    ATTENDANCE = "attendance"
    GUEST_NAMES = "guest_names"


class DoneBy(StrEnum):
    """On which side somebody did something: who of the staff it was is theirs, and stands in the audit log alone."""

    PUBLIC = "public"
    """The participant, by their personal link, or somebody who was not signed in."""
    STAFF = "staff"
    SYSTEM = "system"

    @classmethod
    def of(cls, entry: AuditEntry) -> "DoneBy":
        """Who did what an entry tells."""
        return {PUBLIC: cls.PUBLIC, SYSTEM: cls.SYSTEM, BRIDGE: cls.SYSTEM}.get(entry.actor, cls.STAFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalExport:
    """What is known here (`own`), and what the other services know; lists are in the order of time.

    `sold_on` says of `tickets`, by their keys, whose shop sold them, while it is connected.
    `subjects` are those of the letters, by number, as they are worded now. `guest_names` is None if the bridge is away.
    """

    own: OwnData
    at: datetime
    subjects: Mapping[int, str]
    history: Sequence[AuditEntry]
    tickets: Sequence[ToldTicket]
    sold_on: Mapping[str, Platform]
    guests: Sequence[GuestLink]
    guest_names: Mapping[str, str] | None
    signatures: Sequence[Signature]
    documents: Sequence[IssuedDocument]
    contests: Sequence[Contest]
    attendance: KnownAttendance | None

    @property
    def missing(self) -> Sequence[Missing]:
        """What to ask again for."""
        away = {Missing.ATTENDANCE: self.attendance is None, Missing.GUEST_NAMES: self.guest_names is None}
        return [part for part, is_away in away.items() if is_away]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalExports:
    """Gathers them."""

    store: Store
    people: People
    letters: Letters
    neighbours: Neighbours
    clock: Clock
    proofs: ProofCases

    async def look(self, event_id: str, participant_id: str) -> PersonalExport:
        """All that is known of a participant, to be read by them.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
        """
        own = await self.people.own_data(event_id, participant_id)
        async with self.store.reading() as view:
            history = await view.audit_entries(AuditQuery(limit=_MOST_DEEDS, event_id=event_id, subject=participant_id))
            tickets = await view.tickets_of(event_id, participant_id)
            sold_on = await view.sold_on(event_id, [ticket.key for ticket in tickets]) if tickets else {}
            guests = await view.guests_linked_to(event_id, participant_id)
        attendance, names = await asyncio.gather(
            self.neighbours.attendance_of(event_id, participant_id),
            self.neighbours.guest_names(event_id, [link.guest_id for link in guests]),
        )
        return PersonalExport(
            own=own,
            at=self.clock(),
            subjects=self.letters.subjects(own.event, own.participant, own.letters),
            history=history[::-1],
            tickets=tickets,
            sold_on=sold_on,
            guests=guests,
            guest_names=names,
            signatures=await self.proofs.signatures.of_participant(event_id, participant_id),
            documents=await self.proofs.documents.of_participant(event_id, participant_id),
            contests=await self.proofs.contests.of_participant(event_id, participant_id),
            attendance=attendance,
        )

    async def take_along(self, event_id: str, participant_id: str) -> PersonalExport:
        """The same, written down as taken: by the person, or by an organizer who answers their request."""
        export = await self.look(event_id, participant_id)
        async with self.store.writing() as transaction:
            await transaction.note(Deed(act=Act.PERSON_EXPORTED, event_id=event_id, subject=participant_id))
        return export
