"""The pages of volunteers' hours: of an event, and of a year for the accounts; and both as files."""

from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render, texts_of
from services.chassis.pages.downloads import file_name, table_file
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.chassis.problems import not_found
from services.chassis.spreadsheets import Cell
from services.registration.application.volunteers import EventHours
from services.registration.domain.errors import InvalidValueError
from services.registration.domain.volunteering import AtDesk, Skill, Valuation, by_task
from services.registration.web.actors import organizes_all
from services.registration.web.answers import see
from services.registration.web.use_cases import use_cases
from services.registration.web.volunteer_bodies import ShiftForm, ValuationForm

SKILLS: Final = {
    Skill.SIMPLE: mark("simple task"),
    Skill.SKILLED: mark("skilled task"),
    Skill.EXPERT: mark("expert task"),
}
_HEADINGS: Final = (
    mark("Event"),
    mark("Day"),
    mark("Task"),
    mark("Who"),
    mark("Level"),
    mark("People"),
    mark("Minutes each"),
    mark("Minutes in all"),
    mark("Hourly rate, cents"),
    mark("Worth, cents"),
    mark("Method"),
)
_YEARS: Final = range(1970, 2200)


async def show_hours(request: web.Request) -> web.StreamResponse:
    """What was written down, a form for more, and the method. `?from_desk=N` fills the form in from a door."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await _page(request, event_id)


async def note_hours(request: web.Request) -> web.StreamResponse:
    """Write a shift down, or show the form again with what is wrong."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    form = await read_form(request, ShiftForm)
    if form.model is None:
        return await _page(request, event_id, form=form)
    try:
        await use_cases(request).volunteers.note(event_id, form.model.draft())
    except InvalidValueError:
        sentence = texts_of(request).gettext(mark("Choose a day within a year of the event."))
        return await _page(request, event_id, form=form.with_error("day", sentence))
    return see(f"/events/{event_id}/volunteers#written-down")


async def take_back(request: web.Request) -> web.StreamResponse:
    """Forget a shift."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    await use_cases(request).volunteers.take_back(event_id, request.match_info["shift_id"])
    return see(f"/events/{event_id}/volunteers#written-down")


async def value_hours(request: web.Request) -> web.StreamResponse:
    """Keep the method, or show its form again with what is wrong."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    form = await read_form(request, ValuationForm)
    if form.model is None:
        return await _page(request, event_id, method=form)
    await use_cases(request).volunteers.value(event_id, form.model.valuation())
    return see(f"/events/{event_id}/volunteers#method")


async def take_hours(request: web.Request) -> web.StreamResponse:
    """All shifts of an event as a table; the audit log says who took the names along."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    hours = await use_cases(request).volunteers.hours(event_id, others=organizes_all(request))
    await use_cases(request).volunteers.note_taken_along(event_id)
    return await _file(request, [hours], hours.event.title)


async def show_year(request: web.Request) -> web.StreamResponse:
    """What was given in a year to each event: for the annual accounts."""
    require(request)
    year = _year(request)
    found = await use_cases(request).volunteers.year(year)
    worth = [hours.given.cents for hours in found]
    return render(
        request,
        "volunteer_year.html",
        year=year,
        found=found,
        person_minutes=sum(hours.given.person_minutes for hours in found),
        cents=sum(cents for cents in worth if cents is not None) if any(cents is not None for cents in worth) else None,
        not_valued=sum(cents is None for cents in worth),
    )


async def take_year(request: web.Request) -> web.StreamResponse:
    """All shifts of a year as a table."""
    require(request)
    year = _year(request)
    found = await use_cases(request).volunteers.year(year)
    await use_cases(request).volunteers.note_taken_along(None)
    return await _file(request, found, str(year))


def add_volunteer_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/events/{event_id}/volunteers", show_hours)
    app.router.add_post("/events/{event_id}/volunteers", note_hours)
    app.router.add_post("/events/{event_id}/volunteers/method", value_hours)
    app.router.add_post("/events/{event_id}/volunteers/{shift_id}/remove", take_back)
    app.router.add_get("/events/{event_id}/volunteers.{kind:csv|xlsx}", take_hours)
    app.router.add_get("/volunteers", show_year)
    app.router.add_get(r"/volunteers/{year:\d{4}}", show_year)
    app.router.add_get(r"/volunteers/{year:\d{4}}.{kind:csv|xlsx}", take_year)


async def _page(
    request: web.Request,
    event_id: str,
    *,
    form: Form[ShiftForm] | None = None,
    method: Form[ValuationForm] | None = None,
) -> web.Response:
    volunteers = use_cases(request).volunteers
    hours = await volunteers.hours(event_id, others=organizes_all(request))
    doors = await volunteers.at_desks(hours.event)
    return render(
        request,
        "volunteers.html",
        status=422 if form or method else 200,
        event=hours.event,
        hours=hours,
        tasks=by_task(hours.shifts, hours.valuation),
        doors=doors,
        skills=SKILLS,
        form=form or _filled(request, hours, doors),
        method=method or _method(hours.valuation),
    )


def _filled(request: web.Request, hours: EventHours, doors: Sequence[AtDesk]) -> Form[ShiftForm]:
    """The empty form, or what a door tells of somebody who was there."""
    number = request.query.get("from_desk", "")
    day = hours.event.starts_at.astimezone(ZoneInfo(hours.event.timezone)).date()
    if not (
        number.isascii() and number.isdigit() and len(number) < len(str(len(doors))) + 1 and int(number) < len(doors)
    ):
        return Form[ShiftForm].empty(day=day.isoformat(), people="1")
    door = doors[int(number)]
    task = texts_of(request).gettext(mark("Check-in desk"))
    return Form[ShiftForm].empty(
        day=door.day.isoformat(),
        task=f"{task} – {door.gate}"[:100] if door.gate else task,
        hours=str(door.minutes // 60),
        minutes=str(door.minutes % 60),
        people="1",
    )


def _method(valuation: Valuation) -> Form[ValuationForm]:
    cents = valuation.hourly_cents
    return Form[ValuationForm].empty(
        hourly="" if cents is None else f"{cents // 100}.{cents % 100:02}",
        basis=valuation.basis or "",
        skilled_percent=str(valuation.skilled_percent),
        expert_percent=str(valuation.expert_percent),
    )


def _year(request: web.Request) -> int:
    """The year of the path, else that of now.

    Raises:
        Problem: 404 for one in which there is no event.
    """
    named = request.match_info.get("year")
    year = use_cases(request).volunteers.clock().year if named is None else int(named)
    if year not in _YEARS:
        raise not_found("There is no such year.")
    return year


async def _file(request: web.Request, found: Sequence[EventHours], of: str) -> web.Response:
    gettext = texts_of(request).gettext
    rows: list[list[Cell]] = [
        [
            hours.event.title,
            shift.day.isoformat(),
            shift.task,
            shift.name,
            gettext(SKILLS[shift.skill]),
            shift.people,
            shift.minutes,
            shift.person_minutes,
            hours.valuation.hourly_cents,
            hours.valuation.cents(shift),
            hours.valuation.basis,
        ]
        for hours in found
        for shift in hours.shifts
    ]
    words: dict[str, Any] = {"name": file_name("volunteers", of, kind=request.match_info["kind"]), "sheet": "hours"}
    return await table_file(request, [gettext(heading) for heading in _HEADINGS], rows, **words)
