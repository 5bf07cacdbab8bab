"""The organizer's page of attendance sheets: half-days with their counts and files, and what sheets are made with."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, StringConstraints

from services.chassis.access import require
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.registration.application.sheets import SheetQuery, SheetSet
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.event import Event
from services.registration.domain.half_days import days_left_out, half_days
from services.registration.domain.signatures import MOST_TRAINERS, Asked, SheetSettings
from services.registration.web.answers import see
from services.registration.web.sheet_files import sheet_file
from services.registration.web.use_cases import use_cases

_HERE: Final = "/events/{event_id}/sheets"
_KIND: Final = "{kind:pdf|csv|xlsx}"
_HALF_DAYS_A_PAGE: Final = 20


class SettingsForm(BaseModel):
    """What sheets are made with; `trainers` is a name a line."""

    asked: Asked
    from_afar: bool = False
    trainers: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""

    def settings(self) -> SheetSettings:
        """As they are kept."""
        names = [" ".join(line.split()) for line in self.trainers.splitlines()]
        named = tuple(dict.fromkeys(name[:200] for name in names if name))[:MOST_TRAINERS]
        return SheetSettings(asked=self.asked, from_afar=self.from_afar, trainers=named)


async def show_sheets(request: web.Request) -> web.StreamResponse:
    """The half-days, with how many were there and signed; while attendance is away, only what is known without it."""
    return await _page(request, await _own_event(request))


async def change_settings(request: web.Request) -> web.StreamResponse:
    """Say what sheets are made with, or show what is wrong."""
    event = await _own_event(request)
    form = await read_form(request, SettingsForm)
    if form.model is None:
        return await _page(request, event, form)
    await use_cases(request).proofs.signatures.change_settings(event.event_id, form.model.settings())
    return see(f"/events/{event.event_id}/sheets?saved#settings")


async def take_file(request: web.Request) -> web.StreamResponse:
    """A file of one half-day or session, or of all half-days, for who reads it."""
    event, match = await _own_event(request), request.match_info
    slot_id = f"{match['day']}/{match['part']}" if "day" in match else match.get("session_id")
    moment, error = _moment(request, event)
    if error:
        raise web.HTTPSeeOther(f"/events/{event.event_id}/sheets?" + urlencode({"as_of": request.query["as_of"]}))
    query = SheetQuery(
        event_id=event.event_id,
        slot_id=slot_id,
        as_of=moment,
        blank="blank" in request.query,
        absent="present" not in request.query,
    )
    return await sheet_file(request, query, match["kind"], for_people=True)


async def back(request: web.Request) -> web.StreamResponse:
    """The address of an act, opened by a link (that of the other language, say): the page."""
    return see(request.path.rpartition("/")[0])


def add_sheet_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, show_sheets)
    app.router.add_get(f"{_HERE}/settings", back)
    app.router.add_post(f"{_HERE}/settings", change_settings)
    app.router.add_get(f"{_HERE}.{_KIND}", take_file)
    app.router.add_get(f"{_HERE}/sessions/{{session_id}}.{_KIND}", take_file)
    app.router.add_get(rf"{_HERE}/{{day:[\d-]+}}/{{part}}.{_KIND}", take_file)


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


def _moment(request: web.Request, event: Event) -> tuple[datetime | None, str | None]:
    """The instant asked for, in the time of the event unless it names another; and what is wrong with it."""
    typed, gettext = request.query.get("as_of", "").strip(), texts_of(request).gettext
    if not typed:
        return None, None
    try:
        read = datetime.fromisoformat(typed)
        moment = read if read.tzinfo else read.replace(tzinfo=ZoneInfo(event.timezone))
        future = moment > use_cases(request).proofs.sheets.clock()
    except (ValueError, OverflowError):
        return None, gettext(mark("Enter a date and a time, such as 2026-11-23 09:00."))
    if future:
        return None, gettext(mark("This lies in the future: nobody knows yet what will be known then."))
    return moment, None


async def _page(request: web.Request, event: Event, form: Form[SettingsForm] | None = None) -> web.Response:
    proofs = use_cases(request).proofs
    moment, error = _moment(request, event)
    known: SheetSet | None = None
    after = request.query.get("after")
    halves = half_days(event)
    names = [half.half_day_id for half in halves]
    first = names.index(after) + 1 if after in names else 0
    shown_halves = halves[first : first + _HALF_DAYS_A_PAGE]
    with suppress(AttendanceAwayError):
        query = SheetQuery(event_id=event.event_id, as_of=moment, after=after, limit=_HALF_DAYS_A_PAGE)
        known = await proofs.sheets.gather(query)
    settings = await proofs.signatures.settings(event.event_id)
    shown = form or Form.empty(
        asked=settings.asked.value,
        trainers="\n".join(settings.trainers),
        **({"from_afar": "true"} if settings.from_afar else {}),
    )
    typed = request.query.get("as_of", "").strip()
    return render(
        request,
        "sheets.html",
        status=422 if form else 400 if error else 200,
        event=event,
        halves=shown_halves,
        days_left_out=days_left_out(event),
        following=names[first + _HALF_DAYS_A_PAGE - 1] if first + _HALF_DAYS_A_PAGE < len(names) else None,
        first=first == 0,
        known=known,
        sheets={sheet.slot.slot_id: sheet for sheet in known.sheets} if known else {},
        settings=settings,
        form=shown,
        as_of=typed,
        as_of_error=error,
        carried={"as_of": typed} if moment else {},
        sessions=[session for session in event.sessions if not session.cancelled],
        saved="saved" in request.query,
    )
