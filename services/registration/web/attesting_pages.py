"""From the personal link: who takes part remotely attests it for each half-day, where the event asks for that."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.registration.application.ports import Participant
from services.registration.application.signatures import may_attest
from services.registration.domain.event import Event
from services.registration.domain.signatures import SignatureRefusedError
from services.registration.web.answers import see
from services.registration.web.bodies import PersonName
from services.registration.web.personal_pages import own_registration
from services.registration.web.signature_pages import TROUBLES, with_word_missing
from services.registration.web.use_cases import use_cases

_HERE: Final = "/e/{event_id}/confirmation/{token}/sign"


class AttestForm(BaseModel):
    """The half-day, and the word of who took part in it."""

    half_day: Annotated[str, Field(max_length=40)]
    typed: PersonName | None = None
    present: bool = False


async def show(request: web.Request) -> web.StreamResponse:
    """The half-days that have begun, attested or not."""
    event, participant = await own_registration(request)
    return await _page(request, event, participant, Form.empty())


async def attest(request: web.Request) -> web.StreamResponse:
    """Take the word of who took part, or show what is wrong."""
    event, participant = await own_registration(request)
    form: Form[AttestForm] = await read_form(request, AttestForm)
    said = form.model
    if said is not None:
        form = with_word_missing(form, request, typed=said.typed, present=said.present)
    if said is None or form.errors:
        return await _page(request, event, participant, form)
    whose = participant.registration.participant_id
    try:
        await use_cases(request).proofs.signatures.sign(
            event.event_id, whose, said.half_day, typed=said.typed, from_afar=True
        )
    except SignatureRefusedError as error:
        refused = form.with_error("half_day", texts_of(request).gettext(TROUBLES[error.trouble]))
        return await _page(request, event, participant, refused)
    return see(f"{request.path}?signed")


def add_attesting_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, show)
    app.router.add_post(_HERE, attest)


async def _page(
    request: web.Request, event: Event, participant: Participant, form: Form[AttestForm]
) -> web.StreamResponse:
    signatures = use_cases(request).proofs.signatures
    whose = participant.registration.participant_id
    signing = await signatures.signing(event.event_id, any_day=True)
    begun = [half for half in signing.open_for if half.starts_at <= signing.now]
    return render(
        request,
        "attesting.html",
        status=422 if form.errors else 200,
        event=event,
        participant=participant,
        form=form,
        allowed=may_attest(signing.settings, participant),
        halves=begun,
        signed={each.half_day_id: each for each in await signatures.of_participant(event.event_id, whose)},
        here=request.path.removesuffix("/sign"),
        kept="signed" in request.query,
    )
