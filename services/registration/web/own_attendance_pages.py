"""What a participant sees of their own attendance by their personal link: time, verdict, why, and how to contest it."""

from datetime import date
from typing import Final

from aiohttp import web

from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.registration.application.ports import Participant
from services.registration.domain.agenda import seen_in
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.contests import ContestRefusedError, contestable_until
from services.registration.domain.event import Event
from services.registration.domain.half_days import half_days
from services.registration.web.answers import see
from services.registration.web.contest_form import TROUBLES, ClaimForm, refused_claim
from services.registration.web.personal_pages import own_registration
from services.registration.web.use_cases import use_cases

_HERE: Final = "/e/{event_id}/confirmation/{token}/attendance"
_MOST_INTERVALS: Final = 60


async def show_own_attendance(request: web.Request) -> web.StreamResponse:
    """How long they were there, and whether that is enough."""
    return await _page(request, *await own_registration(request), Form.empty())


async def contest_own_attendance(request: web.Request) -> web.StreamResponse:
    """Take what they say of it, or show what is wrong."""
    event, participant = await own_registration(request)
    form = await read_form(request, ClaimForm)
    if form.model is not None:
        whose = participant.registration.participant_id
        try:
            await use_cases(request).proofs.contests.contest(event.event_id, whose, form.model.claim(event))
        except ContestRefusedError as error:
            return await _page(request, event, participant, refused_claim(form, error, texts_of(request)))
        return see(f"{request.path}?sent#contests")
    return await _page(request, event, participant, form)


def add_own_attendance_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, show_own_attendance)
    app.router.add_post(_HERE, contest_own_attendance)


async def _page(request: web.Request, event: Event, participant: Participant, form: Form[ClaimForm]) -> web.Response:
    proofs, whose = use_cases(request).proofs, participant.registration.participant_id
    away = False
    try:
        judged = await proofs.eligibility.of(event.event_id, whose)
    except AttendanceAwayError:
        judged, away = None, True
    known = await proofs.eligibility.rules(event.event_id)
    trouble = await proofs.contests.possible(event.event_id, whose)
    halves = [(f"half:{half.half_day_id}", half) for half in half_days(event)]
    return render(
        request,
        "own_attendance.html",
        status=422 if form.errors else 503 if away else 200,
        event=event,
        judged=judged,
        intervals=judged.record.intervals[-_MOST_INTERVALS:] if judged else (),
        seen_in=seen_in,
        rules=known.rules,
        away=away,
        contests=await proofs.contests.of_participant(event.event_id, whose),
        trouble=None if trouble is None else TROUBLES[trouble],
        until=contestable_until(event),
        form=form,
        halves=halves,
        sent="sent" in request.query,
        as_day=date.fromisoformat,
        here=request.path.removesuffix("/attendance"),
    )
