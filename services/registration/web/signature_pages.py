"""Signing on a screen: the list that goes round on a tablet, and the page where one person signs for one half-day.

Both are for desks too: whoever may check people in may have them sign, on the days of the event.
"""

import re
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from services.chassis.access import Role, grant_of, require
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.chassis.paging import page_of
from services.registration.application.ports import Participant, RosterQuery
from services.registration.application.signatures import Signing
from services.registration.domain.half_days import HalfDay
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.signatures import (
    HEIGHT,
    WIDTH,
    Asked,
    SignatureRefusedError,
    SignatureTrouble,
    Stroke,
    checked_strokes,
)
from services.registration.web.answers import see
from services.registration.web.bodies import PersonName
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.use_cases import use_cases

AnyForm = TypeVar("AnyForm", bound=BaseModel)
_LIST: Final = "/events/{event_id}/sign"
_PEOPLE_A_PAGE: Final = 40
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
_STROKES: Final = TypeAdapter(list[list[tuple[int, int]]])
TROUBLES: Final = {
    SignatureTrouble.NOT_ASKED: mark("This event does not ask for signatures here."),
    SignatureTrouble.NOT_ITS_TIME: mark("This half-day cannot be signed for now."),
    SignatureTrouble.NO_SEAT: mark("This person has no seat and did not come: there is nothing to sign."),
    SignatureTrouble.NOT_DRAWN: mark("Sign in the box, or type your name below."),
    SignatureTrouble.TOO_LONG: mark("This drawing is too long: clear the box and sign again, with fewer strokes."),
}
"""Why a signature is not taken, in sentences to be translated."""


class SignForm(BaseModel):
    """What somebody signed: the strokes that their browser drew, else their name and that they were present."""

    half_day: Annotated[str, Field(max_length=40)]
    strokes: Annotated[str, Field(max_length=60_000)] | None = None
    typed: PersonName | None = None
    present: bool = False
    back: Annotated[str, Field(pattern="^(desk|list)$")] = "list"

    def drawn(self) -> tuple[Stroke, ...]:
        """The strokes, checked; none for who typed.

        Raises:
            SignatureRefusedError: if they are no signature.
        """
        if self.strokes is None:
            return ()
        try:
            return checked_strokes(_STROKES.validate_json(self.strokes))
        except ValidationError:
            raise SignatureRefusedError(SignatureTrouble.NOT_DRAWN) from None


async def show_list(request: web.Request) -> web.StreamResponse:
    """Who may sign for a half-day, and who has; with `participant_id`, that person's page at once."""
    event_id, cases = request.match_info["event_id"], use_cases(request)
    signing = await _signing(request)
    wanted = request.query.get("participant_id", "")
    if _IDENTIFIER.fullmatch(wanted):
        return see(f"/events/{event_id}/sign/{wanted}?back=desk")
    half = signing.half(request.query.get("half_day"))
    search = request.query.get("search", "").strip()[:200]
    after = read_cursor(request.query.get("after"))
    query = RosterQuery(
        limit=_PEOPLE_A_PAGE + 1,
        after=after,
        search=search or None,
        mode=None if search else Mode.IN_PERSON,
        status=SeatStatus.CONFIRMED,
    )
    ready = half is not None and signing.settings.asked is Asked.SCREEN
    roster = await cases.registrations.roster(event_id, query) if ready else []
    people, following = page_of(
        roster,
        limit=_PEOPLE_A_PAGE,
        key=lambda one: cursor_key(one.registration.created_at, one.registration.participant_id),
    )
    times = await cases.proofs.signatures.times(event_id)
    signed = request.query.get("signed", "")
    return render(
        request,
        "sign_list.html",
        event=signing.event,
        signing=signing,
        half=half,
        people=people,
        times=times,
        search=search,
        following=following,
        first=after is None,
        signed_name=(await cases.registrations.names(event_id, [signed])).get(signed) if signed else None,
    )


async def show_person(request: web.Request) -> web.StreamResponse:
    """The box that one person signs in."""
    signing = await _signing(request)
    half = signing.half(request.query.get("half_day"))
    back = "desk" if request.query.get("back") == "desk" else "list"
    return await _person_page(request, signing, half, Form.empty(back=back))


async def take(request: web.Request) -> web.StreamResponse:
    """Take the signature, or show what is wrong."""
    event_id, participant_id = request.match_info["event_id"], request.match_info["participant_id"]
    signing = await _signing(request)
    form: Form[SignForm] = await read_form(request, SignForm)
    half = signing.half(form.value("half_day"))
    signed = form.model
    if signed is None:
        return await _person_page(request, signing, half, form)
    if signed.strokes is None:
        form = with_word_missing(form, request, typed=signed.typed, present=signed.present)
    if form.errors:
        return await _person_page(request, signing, half, form)
    try:
        await use_cases(request).proofs.signatures.sign(
            event_id,
            participant_id,
            signed.half_day,
            strokes=signed.drawn(),
            typed=None if signed.strokes else signed.typed,
            any_day=_organizes(request),
        )
    except SignatureRefusedError as error:
        form = form.with_error("strokes", texts_of(request).gettext(TROUBLES[error.trouble]))
        return await _person_page(request, signing, half, form)
    if signed.back == "desk":
        return see(f"/events/{event_id}/desk")
    return see(f"/events/{event_id}/sign?" + urlencode({"half_day": signed.half_day, "signed": participant_id}))


def with_word_missing(form: Form[AnyForm], request: web.Request, *, typed: str | None, present: bool) -> Form[AnyForm]:
    """The form with an error at what is missing of somebody's word: the name, or that they were present."""
    gettext = texts_of(request).gettext
    if typed is None:
        form = form.with_error("typed", gettext(mark("Type your name.")))
    if not present:
        form = form.with_error("present", gettext(mark("Say that you were present.")))
    return form


def add_signature_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_LIST, show_list)
    app.router.add_get(f"{_LIST}/{{participant_id}}", show_person)
    app.router.add_post(f"{_LIST}/{{participant_id}}", take)


async def _signing(request: web.Request) -> Signing:
    event_id = request.match_info["event_id"]
    require(request, Role.DESK, event_id=event_id)
    return await use_cases(request).proofs.signatures.signing(event_id, any_day=_organizes(request))


def _organizes(request: web.Request) -> bool:
    grant = grant_of(request)
    return grant is not None and grant.allows(event_id=request.match_info["event_id"])


async def _person_page(
    request: web.Request, signing: Signing, half: HalfDay | None, form: Form[SignForm]
) -> web.Response:
    cases, event = use_cases(request), signing.event
    participant: Participant = await cases.registrations.find(event.event_id, request.match_info["participant_id"])
    times = await cases.proofs.signatures.times(event.event_id)
    earlier = None if half is None else times.get((participant.registration.participant_id, half.half_day_id))
    return render(
        request,
        "sign.html",
        status=422 if form.errors else 200,
        event=event,
        signing=signing,
        half=half,
        participant=participant,
        form=form,
        earlier=earlier,
        box=(WIDTH, HEIGHT),
    )
