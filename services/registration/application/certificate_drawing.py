"""Certificates as files: what a document is drawn from, asked of others for many at once, and the drawing."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from services.registration.application.attendance_records import AttendanceReckoning
from services.registration.application.certificate_ports import (
    Certificate,
    CertificatePrinter,
    EvidenceProofs,
    EvidenceProving,
)
from services.registration.application.ports import Participant, Reading, Store
from services.registration.domain.attendance_records import AttendanceRecord
from services.registration.domain.certificates import (
    CertificateSettings,
    NoCertificate,
    NoCertificateError,
    figures_of,
)
from services.registration.domain.documents import DocumentOutdatedError, IssuedDocument, digest_of
from services.registration.domain.errors import ParticipantNotFoundError
from services.registration.domain.event import Event
from services.registration.domain.granted_time import Grant
from services.registration.domain.issuers import KnownIssuer


class Granting(Protocol):
    """What organizers granted."""

    async def granted(
        self, event_id: str, participant_ids: Collection[str], *, as_of: datetime
    ) -> Mapping[str, Sequence[Grant]]:
        """The time that is granted to some people, as far as it was by `as_of`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What certificates of an event are issued on."""

    event: Event
    issuer: KnownIssuer
    settings: CertificateSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawable:
    """What a certificate is drawn from: the `record` is as of the document, with what was granted."""

    document: IssuedDocument
    grounds: Grounds
    participant: Participant
    record: AttendanceRecord
    evidence: EvidenceProofs


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateDrawing:
    """Draws the certificates of all events."""

    store: Store
    reckoning: AttendanceReckoning
    proving: EvidenceProving
    printer: CertificatePrinter
    granting: Granting
    verify_at: Callable[[str], str]

    async def with_granted(
        self, event_id: str, records: Sequence[AttendanceRecord], *, as_of: datetime
    ) -> Sequence[AttendanceRecord]:
        """Records with the time that was granted by an instant, without which no certificate is drawn."""
        ids = [record.participant_id for record in records]
        granted = await self.granting.granted(event_id, ids, as_of=as_of)
        return [replace(record, grants=tuple(granted.get(record.participant_id, ()))) for record in records]

    async def again(self, event_id: str, documents: Sequence[IssuedDocument]) -> Sequence[Drawable | None]:
        """What each of an event's documents is drawn from again; None of whom nothing is known any more.

        At most 200 of one instant: attendance is asked once for all of them.

        Raises:
            EventNotFoundError: if there is no such event.
            AttendanceAwayError: if nobody can say how much they attended.
        """
        async with self.store.reading() as view:
            event, settings = await view.event(event_id), await view.certificate_settings(event_id)
            issuer_ids = sorted({document.issuer_id or "" for document in documents})
            issuers = {
                issuer_id: KnownIssuer(issuer_id=issuer_id, event_id=event_id, issuer=await view.issuer(issuer_id))
                for issuer_id in issuer_ids
            }
            people = await _participants(view, event_id, {document.participant_id or "" for document in documents})
        of_instant: dict[datetime, set[str]] = {}
        for document in documents:
            if (whose := document.participant_id or "") in people:
                of_instant.setdefault(document.as_of, set()).add(whose)
        known: dict[tuple[datetime, str], tuple[AttendanceRecord, EvidenceProofs]] = {}
        for as_of, ids in of_instant.items():
            page = await self.reckoning.page(event_id, participant_ids=sorted(ids), as_of=as_of, limit=len(ids))
            proofs = await self.proving.proofs(event_id, ids, as_of=as_of)
            for record in await self.with_granted(event_id, page.people, as_of=page.schedule.as_of):
                known[as_of, record.participant_id] = record, proofs[record.participant_id]
        found: list[Drawable | None] = []
        for document in documents:
            whose = document.participant_id or ""
            if (document.as_of, whose) not in known:
                found.append(None)
                continue
            record, evidence = known[document.as_of, whose]
            grounds = Grounds(event=event, issuer=issuers[document.issuer_id or ""], settings=settings)
            found.append(
                Drawable(
                    document=document, grounds=grounds, participant=people[whose], record=record, evidence=evidence
                )
            )
        return found

    async def draw(self, drawable: Drawable) -> bytes:
        """The file.

        Raises:
            DocumentOutdatedError: if what the document says cannot be reckoned any more.
            NoCertificateError: if the person was erased, or something on it cannot be printed.
        """
        document, grounds, record = drawable.document, drawable.grounds, drawable.record
        if drawable.participant.person is None:
            raise NoCertificateError(NoCertificate.ERASED)
        same_facts = (drawable.evidence.root, drawable.evidence.facts) == (document.root, document.facts)
        if not same_facts or digest_of(figures_of(record)) != document.figures:
            raise DocumentOutdatedError(document.code)
        certificate = Certificate(
            document=document,
            event=grounds.event,
            name=drawable.participant.person.name,
            employer=await self._employer(record.participant_id, grounds.settings.employer_question),
            issuer=grounds.issuer.issuer,
            nature=grounds.settings.nature,
            record=record,
            evidence=drawable.evidence,
            verify_at=self.verify_at(document.code),
        )
        return await asyncio.to_thread(self.printer.draw, certificate)

    async def _employer(self, participant_id: str, question_id: str | None) -> str | None:
        if question_id is None:
            return None
        async with self.store.reading() as view:
            answers = (await view.answers([participant_id])).get(participant_id, ())
        said = next((answer.value for answer in answers if answer.question_id == question_id), None)
        return said if isinstance(said, str) else None


async def _participants(view: Reading, event_id: str, ids: Collection[str]) -> Mapping[str, Participant]:
    """Those of some that the event has."""
    found = {}
    for participant_id in sorted(ids):
        try:
            found[participant_id] = await view.participant(event_id, participant_id)
        except ParticipantNotFoundError:
            continue
    return found
