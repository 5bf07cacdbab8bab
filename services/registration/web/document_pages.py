"""The organizer's pages of documents: who issues them, certificates for everybody, and what was issued."""

from collections import Counter
from datetime import date
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field
from pydantic_core import PydanticCustomError

from services.chassis.access import require
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.paging import page_of
from services.registration.application.document_ports import DocumentQuery
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.certificates import (
    CERTIFICATES,
    BatchRunningError,
    CertificateSettings,
    Nature,
    NoCertificateError,
)
from services.registration.domain.documents import DocumentKind, IssuedDocument, spelled_code
from services.registration.domain.event import Event
from services.registration.domain.issuers import Issuer
from services.registration.web.actors import organizes_all
from services.registration.web.answers import see
from services.registration.web.bodies import Description
from services.registration.web.certificate_files import asked_code, certificate_file, certificates_zip
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.imports_api import ANSWER_WITHIN
from services.registration.web.issuer_bodies import IssuerFields, checked_picture
from services.registration.web.use_cases import use_cases

_DOCUMENTS_A_PAGE: Final = 20
_HERE: Final = "/events/{event_id}/documents"
_PICTURES: Final = ("logo", "stamp")


class IssuerForm(IssuerFields):
    """Who issues documents, how certificates are made, and which pictures go."""

    nature: Nature = Nature.TRAINING
    handed_out: list[DocumentKind] = Field(default_factory=list)
    employer_question: str | None = None
    drop_logo: bool = False
    drop_stamp: bool = False


class EverybodyForm(BaseModel):
    """Certificates for everybody."""

    kind: DocumentKind = DocumentKind.ATTENDANCE_CERTIFICATE
    language: str | None = None
    letters: bool = False


class RevokeForm(BaseModel):
    """Why a document is revoked."""

    reason: Annotated[Description, Field(min_length=3, max_length=500)]


async def show_documents(request: web.Request) -> web.StreamResponse:
    """All of an event."""
    return await _page(request, await own_event(request))


async def change_issuer(request: web.Request) -> web.StreamResponse:
    """Say who issues documents and how certificates are made, or show what is wrong."""
    event = await own_event(request)
    form, issuers = await read_form(request, IssuerForm), use_cases(request).proofs.issuers
    known = await issuers.of(event, others=organizes_all(request))
    pictures = {name: getattr(known, name) if known else None for name in _PICTURES}
    posted, texts = await request.post(), texts_of(request)
    for name in _PICTURES:
        brought = posted.get(name)
        if isinstance(brought, web.FileField) and brought.filename:
            try:
                pictures[name] = checked_picture(brought.file.read())
            except PydanticCustomError as error:
                form = form.with_error(name, texts.gettext(error.message()))
        elif form.chosen(f"drop_{name}", "true"):
            pictures[name] = None
    typed = form.model
    if typed is None:
        return await _page(request, event, issuer_form=form)
    await issuers.save(event.event_id, typed.issuer(logo=pictures["logo"], stamp=pictures["stamp"]))
    asked = {question.question_id for question in event.questions}
    settings = CertificateSettings(
        nature=typed.nature,
        handed_out=frozenset(typed.handed_out) & set(CERTIFICATES),
        employer_question=typed.employer_question if typed.employer_question in asked else None,
    )
    await issuers.change_settings(event.event_id, settings)
    return see(f"/events/{event.event_id}/documents?saved#issuer")


async def issue_to_everybody(request: web.Request) -> web.StreamResponse:
    """Issue certificates to everybody; a page shows how far it is, or how far others are that were asked for before."""
    event = await own_event(request)
    form, batches = await read_form(request, EverybodyForm), use_cases(request).proofs.batches
    typed = form.model or EverybodyForm()
    kind = typed.kind if typed.kind in CERTIFICATES else DocumentKind.ATTENDANCE_CERTIFICATE
    try:
        batch = await batches.start(event.event_id, kind, language=typed.language, letters=typed.letters)
        await batches.carry_on(event.event_id, batch.batch_id, seconds=ANSWER_WITHIN)
    except BatchRunningError:
        return see(f"/events/{event.event_id}/documents#everybody")
    except (NoCertificateError, AttendanceAwayError) as error:
        return await _page(request, event, everybody_form=form, refused=error)
    return see(f"/events/{event.event_id}/documents#everybody")


async def take_all(request: web.Request) -> web.StreamResponse:
    """All certificates of a kind in one file."""
    event = await own_event(request)
    return await certificates_zip(request, event.event_id, DocumentKind(request.match_info["kind"]))


async def show_document(request: web.Request) -> web.StreamResponse:
    """What the register knows of one."""
    event, document = await _own_document(request)
    return await _document_page(request, event, document, Form[RevokeForm].empty())


async def revoke_document(request: web.Request) -> web.StreamResponse:
    """Declare that it counts for nothing, with a reason."""
    event, document = await _own_document(request)
    form = await read_form(request, RevokeForm)
    if form.model is None:
        return await _document_page(request, event, document, form)
    await use_cases(request).proofs.documents.revoke(event.event_id, document.code, reason=form.model.reason)
    return see(f"/events/{event.event_id}/documents/{spelled_code(document.code)}")


async def take_document(request: web.Request) -> web.StreamResponse:
    """The file of a certificate, drawn again."""
    _, document = await _own_document(request)
    if document.kind not in CERTIFICATES:
        raise web.HTTPNotFound
    pdf = await use_cases(request).proofs.certificates.draw(document)
    return await certificate_file(request, document, pdf)


def add_document_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, show_documents)
    app.router.add_post(f"{_HERE}/issuer", change_issuer)
    app.router.add_post(f"{_HERE}/everybody", issue_to_everybody)
    app.router.add_get(f"{_HERE}/{{kind:attendance_certificate|completion_certificate}}.zip", take_all)
    app.router.add_get(f"{_HERE}/{{code}}.pdf", take_document)
    app.router.add_get(f"{_HERE}/{{code}}", show_document)
    app.router.add_post(f"{_HERE}/{{code}}", revoke_document)


async def own_event(request: web.Request) -> Event:
    """The event of the address, for its organizers."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _own_document(request: web.Request) -> tuple[Event, IssuedDocument]:
    event = await own_event(request)
    return event, await use_cases(request).proofs.documents.find(asked_code(request), event_id=event.event_id)


async def _page(
    request: web.Request,
    event: Event,
    *,
    issuer_form: Form[IssuerForm] | None = None,
    everybody_form: Form[EverybodyForm] | None = None,
    refused: Exception | None = None,
) -> web.Response:
    cases = use_cases(request)
    proofs, event_id = cases.proofs, event.event_id
    after = request.query.get("after")
    query = DocumentQuery(event_id=event_id, limit=_DOCUMENTS_A_PAGE + 1, before=read_cursor(after))
    found = await proofs.documents.page(query)
    kept, following = page_of(found, limit=_DOCUMENTS_A_PAGE, key=lambda each: cursor_key(each.issued_at, each.code))
    batch = await proofs.batches.last(event_id)
    # What another event says is proposed to those who may see that event, and to nobody else.
    issuer = await proofs.issuers.of(event, others=organizes_all(request))
    settings = await proofs.issuers.settings(event_id)
    return render(
        request,
        "documents.html",
        status=422 if issuer_form and issuer_form.errors else 409 if refused else 200,
        event=event,
        documents=kept,
        as_day=date.fromisoformat,
        names=await cases.registrations.names(event_id, [each.participant_id or "" for each in kept]),
        following=following,
        first=after is None,
        batch=batch,
        reasons=Counter(batch.refused.values()) if batch else {},
        issuer=issuer,
        issuer_form=issuer_form or _filled(issuer, settings),
        everybody_form=everybody_form or Form[EverybodyForm].empty(kind=DocumentKind.ATTENDANCE_CERTIFICATE.value),
        questions=[(question.question_id, question.text) for question in event.questions],
        refused=refused,
        spelled=spelled_code,
        saved="saved" in request.query,
        mail_leaves=cases.settings.smtp_server is not None,
    )


def _filled(issuer: Issuer | None, settings: CertificateSettings) -> Form[IssuerForm]:
    words = {name: (getattr(issuer, name) if issuer else None) or "" for name in IssuerFields.model_fields}
    values = {name: [text] for name, text in words.items()} | {
        "nature": [settings.nature.value],
        "handed_out": [kind.value for kind in settings.handed_out],
        "employer_question": [settings.employer_question or ""],
    }
    return Form(values=values)


async def _document_page(
    request: web.Request, event: Event, document: IssuedDocument, form: Form[RevokeForm]
) -> web.Response:
    cases, whose = use_cases(request), document.participant_id
    found = await cases.proofs.verification.standing_of(document)
    return render(
        request,
        "document.html",
        status=422 if form.errors else 200,
        event=event,
        document=document,
        standing=found.standing.value,
        because=found.because,
        name=(await cases.registrations.names(event.event_id, [whose])).get(whose) if whose else None,
        form=form,
        spelled=spelled_code,
        certificates=CERTIFICATES,
        as_day=date.fromisoformat,
    )
