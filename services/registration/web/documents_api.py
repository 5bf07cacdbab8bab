"""The API of issued documents: who issues them, certificates of one and of all, the register."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from schemas.envelope import Identifier
from services.chassis.http import read_json, read_query
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, page_of
from services.registration.application.document_ports import DocumentQuery
from services.registration.domain.certificates import CERTIFICATES, BatchState
from services.registration.domain.documents import DocumentKind, IssuedDocument
from services.registration.domain.errors import InvalidValueError, Rule
from services.registration.web.answers import answer
from services.registration.web.bodies import Body, Language
from services.registration.web.certificate_files import (
    PDF_TYPE,
    ZIP_TYPE,
    asked_code,
    certificate_file,
    certificates_zip,
)
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.document_views import BatchView, DocumentView
from services.registration.web.imports_api import ANSWER_WITHIN
from services.registration.web.issuer_bodies import CertificateSettingsBody, IssuerBody, IssuerView, Reason
from services.registration.web.use_cases import use_cases

api = Api(tag="issued documents")
_EVENT: Final = "/api/v1/events/{event_id}"
_DOCUMENT: Final = f"{_EVENT}/documents/{{code}}"


class CertificateBody(Body):
    """Which certificate; in the person's own language if none is given."""

    kind: DocumentKind = DocumentKind.ATTENDANCE_CERTIFICATE
    language: Language | None = None


class CertificatesBody(CertificateBody):
    """The same for everybody; with `letters`, each is told by letter where to find theirs."""

    letters: bool = False


class DocumentsQuery(PageQuery):
    """Which documents."""

    kind: DocumentKind | None = None
    participant_id: Identifier | None = None
    in_force: Annotated[bool, Field(description="Only what is neither replaced nor revoked.")] = False


class RevokeBody(Body):
    """Why a document is revoked; told to whoever asks for it, so that it must name nobody."""

    reason: Reason


class ZipQuery(Body):
    """Which certificates."""

    kind: DocumentKind = DocumentKind.ATTENDANCE_CERTIFICATE


@api.route("GET", f"{_EVENT}/issuer", summary="Who issues documents", roles=[], answers={200: IssuerView})
async def read_issuer(request: web.Request) -> web.Response:
    """As it was said for this event, else who answers for its personal data."""
    cases = use_cases(request)
    event = await cases.events.find(request.match_info["event_id"])
    return answer(IssuerView.of(await cases.proofs.issuers.of(event, others=False)))


@api.route(
    "PUT", f"{_EVENT}/issuer", summary="Say who issues documents", roles=[], body=IssuerBody, answers={200: IssuerView}
)
async def change_issuer(request: web.Request) -> web.Response:
    """What was issued before stays as it was."""
    body = await read_json(request, IssuerBody)
    issuer = body.issuer(logo=body.logo, stamp=body.stamp)
    saved = await use_cases(request).proofs.issuers.save(request.match_info["event_id"], issuer)
    return answer(IssuerView.of(saved.issuer))


@api.route(
    "GET",
    f"{_EVENT}/certificates/settings",
    summary="How certificates are made",
    roles=[],
    answers={200: CertificateSettingsBody},
)
async def read_settings(request: web.Request) -> web.Response:
    """Those of a new event are the defaults."""
    event = await use_cases(request).events.find(request.match_info["event_id"])
    return answer(CertificateSettingsBody.of(await use_cases(request).proofs.issuers.settings(event.event_id)))


@api.route(
    "PUT",
    f"{_EVENT}/certificates/settings",
    summary="Say how certificates are made",
    roles=[],
    body=CertificateSettingsBody,
    answers={200: CertificateSettingsBody},
)
async def change_settings(request: web.Request) -> web.Response:
    """The nature of the training, which kinds people get by themselves, and which answer names their employer."""
    body, event_id = await read_json(request, CertificateSettingsBody), request.match_info["event_id"]
    await use_cases(request).proofs.issuers.change_settings(event_id, body.settings())
    return answer(body)


@api.route(
    "POST",
    f"{_EVENT}/registrations/{{participant_id}}/certificates",
    summary="Issue a certificate",
    roles=[],
    body=CertificateBody,
    answers={201: DocumentView},
    problems=[409, 503],
)
async def issue_certificate(request: web.Request) -> web.Response:
    """Where the one in force says the same already, it is that one. 409 tells the `reason` why there is none."""
    body, where = await read_json(request, CertificateBody), request.match_info
    _require_certificate(body.kind)
    document, _ = await use_cases(request).proofs.certificates.issue(
        where["event_id"], where["participant_id"], body.kind, language=body.language
    )
    location = f"/api/v1/events/{document.event_id}/documents/{document.code}"
    return answer(_view(request, document), status=201, location=location)


@api.route(
    "POST",
    f"{_EVENT}/certificates",
    summary="Issue certificates to everybody",
    roles=[],
    body=CertificatesBody,
    answers={201: BatchView, 202: BatchView},
    problems=[409, 503],
)
async def issue_certificates(request: web.Request) -> web.Response:
    """201 when it is done, 202 while it goes on, asked again too; 409 while others are being issued."""
    body, batches = await read_json(request, CertificatesBody), use_cases(request).proofs.batches
    _require_certificate(body.kind)
    event_id = request.match_info["event_id"]
    batch = await batches.start(event_id, body.kind, language=body.language, letters=body.letters)
    batch = await batches.carry_on(event_id, batch.batch_id, seconds=ANSWER_WITHIN)
    status = 201 if batch.state is BatchState.DONE else 202
    return answer(BatchView.of(batch), status=status, location=f"{request.path}/{batch.batch_id}")


@api.route(
    "GET",
    f"{_EVENT}/certificates/{{batch_id}}",
    summary="See how far certificates for everybody are",
    roles=[],
    answers={200: BatchView},
)
async def read_batch(request: web.Request) -> web.Response:
    """How many have theirs, and why others have none."""
    where = request.match_info
    return answer(BatchView.of(await use_cases(request).proofs.batches.find(where["event_id"], where["batch_id"])))


@api.route(
    "GET",
    f"{_EVENT}/certificates.zip",
    summary="Take all certificates along",
    roles=[],
    query=ZipQuery,
    answers={200: ZIP_TYPE},
    problems=[503],
)
async def take_all(request: web.Request) -> web.StreamResponse:
    """Those of a kind that are in force, as PDF; `left-out.txt` names what cannot be drawn again as it was issued."""
    query = read_query(request, ZipQuery)
    _require_certificate(query.kind)
    return await certificates_zip(request, request.match_info["event_id"], query.kind)


@api.route(
    "GET",
    f"{_EVENT}/documents",
    summary="List issued documents",
    roles=[],
    query=DocumentsQuery,
    answers={200: Page[DocumentView]},
)
async def list_documents(request: web.Request) -> web.Response:
    """The latest first."""
    query = read_query(request, DocumentsQuery)
    found = await use_cases(request).proofs.documents.page(
        DocumentQuery(
            event_id=request.match_info["event_id"],
            limit=query.limit + 1,
            before=read_cursor(query.after),
            participant_id=query.participant_id,
            kind=query.kind,
            only_in_force=query.in_force,
        )
    )
    kept, following = page_of(found, limit=query.limit, key=lambda each: cursor_key(each.issued_at, each.code))
    return answer(Page[DocumentView](items=[_view(request, each) for each in kept], next=following))


@api.route(
    "GET",
    f"{_DOCUMENT}.pdf",
    summary="Take a certificate along",
    roles=[],
    answers={200: PDF_TYPE},
    problems=[409, 503],
)
async def take_document(request: web.Request) -> web.Response:
    """Drawn again as it was issued. An attendance sheet is taken along where the sheets are."""
    proofs, event_id = use_cases(request).proofs, request.match_info["event_id"]
    document = await proofs.documents.find(asked_code(request), event_id=event_id)
    _require_certificate(document.kind)
    return await certificate_file(request, document, await proofs.certificates.draw(document))


@api.route("GET", _DOCUMENT, summary="Read an issued document", roles=[], answers={200: DocumentView})
async def read_document(request: web.Request) -> web.Response:
    """What the register knows of it."""
    event_id = request.match_info["event_id"]
    return answer(
        _view(request, await use_cases(request).proofs.documents.find(asked_code(request), event_id=event_id))
    )


@api.route(
    "POST",
    f"{_DOCUMENT}/revoke",
    summary="Revoke a document",
    roles=[],
    body=RevokeBody,
    answers={200: DocumentView},
)
async def revoke_document(request: web.Request) -> web.Response:
    """It counts for nothing from now on; one that is revoked stays as it is."""
    body, event_id = await read_json(request, RevokeBody), request.match_info["event_id"]
    documents = use_cases(request).proofs.documents
    return answer(_view(request, await documents.revoke(event_id, asked_code(request), reason=body.reason)))


def _view(request: web.Request, document: IssuedDocument) -> DocumentView:
    return DocumentView.of(document, use_cases(request).settings.public_url)


def _require_certificate(kind: DocumentKind) -> None:
    if kind not in CERTIFICATES:
        raise InvalidValueError(pointer="/kind", rule=Rule.CERTIFICATE)
