"""The certificates of one person: for organizers, and for the person by their link."""

from aiohttp import web
from pydantic import BaseModel

from services.chassis.access import require
from services.chassis.pages import render
from services.chassis.pages.forms import Form, read_form
from services.registration.application.document_ports import DocumentQuery
from services.registration.application.ports import Participant
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.certificates import CERTIFICATES, NoCertificateError
from services.registration.domain.documents import DocumentKind, DocumentNotFoundError, IssuedDocument, spelled_code
from services.registration.domain.event import Event
from services.registration.web.answers import see
from services.registration.web.certificate_files import asked_code, certificate_file
from services.registration.web.document_pages import own_event
from services.registration.web.personal_pages import own_registration
from services.registration.web.use_cases import use_cases

_FOR_ORGANIZERS = "/events/{event_id}/registrations/{participant_id}/certificates"
_FOR_ONESELF = "/e/{event_id}/confirmation/{token}/certificates"
_MOST = 100


class IssueForm(BaseModel):
    """Which certificate, in which language; without one, in the person's own."""

    kind: DocumentKind = DocumentKind.ATTENDANCE_CERTIFICATE
    language: str | None = None


async def show_certificates(request: web.Request) -> web.StreamResponse:
    """Those of somebody, and a form for another one."""
    return await _page(request, *await _of_organizer(request))


async def issue_certificate(request: web.Request) -> web.StreamResponse:
    """Issue one, or show why there is none."""
    return await _issue(request, *await _of_organizer(request))


async def show_own_certificates(request: web.Request) -> web.StreamResponse:
    """One's own, and those that one may have."""
    return await _page(request, *await own_registration(request), by_themselves=True)


async def issue_own_certificate(request: web.Request) -> web.StreamResponse:
    """Issue one's own, or show why there is none."""
    return await _issue(request, *await own_registration(request), by_themselves=True)


async def take_own_certificate(request: web.Request) -> web.StreamResponse:
    """The file of one's own certificate."""
    event, participant = await own_registration(request)
    proofs = use_cases(request).proofs
    document = await proofs.documents.find(asked_code(request), event_id=event.event_id)
    if document.participant_id != participant.registration.participant_id:
        raise DocumentNotFoundError(document.code)
    return await certificate_file(request, document, await proofs.certificates.draw(document))


def add_certificate_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_FOR_ORGANIZERS, show_certificates)
    app.router.add_post(_FOR_ORGANIZERS, issue_certificate)
    app.router.add_get(_FOR_ONESELF, show_own_certificates)
    app.router.add_post(_FOR_ONESELF, issue_own_certificate)
    app.router.add_get(f"{_FOR_ONESELF}/{{code}}.pdf", take_own_certificate)


async def _of_organizer(request: web.Request) -> tuple[Event, Participant]:
    event = await own_event(request)
    require(request, event_id=event.event_id)
    return event, await use_cases(request).registrations.find(event.event_id, request.match_info["participant_id"])


async def _issue(
    request: web.Request, event: Event, participant: Participant, *, by_themselves: bool = False
) -> web.StreamResponse:
    form = await read_form(request, IssueForm)
    typed = form.model or IssueForm()
    kind = typed.kind if typed.kind in CERTIFICATES else DocumentKind.ATTENDANCE_CERTIFICATE
    try:
        document, _ = await use_cases(request).proofs.certificates.issue(
            event.event_id,
            participant.registration.participant_id,
            kind,
            language=typed.language,
            by_themselves=by_themselves,
        )
    except (NoCertificateError, AttendanceAwayError) as error:
        return await _page(request, event, participant, form=form, refused=error, by_themselves=by_themselves)
    return see(f"{request.path}?issued={spelled_code(document.code)}")


async def _page(
    request: web.Request,
    event: Event,
    participant: Participant,
    *,
    form: Form[IssueForm] | None = None,
    refused: Exception | None = None,
    by_themselves: bool = False,
) -> web.Response:
    proofs, whose = use_cases(request).proofs, participant.registration.participant_id
    handed_out = (await proofs.issuers.settings(event.event_id)).handed_out
    query = DocumentQuery(event_id=event.event_id, limit=_MOST, participant_id=whose)
    documents = await proofs.documents.page(query)
    offered = [kind for kind in CERTIFICATES if not by_themselves or kind in handed_out]
    return render(
        request,
        "certificates.html",
        status=409 if refused else 200,
        event=event,
        participant=participant,
        documents=[each for each in documents if _is_shown(each, by_themselves=by_themselves)],
        offered=offered if participant.person else [],
        form=form or Form[IssueForm].empty(kind=CERTIFICATES[0].value),
        refused=refused,
        by_themselves=by_themselves,
        issued=request.query.get("issued"),
        here=request.path,
        spelled=spelled_code,
    )


def _is_shown(document: IssuedDocument, *, by_themselves: bool) -> bool:
    return document.in_force or not by_themselves
