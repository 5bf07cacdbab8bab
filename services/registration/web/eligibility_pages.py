"""The organizer's page of eligibility: the rules in plain words, who meets them now, and the list to take along."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Final

from aiohttp import web
from babel.support import NullTranslations

from services.chassis.access import require
from services.chassis.pages import render, texts_of
from services.chassis.pages.downloads import file_name, table_file
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.chassis.paging import decode_cursor, encode_cursor
from services.chassis.spreadsheets import Cell
from services.registration.application.eligibility import Judged, Overview, Standing
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.eligibility import Rules
from services.registration.domain.errors import InvalidValueError
from services.registration.domain.event import Event
from services.registration.web.answers import see
from services.registration.web.eligibility_form import RulesForm, filled, refused
from services.registration.web.use_cases import use_cases

_HERE: Final = "/events/{event_id}/eligibility"
_PEOPLE_A_PAGE: Final = 25
_HEADINGS: Final = (
    mark("Name"),
    mark("Eligible"),
    mark("Contest waits"),
    mark("Minutes in person"),
    mark("Minutes remotely"),
    mark("Minutes in all"),
    mark("Minutes granted"),
    mark("Requirements met"),
    mark("Requirements"),
    mark("Number of people"),
    "participant_id",
)


async def show_eligibility(request: web.Request) -> web.StreamResponse:
    """The rules, how many meet them, and who."""
    event = await _own_event(request)
    return await _page(request, event, None)


async def change_eligibility(request: web.Request) -> web.StreamResponse:
    """Let other rules hold, or only count who would meet them; or show what is wrong."""
    event, proofs, texts = await _own_event(request), use_cases(request).proofs, texts_of(request)
    form = await read_form(request, RulesForm)
    try:
        if form.model is not None:
            known = await proofs.eligibility.rules(event.event_id)
            rules = form.model.rules(known.rules)
            if form.model.act == "try":
                return await _page(request, event, form, tried=rules)
            await proofs.eligibility.change(event.event_id, rules)
            return see(f"{request.path}?saved")
    except InvalidValueError as error:
        form = refused(form, error, texts)
    return await _page(request, event, form)


async def take_list(request: web.Request) -> web.StreamResponse:
    """Everybody with the verdict, as a file."""
    event, cases, texts = await _own_event(request), use_cases(request), texts_of(request)
    _, everybody = await cases.proofs.eligibility.take_along(event.event_id)
    names = await cases.registrations.names(event.event_id, [each.record.participant_id for each in everybody])
    rows = [_row(each, names, texts) for each in everybody]
    name = file_name("eligibility", event.title, kind=request.match_info["kind"])
    return await table_file(request, [texts.gettext(each) for each in _HEADINGS], rows, name=name, sheet="eligibility")


def add_eligibility_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, show_eligibility)
    app.router.add_post(_HERE, change_eligibility)
    app.router.add_get(f"{_HERE}.{{kind:csv|xlsx}}", take_list, allow_head=False)


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _page(
    request: web.Request, event: Event, form: Form[RulesForm] | None, *, tried: Rules | None = None
) -> web.Response:
    cases, query = use_cases(request), request.query
    eligibility = cases.proofs.eligibility
    known = await eligibility.rules(event.event_id)
    standing = next((each for each in Standing if each == query.get("standing")), None)
    after = None if "after" not in query else str(decode_cursor(query["after"], str)[0])
    overview: Overview | None = None
    wanted: Sequence[str] = ()
    people: Sequence[Judged] = ()
    with suppress(AttendanceAwayError):
        overview = await eligibility.overview(event.event_id, rules=tried)
        wanted = overview.standing(standing, after=after)
        people = await eligibility.some(event.event_id, wanted[:_PEOPLE_A_PAGE], overview)
    schedule = None if overview is None else overview.schedule
    return render(
        request,
        "eligibility.html",
        status=422 if form and form.errors else 503 if schedule is None else 200,
        event=event,
        known=known,
        form=form or filled(known.rules),
        tried=tried is not None,
        schedule=schedule,
        counts={} if overview is None else overview.counts,
        people=people,
        names=await cases.registrations.names(event.event_id, [each.record.participant_id for each in people]),
        standing=standing.value if standing else None,
        following=encode_cursor((wanted[_PEOPLE_A_PAGE - 1],)) if len(wanted) > _PEOPLE_A_PAGE else None,
        first=after is None,
        saved="saved" in query,
        as_day=date.fromisoformat,
        documents=await eligibility.documents_issued(event.event_id),
        # Requirements that only the API can say are kept as they are.
        sessions=[("", "–"), *((each.session_id, each.title) for each in event.sessions if not each.cancelled)],
        several=len(known.rules.requirements) > 1,
    )


def _row(judged: Judged, names: Mapping[str, str], texts: NullTranslations) -> Sequence[Cell]:
    record, verdict = judged.record, judged.verdict
    yes_no = {True: texts.gettext(mark("yes")), False: texts.gettext(mark("no"))}
    return [
        names.get(record.participant_id),
        yes_no[verdict.eligible],
        yes_no[judged.waits],
        record.whole.in_person // 60,
        record.whole.remote // 60,
        record.whole.total // 60,
        record.granted_seconds // 60,
        sum(outcome.met for outcome in verdict.outcomes),
        len(verdict.outcomes),
        record.headcount,
        record.participant_id,
    ]
