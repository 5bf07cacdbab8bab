"""The register of issued documents."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.registration.adapters.mint import RandomMint
from services.registration.application.audit import AuditQuery
from services.registration.application.document_ports import DocumentQuery
from services.registration.application.issued_documents import DocumentDraft, IssuedDocuments
from services.registration.domain.documents import (
    DocumentKind,
    DocumentNotFoundError,
    DocumentOutdatedError,
    IssuedDocument,
    digest_of,
    read_document_code,
    spelled_code,
)
from services.registration.domain.issuers import Issuer
from tests.databases import ON_BOTH, NewDatabase
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration


async def draw(document: IssuedDocument) -> bytes:
    return f"%PDF {document.code} {document.as_of}".encode()


async def fail(document: IssuedDocument) -> bytes:
    raise InterruptedError


def a_draft(event_id: str, participant_id: str | None, *, seconds: int = 3600) -> DocumentDraft:
    return DocumentDraft(
        kind=DocumentKind.ATTENDANCE_CERTIFICATE,
        event_id=event_id,
        participant_id=participant_id,
        as_of=START,
        root="ab" * 32,
        facts=2,
        figures=digest_of({"whole": {"total": seconds}}),
        language="fr",
    )


def file_digest(pdf: bytes) -> str:
    return hashlib.sha256(pdf).hexdigest()


def register_of(service: RunningRegistration, clock: MovedClock) -> IssuedDocuments:
    return IssuedDocuments(store=service.parts.use_cases.events.store, clock=clock, mint=RandomMint())


@ON_BOTH
async def test_what_says_the_same_is_issued_once_and_what_says_more_replaces_it(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock, database=await new_database()) as service:
        event_id = await service.event()
        whose = (await service.register(event_id))["participant_id"]
        register = register_of(service, clock)
        first, pdf = await register.issue(a_draft(event_id, whose), draw)
        assert read_document_code(spelled_code(first.code).lower().replace("-", " ")) == first.code
        clock.now += timedelta(hours=1)
        again = replace(a_draft(event_id, whose), as_of=clock.now, root="cd" * 32, facts=3)
        assert await register.issue(again, draw) == (first, pdf)
        other, _ = await register.issue(a_draft(event_id, None), draw)
        with pytest.raises(InterruptedError):
            await register.issue(a_draft(event_id, whose, seconds=7200), fail)
        second, newer = await register.issue(a_draft(event_id, whose, seconds=7200), draw)
        assert (await register.find(first.code)).replaced_by == second.code
        assert (await register.find(second.code, event_id=event_id)).in_force
        assert await register.page(DocumentQuery(event_id=event_id, limit=2)) in ([other, second], [second, other])
        in_force = DocumentQuery(event_id=event_id, limit=9, participant_id=whose, only_in_force=True)
        assert await register.page(in_force) == [second]

        digest = file_digest(newer)
        assert await register.is_genuine_file(second.code, digest)
        assert not await register.is_genuine_file(first.code, digest)
        await register.give_out(second, b"%PDF drawn otherwise")
        assert await register.is_genuine_file(second.code, file_digest(b"%PDF drawn otherwise"))

        revoked = await register.revoke(event_id, second.code, reason="Wrong person")
        assert revoked.revoked is not None
        assert await register.revoke(event_id, second.code, reason="Again") == revoked
        assert await register.find(second.code) == revoked
        third, _ = await register.issue(a_draft(event_id, whose, seconds=7200), draw)
        assert third.code != second.code
        with pytest.raises(DocumentNotFoundError):
            await register.find(third.code, event_id="evt_other")
        log = await service.parts.use_cases.access.audit.page(AuditQuery(limit=9, event_id=event_id))
        acts = [entry.deed.act for entry in log if entry.deed.act.startswith("document.")]
        assert acts == ["document.issued", "document.revoked", *["document.issued"] * 3]


@ON_BOTH
async def test_of_those_that_are_issued_at_once_one_is_in_force_and_none_knows_less_than_the_one_it_replaces(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock, database=await new_database()) as service:
        event_id = await service.event()
        whose = (await service.register(event_id))["participant_id"]
        register, draft = register_of(service, clock), a_draft(event_id, whose)

        async def slowly(document: IssuedDocument) -> bytes:
            """While it is drawn, the same is asked for and issued once more."""
            await register.issue(draft, draw)
            return await draw(document)

        first, pdf = await register.issue(draft, slowly)
        everything = DocumentQuery(event_id=event_id, limit=9)
        assert await register.page(everything) == [first]
        assert await register.is_genuine_file(first.code, file_digest(pdf))

        older = replace(a_draft(event_id, whose, seconds=60), as_of=START - timedelta(hours=1))
        with pytest.raises(DocumentOutdatedError):
            await register.issue(older, draw)
        async with register.store.writing() as transaction:
            await transaction.event(event_id)
            assert await register.enter(transaction, register.numbered(older), b"%PDF") == first
        assert await register.page(everything) == [first]


@ON_BOTH
async def test_a_document_in_the_name_of_who_issues_no_more_is_not_issued(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock, database=await new_database()) as service:
        event_id = await service.event()
        register, issuers = register_of(service, clock), service.parts.use_cases.proofs.issuers
        before = await issuers.save(event_id, Issuer(name="Association"))

        async def slowly(document: IssuedDocument) -> bytes:
            """While it is drawn, the organizer corrects the name."""
            await issuers.save(event_id, Issuer(name="Association Passerelles"))
            return await draw(document)

        draft = replace(a_draft(event_id, None), issuer_id=before.issuer_id)
        with pytest.raises(DocumentOutdatedError):
            await register.issue(draft, slowly)
        assert await register.page(DocumentQuery(event_id=event_id, limit=9)) == []
