"""Use cases about certificates: whether somebody gets one, issue it, and draw it again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from services.registration.application.attendance_records import AttendanceReckoning, record_of
from services.registration.application.certificate_drawing import CertificateDrawing, Drawable, Grounds
from services.registration.application.issued_documents import DocumentDraft, IssuedDocuments
from services.registration.application.issuers import Issuers
from services.registration.application.ports import Participant, Store
from services.registration.domain.attendance_records import AttendanceRecord, AttendanceRecords
from services.registration.domain.certificates import (
    NoCertificate,
    NoCertificateError,
    figures_of,
)
from services.registration.domain.documents import (
    DocumentKind,
    DocumentOutdatedError,
    DocumentRevokedError,
    FiguresUnknownError,
    IssuedDocument,
    digest_of,
)
from services.registration.domain.event import EventStatus
from services.registration.domain.issuers import Issuer

DRAWN_AT_ONCE: Final = 4
"""In threads, beside which this process answers others."""

Judge: TypeAlias = Callable[[str, AttendanceRecord], Awaitable[bool]]
"""Whether the rules of an event grant somebody their certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """The certificates of all events."""

    store: Store
    register: IssuedDocuments
    issuers: Issuers
    reckoning: AttendanceReckoning
    judge: Judge
    drawing: CertificateDrawing

    async def issue(
        self,
        event_id: str,
        participant_id: str,
        kind: DocumentKind,
        *,
        language: str | None = None,
        by_themselves: bool = False,
    ) -> tuple[IssuedDocument, bytes]:
        """Issue a certificate, in their own language unless another is given; the one in force, if that says the same.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
            NoCertificateError: if they get none.
            AttendanceAwayError: if nobody can say how much they attended.
        """
        grounds = await self.grounds(event_id, kind)
        if by_themselves:
            await self._require_handed_out(grounds, participant_id, kind)
        async with self.store.reading() as view:
            participant = await view.participant(event_id, participant_id)
        page, record = await self._record(event_id, participant_id)
        draft = await self.drafted(grounds, participant, page, record, kind=kind, language=language)
        return await self.register.issue(draft, self.redraw)

    async def _require_handed_out(self, grounds: Grounds, participant_id: str, kind: DocumentKind) -> None:
        if kind not in grounds.settings.handed_out:
            raise NoCertificateError(NoCertificate.NOT_HANDED_OUT)
        documents = await self.register.of_participant(grounds.event.event_id, participant_id)
        of_kind = [document for document in documents if document.kind is kind]
        if any(each.revoked for each in of_kind) and not any(each.in_force for each in of_kind):
            raise NoCertificateError(NoCertificate.REVOKED)

    async def grounds(self, event_id: str, kind: DocumentKind) -> Grounds:
        """What certificates of an event are issued on.

        Raises:
            EventNotFoundError: if there is no such event.
            NoCertificateError: if it has none, or its issuer is not known well enough.
        """
        async with self.store.reading() as view:
            event, settings = await view.event(event_id), await view.certificate_settings(event_id)
        if event.status is EventStatus.CANCELLED:
            raise NoCertificateError(NoCertificate.EVENT_CANCELLED)
        if kind is DocumentKind.COMPLETION_CERTIFICATE and event.status is not EventStatus.CLOSED:
            raise NoCertificateError(NoCertificate.EVENT_OPEN)
        issuer = await self.issuers.settle(event)
        if missing := missing_of(issuer.issuer, kind):
            raise NoCertificateError(NoCertificate.ISSUER_INCOMPLETE, missing=missing)
        return Grounds(event=event, issuer=issuer, settings=settings)

    async def drafted(
        self,
        grounds: Grounds,
        participant: Participant,
        page: AttendanceRecords,
        record: AttendanceRecord | None,
        *,
        kind: DocumentKind,
        language: str | None,
    ) -> DocumentDraft:
        """The certificate of somebody, whose attendance is known, with what was granted.

        Raises:
            NoCertificateError: if they get none.
        """
        if participant.person is None:
            raise NoCertificateError(NoCertificate.ERASED)
        if record is None or not (record.whole.total or record.grants):
            raise NoCertificateError(NoCertificate.NOT_SEEN)
        if kind is DocumentKind.COMPLETION_CERTIFICATE and record.schedule.open:
            raise NoCertificateError(NoCertificate.EVENT_OPEN)
        if not await self.judge(grounds.event.event_id, record):
            raise NoCertificateError(NoCertificate.NOT_ELIGIBLE)
        return DocumentDraft(
            kind=kind,
            event_id=grounds.event.event_id,
            participant_id=record.participant_id,
            as_of=page.schedule.as_of,
            root=page.evidence.root,
            facts=page.evidence.facts,
            figures=digest_of(figures_of(record)),
            language=self.drawing.printer.language_of(language or participant.person.language),
            issuer_id=grounds.issuer.issuer_id,
            provisional=record.schedule.open,
        )

    async def draw(self, document: IssuedDocument) -> bytes:
        """Draw a certificate again, as it was issued, and keep that this file is given out.

        Raises:
            DocumentRevokedError: if it was revoked.
            DocumentOutdatedError: if what it says cannot be reckoned any more.
            NoCertificateError: if the person was erased.
            AttendanceAwayError: if nobody can say how much they attended.
        """
        if document.revoked is not None:
            raise DocumentRevokedError(document.code)
        return await self.register.give_out(document, await self.redraw(document))

    async def redraw(self, document: IssuedDocument) -> bytes:
        """The file of a certificate, as it was issued. Raises as `draw`."""
        (drawable,) = await self.drawing.again(document.event_id, [document])
        if drawable is None:
            raise DocumentOutdatedError(document.code)
        return await self.drawing.draw(drawable)

    async def draw_each(self, event_id: str, documents: Sequence[IssuedDocument]) -> Sequence[bytes | None]:
        """Draw some of an event's certificates as `draw` does, at most 200; None of what cannot be drawn any more.

        Raises:
            EventNotFoundError: if there is no such event.
            AttendanceAwayError: if nobody can say how much they attended.
        """

        async def file(drawable: Drawable | None) -> bytes | None:
            try:
                if drawable is not None:
                    return await self.register.give_out(drawable.document, await self.drawing.draw(drawable))
            except (DocumentOutdatedError, NoCertificateError):
                pass
            return None

        drawables = await self.drawing.again(event_id, documents)
        files: list[bytes | None] = []
        for start in range(0, len(drawables), DRAWN_AT_ONCE):
            files += await asyncio.gather(*map(file, drawables[start : start + DRAWN_AT_ONCE]))
        return files

    async def figures_today(self, document: IssuedDocument) -> str | None:
        """The digest of what would be printed if the document were issued now; None if it would not be.

        Raises:
            AttendanceAwayError: if nobody can say.
            FiguresUnknownError: if they are others, and the person was erased, with what was granted to them.
        """
        _, record = await self._record(document.event_id, document.participant_id or "")
        today = None if record is None else digest_of(figures_of(record))
        if today != document.figures:
            async with self.store.reading() as view:
                if await view.erasure(document.participant_id or "") is not None:
                    raise FiguresUnknownError
        return today

    async def _record(
        self, event_id: str, participant_id: str, *, as_of: datetime | None = None
    ) -> tuple[AttendanceRecords, AttendanceRecord | None]:
        page, record = await record_of(self.reckoning, event_id, participant_id, as_of=as_of)
        if record is None:
            return page, None
        (whole,) = await self.drawing.with_granted(event_id, [record], as_of=page.schedule.as_of)
        return page, whole


def missing_of(issuer: Issuer, kind: DocumentKind) -> list[str]:
    """What a document of this kind must name of its issuer, and is not known."""
    if kind is not DocumentKind.COMPLETION_CERTIFICATE:
        return []
    needed = {
        "address": issuer.address,
        "activity_number": issuer.activity_number,
        "place": issuer.place,
        "signatory": issuer.signatory,
    }
    return [name for name, value in needed.items() if not value]
