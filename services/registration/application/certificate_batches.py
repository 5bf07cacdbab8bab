"""Certificates for everybody at an event: asked for once, issued step by step, carried on after a restart."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.audit import acting, current_actor
from services.registration.application.certificate_drawing import Drawable, Grounds
from services.registration.application.certificate_ports import EvidenceProofs
from services.registration.application.certificates import DRAWN_AT_ONCE, Certificates
from services.registration.application.ports import Mint, Participant, Store
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.attendance_records import AttendanceRecord, AttendanceRecords
from services.registration.domain.certificates import (
    Batch,
    BatchRunningError,
    BatchState,
    NoCertificate,
    NoCertificateError,
)
from services.registration.domain.documents import DocumentKind, DocumentOutdatedError, IssuedDocument
from services.registration.domain.errors import ParticipantNotFoundError
from services.registration.domain.letters import Letter, LetterKind

_AT_A_TIME: Final = 25
"""Certificates in a transaction; a crash draws no more of them again."""
_SETTLES_IN_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drafted:
    """What is to become of one person: a `new` document that is to be drawn, or none, as one in force says the same."""

    record: AttendanceRecord
    participant: Participant | None = None
    new: IssuedDocument | None = None
    refused: NoCertificate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """What became of one person: a document that was drawn just now, or one that was in force, or none."""

    participant_id: str
    new: IssuedDocument | None = None
    pdf: bytes = b""
    refused: NoCertificate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateBatches:
    """Those of all events."""

    store: Store
    clock: Clock
    mint: Mint
    certificates: Certificates

    async def start(self, event_id: str, kind: DocumentKind, *, language: str | None, letters: bool) -> Batch:
        """Ask for certificates for all; if just these are being issued already, it is those.

        Raises:
            BatchRunningError: while others are being issued.
            EventNotFoundError: if there is no such event.
            NoCertificateError: if nobody at the event gets one.
            AttendanceAwayError: if nobody can say who attended.
        """
        await self.certificates.grounds(event_id, kind)
        first = await self.certificates.reckoning.page(event_id, limit=1)
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            last = await transaction.last_batch(event_id)
            batch = Batch(
                batch_id=self.mint.part_id("bat"),
                event_id=event_id,
                actor=current_actor(),
                kind=kind,
                language=self.certificates.drawing.printer.language_of(language) if language else None,
                letters=letters,
                started_at=self.clock(),
                as_of=first.schedule.as_of,
                total=await transaction.people_at(event_id),
            )
            if last is not None and last.state is BatchState.RUNNING:
                if (last.kind, last.language, last.letters) != (batch.kind, batch.language, batch.letters):
                    raise BatchRunningError
                return last
            await transaction.save_batch(batch)
        return batch

    async def find(self, event_id: str, batch_id: str) -> Batch:
        """One of an event.

        Raises:
            BatchNotFoundError: if there is none of this id.
        """
        async with self.store.reading() as view:
            return await view.batch(event_id, batch_id)

    async def last(self, event_id: str) -> Batch | None:
        """Those of an event that were asked for last."""
        async with self.store.reading() as view:
            return await view.last_batch(event_id)

    async def carry_on(self, event_id: str, batch_id: str, *, seconds: float | None = None) -> Batch:
        """Issue them, for so long at most if told; gives how they stand then.

        Each step is committed with how far it went: whoever goes on after a crash repeats none.

        Raises:
            AttendanceAwayError: if nobody can say who attended; it is carried on later.
        """
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        while True:
            batch = await self.find(event_id, batch_id)
            if batch.state is BatchState.DONE or (until is not None and loop.time() >= until):
                return batch
            with acting(batch.actor):
                await self._step(batch)

    async def carry_on_all(self) -> None:
        """Issue what was asked for; while attendance is away, that waits."""
        async with self.store.reading() as view:
            running = await view.running_batches()
        for event_id, batch_id in running:
            with suppress(AttendanceAwayError):
                await self.carry_on(event_id, batch_id)

    async def _step(self, batch: Batch) -> None:
        try:
            grounds = await self.certificates.grounds(batch.event_id, batch.kind)
        except NoCertificateError:
            # The event was opened again, say: what was issued stays, and the rest can be asked for anew.
            await self._enter(batch, [], more=False)
            return
        page = await self.certificates.reckoning.page(
            batch.event_id, as_of=batch.as_of, after=batch.done_up_to, limit=_AT_A_TIME
        )
        drawing, as_of = self.certificates.drawing, page.schedule.as_of
        people = await drawing.with_granted(batch.event_id, page.people, as_of=as_of)
        drafted = [await self._drafted(batch, grounds, page, record) for record in people]
        new = [each.record.participant_id for each in drafted if each.new is not None]
        proofs = await drawing.proving.proofs(batch.event_id, new, as_of=as_of) if new else {}
        drawn: list[_Drawn] = []
        try:
            for start in range(0, len(drafted), DRAWN_AT_ONCE):
                some = drafted[start : start + DRAWN_AT_ONCE]
                drawn += await asyncio.gather(*(self._drawn(grounds, each, proofs) for each in some))
            await self._enter(batch, drawn, more=page.next is not None)
        except DocumentOutdatedError:
            # A fact of before `as_of` came between the page and its proofs, or somebody changed the issuer: again.
            await asyncio.sleep(_SETTLES_IN_SECONDS)

    async def _drafted(
        self, batch: Batch, grounds: Grounds, page: AttendanceRecords, record: AttendanceRecord
    ) -> _Drafted:
        certificates = self.certificates
        try:
            async with self.store.reading() as view:
                participant = await view.participant(batch.event_id, record.participant_id)
            draft = await certificates.drafted(
                grounds, participant, page, record, kind=batch.kind, language=batch.language
            )
        except ParticipantNotFoundError:
            return _Drafted(record=record, refused=NoCertificate.ERASED)
        except NoCertificateError as error:
            return _Drafted(record=record, refused=error.why)
        in_force = await certificates.register.same(draft)
        new = certificates.register.numbered(draft) if in_force is None else None
        return _Drafted(record=record, participant=participant, new=new)

    async def _drawn(self, grounds: Grounds, drafted: _Drafted, proofs: Mapping[str, EvidenceProofs]) -> _Drawn:
        whose = drafted.record.participant_id
        if drafted.new is None or drafted.participant is None:
            return _Drawn(participant_id=whose, refused=drafted.refused)
        drawable = Drawable(
            document=drafted.new,
            grounds=grounds,
            participant=drafted.participant,
            record=drafted.record,
            evidence=proofs[whose],
        )
        try:
            pdf = await self.certificates.drawing.draw(drawable)
        except NoCertificateError as error:
            return _Drawn(participant_id=whose, refused=error.why)
        return _Drawn(participant_id=whose, new=drafted.new, pdf=pdf)

    async def _enter(self, batch: Batch, drawn: Sequence[_Drawn], *, more: bool) -> None:
        async with self.store.writing() as transaction:
            await transaction.event(batch.event_id)
            stands = await transaction.batch(batch.event_id, batch.batch_id)
            if stands.done_up_to != batch.done_up_to or stands.state is BatchState.DONE:
                return  # another process was faster
            for each in drawn:
                if each.new is not None:
                    in_force = await self.certificates.register.enter(transaction, each.new, each.pdf)
                    if batch.letters and in_force == each.new:
                        await transaction.send([_letter(each.new)])
            refused = {each.participant_id: each.refused for each in drawn if each.refused is not None}
            await transaction.save_batch(
                replace(
                    stands,
                    state=BatchState.RUNNING if more else BatchState.DONE,
                    done_up_to=drawn[-1].participant_id if drawn else stands.done_up_to,
                    issued=stands.issued + len(drawn) - len(refused),
                    refused={**stands.refused, **refused},
                )
            )


def _letter(document: IssuedDocument) -> Letter:
    return Letter(
        kind=LetterKind.DOCUMENT_ISSUED,
        event_id=document.event_id,
        participant_id=document.participant_id or "",
        about={"code": document.code, "kind": document.kind.value},
    )
