"""The organizer's pages of contests: who says what of their attendance, what is known of it, and the answer."""

from datetime import date, datetime
from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.registration.domain.agenda import seen_in
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.contests import Claim, Contest, ContestRefusedError, ContestTrouble
from services.registration.domain.event import Event
from services.registration.domain.half_days import half_day_of
from services.registration.web.answers import see
from services.registration.web.contest_form import AnswerForm, on_clock, refused_answer, there
from services.registration.web.use_cases import use_cases

_LIST: Final = "/events/{event_id}/contests"
_ONE: Final = f"{_LIST}/{{contest_id}}"
_MOST: Final = 200
_MOST_INTERVALS: Final = 60


async def show_contests(request: web.Request) -> web.StreamResponse:
    """Those that wait, the earliest first, then those that are answered."""
    event, cases = await _own_event(request), use_cases(request)
    contests = await cases.proofs.contests.of_event(event.event_id)
    shown = sorted(contests, key=lambda each: (each.answer is not None, each.at))[:_MOST]
    names = await cases.registrations.names(event.event_id, [each.participant_id for each in shown])
    return render(request, "contests.html", event=event, contests=shown, names=names, as_day=date.fromisoformat)


async def show_contest(request: web.Request) -> web.StreamResponse:
    """One, with what is known of their attendance beside it, and a form for the answer."""
    event, contest = await _own_event(request), await _found(request)
    start, end = _contested_span(event, contest.claim)
    registered = await use_cases(request).registrations.find(event.event_id, contest.participant_id)
    mode = contest.claim.mode or registered.registration.mode
    filled: Form[AnswerForm] = Form.empty(mode=mode.value, start=on_clock(start, event), end=on_clock(end, event))
    return await _page(request, event, contest, filled)


async def answer_contest(request: web.Request) -> web.StreamResponse:
    """Grant time or refuse, or show what is wrong."""
    event, contest, texts = await _own_event(request), await _found(request), texts_of(request)
    contests, whose = use_cases(request).proofs.contests, (event.event_id, contest.contest_id)
    form = await read_form(request, AnswerForm)
    said = form.model
    if said is not None and said.outcome == "refused" and said.reason is None:
        form = form.with_error("reason", texts.gettext(mark("Say why: the participant reads it.")))
    elif said is not None and said.outcome == "upheld":
        for name in ("mode", "start", "end"):
            if getattr(said, name) is None:
                form = form.with_error(name, texts.gettext(mark("Say how, from when and to when they were there.")))
    if form.model is None or said is None:
        return await _page(request, event, contest, form)
    start, end = there(said.start, event), there(said.end, event)
    try:
        if said.outcome == "upheld" and said.mode and start and end:
            await contests.uphold(*whose, mode=said.mode, start=start, end=end)
        else:
            await contests.refuse(*whose, reason=said.reason or "")
    except ContestRefusedError as error:
        return await _page(request, event, await _found(request), refused_answer(form, error, texts))
    return see(f"/events/{event.event_id}/contests#{contest.contest_id}")


async def take_answer_back(request: web.Request) -> web.StreamResponse:
    """Undo the answer."""
    event, contest = await _own_event(request), await _found(request)
    try:
        await use_cases(request).proofs.contests.take_back(event.event_id, contest.contest_id)
    except ContestRefusedError as error:
        if error.trouble is not ContestTrouble.NOT_ANSWERED:
            raise
    return see(request.path.rpartition("/")[0])


async def back(request: web.Request) -> web.StreamResponse:
    """The address of an act, opened by a link: the contest."""
    return see(request.path.rpartition("/")[0])


def add_contest_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_LIST, show_contests)
    app.router.add_get(_ONE, show_contest)
    app.router.add_post(_ONE, answer_contest)
    app.router.add_get(f"{_ONE}/take-back", back)
    app.router.add_post(f"{_ONE}/take-back", take_answer_back)


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _found(request: web.Request) -> Contest:
    return await use_cases(request).proofs.contests.find(
        request.match_info["event_id"], request.match_info["contest_id"]
    )


def _contested_span(event: Event, claim: Claim) -> tuple[datetime, datetime]:
    """What a grant would be of, as far as it was said: the times, the half-day or session, else the event."""
    if claim.start is not None and claim.end is not None:
        return claim.start, claim.end
    half = half_day_of(event, claim.half_day_id) if claim.half_day_id else None
    session = next((each for each in event.sessions if each.session_id == claim.session_id), None)
    about = half or session or event
    return about.starts_at, about.ends_at


async def _page(request: web.Request, event: Event, contest: Contest, form: Form[AnswerForm]) -> web.Response:
    cases, away = use_cases(request), False
    try:
        judged = await cases.proofs.eligibility.of(event.event_id, contest.participant_id)
    except AttendanceAwayError:
        judged, away = None, True
    return render(
        request,
        "contest.html",
        status=422 if form.errors else 200,
        event=event,
        contest=contest,
        judged=judged,
        intervals=judged.record.intervals[-_MOST_INTERVALS:] if judged else (),
        seen_in=seen_in,
        away=away,
        form=form,
        names=await cases.registrations.names(event.event_id, [contest.participant_id]),
        as_day=date.fromisoformat,
    )
