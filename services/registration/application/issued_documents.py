"""The register of issued documents: issue, find, revoke. Who draws them is told what to print."""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.audit import current_actor
from services.registration.application.document_ports import DocumentQuery
from services.registration.application.ports import Mint, Store, Writing
from services.registration.domain.audit import Act, Deed
from services.registration.domain.documents import (
    DocumentKind,
    DocumentNotFoundError,
    DocumentOutdatedError,
    IssuedDocument,
    Revocation,
)
from services.registration.domain.instants import after

_MOST_OF_ONE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDraft:
    """What is to be issued; see `IssuedDocument`. `figures` is their digest."""

    kind: DocumentKind
    event_id: str
    as_of: datetime
    root: str
    facts: int
    figures: str
    language: str
    participant_id: str | None = None
    part: str | None = None
    issuer_id: str | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedDocuments:
    """The documents of all events."""

    store: Store
    clock: Clock
    mint: Mint

    async def issue(
        self, draft: DocumentDraft, draw: Callable[[IssuedDocument], Awaitable[bytes]]
    ) -> tuple[IssuedDocument, bytes]:
        """Issue a document, drawn by `draw`, which gets it with its code; the one it takes the place of is replaced.

        Where the one in force says the same already, that one is drawn again and nothing is issued, unless that cannot
        be done any more. A document whose drawing fails was never issued.

        Raises:
            EventNotFoundError: if there is no such event.
            DocumentOutdatedError: if one that knows more was issued meanwhile, or others issue by now.
        """
        known = await self.same(draft)
        if known is not None:
            with suppress(DocumentOutdatedError):
                return known, await self.give_out(known, await draw(known))
        new = self.numbered(draft)
        pdf = await draw(new)
        async with self.store.writing() as transaction:
            await transaction.event(draft.event_id)
            stands = await self.enter(transaction, new, pdf, instead_of=known)
        if stands == new:
            return new, pdf
        if not stands.says_the_same_as(new):
            raise DocumentOutdatedError(new.code)
        return stands, await self.give_out(stands, await draw(stands))

    async def same(self, draft: DocumentDraft) -> IssuedDocument | None:
        """The document in force that says the same already."""
        async with self.store.reading() as view:
            known = await view.document_in_force(draft.kind, draft.event_id, draft.participant_id, draft.part)
        return known if known is not None and known.says_the_same_as(self.numbered(draft)) else None

    def numbered(self, draft: DocumentDraft) -> IssuedDocument:
        """The document, with a code, as it will be issued once it is drawn."""
        return IssuedDocument(
            code=self.mint.document_code(),
            kind=draft.kind,
            event_id=draft.event_id,
            participant_id=draft.participant_id,
            part=draft.part,
            language=draft.language,
            issuer_id=draft.issuer_id,
            as_of=draft.as_of,
            issued_at=after(None, now=self.clock()),
            issued_by=current_actor(),
            root=draft.root,
            facts=draft.facts,
            figures=draft.figures,
            provisional=draft.provisional,
        )

    async def enter(
        self, transaction: Writing, new: IssuedDocument, pdf: bytes, *, instead_of: IssuedDocument | None = None
    ) -> IssuedDocument:
        """Enter a document that was drawn; the one that it takes the place of is replaced. Gives the one in force then.

        That is another where somebody was faster: one that says the same, unless the new one is `instead_of` it, or one
        as of a later instant.

        Raises:
            DocumentOutdatedError: if others issue the event's documents by now.
        """
        issuer = await transaction.issuer_of(new.event_id)
        if new.issuer_id not in {None, None if issuer is None else issuer.issuer_id}:
            raise DocumentOutdatedError(new.code)
        before = await transaction.document_in_force(new.kind, new.event_id, new.participant_id, new.part)
        other = None if before == instead_of else before
        if other is not None and (other.as_of > new.as_of or other.says_the_same_as(new)):
            return other
        await transaction.save_document(new)
        if before is not None:
            await transaction.save_document(replace(before, replaced_by=new.code))
        await transaction.keep_file(new.code, hashlib.sha256(pdf).hexdigest(), at=new.issued_at)
        subject = new.participant_id or new.code
        await transaction.note(Deed(act=Act.DOCUMENT_ISSUED, event_id=new.event_id, subject=subject))
        return new

    async def give_out(self, document: IssuedDocument, pdf: bytes) -> bytes:
        """Keep that this file is given out as the document: drawn with newer fonts, say, it has other bytes."""
        sha256 = hashlib.sha256(pdf).hexdigest()
        async with self.store.reading() as view:
            known = await view.is_file_of(document.code, sha256)
        if not known:
            async with self.store.writing() as transaction:
                await transaction.keep_file(document.code, sha256, at=self.clock())
        return pdf

    async def find(self, code: str, *, event_id: str | None = None) -> IssuedDocument:
        """The document of a code, of this event if one is named.

        Raises:
            DocumentNotFoundError: if there is none.
        """
        async with self.store.reading() as view:
            found = await view.document(code)
        if found is None or event_id not in {None, found.event_id}:
            raise DocumentNotFoundError(code)
        return found

    async def is_genuine_file(self, code: str, sha256: str) -> bool:
        """Whether a file of this digest was given out as the document of this code."""
        async with self.store.reading() as view:
            return await view.is_file_of(code, sha256)

    async def page(self, query: DocumentQuery) -> list[IssuedDocument]:
        """Some of an event's documents, the latest first.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            await view.event(query.event_id)
            return list(await view.documents(query))

    async def of_participant(self, event_id: str, participant_id: str) -> list[IssuedDocument]:
        """Those about a participant, in the order of time."""
        query = DocumentQuery(event_id=event_id, limit=_MOST_OF_ONE, participant_id=participant_id)
        return (await self.page(query))[::-1]

    async def note_taken_along(self, event_id: str, kind: DocumentKind) -> None:
        """Put into the audit log that somebody takes all documents of a kind along: names go with them."""
        async with self.store.writing() as transaction:
            await transaction.note(Deed(act=Act.DOCUMENTS_EXPORTED, event_id=event_id, subject=kind.value))

    async def revoke(self, event_id: str, code: str, *, reason: str) -> IssuedDocument:
        """Declare that a document counts for nothing; one that is revoked stays as it is.

        Raises:
            DocumentNotFoundError: if the event has none of this code.
        """
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            found = await transaction.document(code)
            if found is None or found.event_id != event_id:
                raise DocumentNotFoundError(code)
            if found.revoked is not None:
                return found
            revoked = replace(found, revoked=Revocation(at=after(None, now=self.clock()), reason=reason))
            await transaction.save_document(revoked)
            subject = found.participant_id or code
            await transaction.note(Deed(act=Act.DOCUMENT_REVOKED, event_id=event_id, subject=subject))
        return revoked
