"""The organizer's pages of imports: bring a file, see what it would do, carry it out, and what was refused."""

import asyncio
from dataclasses import replace
from typing import Final

from aiohttp import web
from pydantic import BaseModel

from services.chassis.access import require
from services.chassis.pages import language_of, render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.chassis.spreadsheets import CSV_TYPE
from services.registration.adapters.sheet_reading import read_sheet
from services.registration.domain.errors import UnreadableFileError
from services.registration.domain.event import Event
from services.registration.domain.imports import Choices, Import, ImportContent, ImportState
from services.registration.domain.seats import Wish
from services.registration.web.answers import see
from services.registration.web.bodies import Language
from services.registration.web.errors import TROUBLES
from services.registration.web.import_columns import FIELDS, match_columns, names_people
from services.registration.web.import_lines import read_lines, titles_of
from services.registration.web.import_views import REASONS, ImportView, all_refused, refused_file
from services.registration.web.imports_api import ANSWER_WITHIN
from services.registration.web.use_cases import use_cases

_SHOWN: Final = 10
"""Lines of a file that are shown, and lines refused: all of those are in the file to download."""
_NO_FILE: Final = mark("Choose a file.")
_TITLES: Final = (mark("Line"), mark("Why it is refused"))


class ImportForm(BaseModel):
    """What holds where a line says nothing, and whether those who are new are written to."""

    mode: Wish = Wish.IN_PERSON
    language: Language = "fr"
    letters: bool = False


async def new_import(request: web.Request) -> web.StreamResponse:
    """An empty form."""
    blank = Form[ImportForm].empty(mode=Wish.IN_PERSON.value, language=language_of(request), letters="true")
    return render(request, "import_new.html", event=await _own_event(request), form=blank)


async def bring_file(request: web.Request) -> web.StreamResponse:
    """Keep the file and lead to what it would do, or say what is wrong with it."""
    event = await _own_event(request)
    form = await read_form(request, ImportForm)
    typed, file = form.model, (await request.post()).get("file")
    if not isinstance(file, web.FileField):
        form = form.with_error("file", texts_of(request).gettext(_NO_FILE))
    if typed is None or not isinstance(file, web.FileField):
        return render(request, "import_new.html", status=422, event=event, form=form)
    try:
        sheet = await asyncio.to_thread(read_sheet, file.file.read())
    except UnreadableFileError as error:
        form = form.with_error("file", texts_of(request).gettext(TROUBLES[error.trouble]))
        return render(request, "import_new.html", status=422, event=event, form=form)
    choices = _choices(typed, match_columns(sheet.headings))
    brought = await use_cases(request).imports.bring(event.event_id, sheet, choices)
    return see(f"/events/{event.event_id}/imports/{brought.import_id}")


async def show_import(request: web.Request) -> web.StreamResponse:
    """What the file would do; once it is carried out, what it did."""
    event, (stands, content) = await _own_event(request), await _own_import(request)
    if stands.state is ImportState.UPLOADED:
        return await _preview(request, event, stands, content)
    view = ImportView.of(stands)
    return render(
        request,
        "import_report.html",
        event=event,
        stands=stands,
        view=view,
        sheet=content.sheet,
        reasons=REASONS,
        shown=_SHOWN,
    )


async def act_on_import(request: web.Request) -> web.StreamResponse:
    """Read the file as chosen, and carry it out if that was asked for and what would become of it was shown."""
    event, (stands, content) = await _own_event(request), await _own_import(request)
    form, imports = await read_form(request, ImportForm), use_cases(request).imports
    here = f"/events/{event.event_id}/imports/{stands.import_id}"
    if stands.state is not ImportState.UPLOADED or form.model is None:
        return see(here)
    picked = [form.value(f"column.{place}") for place in range(len(content.sheet.headings))]
    columns = [field if field in FIELDS and field not in picked[:place] else "" for place, field in enumerate(picked)]
    choices = _choices(form.model, columns)
    read_alike = replace(choices, letters=True) == replace(content.choices, letters=True)
    await imports.choose(event.event_id, stands.import_id, choices)
    if "carry_out" in form.values and read_alike and names_people(columns):
        reading = await asyncio.to_thread(read_lines, content.sheet, choices, imports.keys, titles_of(event))
        await imports.start(event.event_id, stands.import_id, reading)
        await imports.carry_on(event.event_id, stands.import_id, seconds=ANSWER_WITHIN)
    return see(here)


async def download_refused(request: web.Request) -> web.StreamResponse:
    """The refused lines as they were in the file, each with the reason."""
    event = await _own_event(request)
    stands, content = await _own_import(request)
    refused = stands.refused
    if stands.state is ImportState.UPLOADED:
        imports = use_cases(request).imports
        reading = await asyncio.to_thread(read_lines, content.sheet, content.choices, imports.keys, titles_of(event))
        refused = all_refused(await imports.judge(stands.event_id, reading.lines), reading)
    texts = texts_of(request)
    body = refused_file(
        content.sheet,
        refused,
        titles=[texts.gettext(title) for title in _TITLES],
        words={why: texts.gettext(sentence) for why, sentence in REASONS.items()},
        separator=";" if language_of(request) == "fr" else ",",
    )
    headers = {"Content-Disposition": 'attachment; filename="refused.csv"', "Cache-Control": "no-store"}
    return web.Response(body=body, content_type=CSV_TYPE, charset="utf-8", headers=headers)


def add_import_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/events/{event_id}/imports/new", new_import)
    app.router.add_post("/events/{event_id}/imports/new", bring_file)
    app.router.add_get("/events/{event_id}/imports/{import_id}", show_import)
    app.router.add_post("/events/{event_id}/imports/{import_id}", act_on_import)
    app.router.add_get("/events/{event_id}/imports/{import_id}/refused.csv", download_refused)


async def _preview(request: web.Request, event: Event, stands: Import, content: ImportContent) -> web.Response:
    imports, choices = use_cases(request).imports, content.choices
    reading = await asyncio.to_thread(read_lines, content.sheet, choices, imports.keys, titles_of(event))
    judged = await imports.judge(event.event_id, reading.lines)
    form = Form[ImportForm].empty(
        mode=choices.mode.value,
        language=choices.language,
        **{f"column.{place}": field for place, field in enumerate(choices.columns)},
        **({"letters": "true"} if choices.letters else {}),
    )
    first = list(content.sheet.rows)[:_SHOWN]
    fates = {each.line.number: each.judgement.value for each in judged}
    return render(
        request,
        "import_preview.html",
        event=event,
        stands=stands,
        form=form,
        fields=FIELDS,
        named=names_people(choices.columns),
        fates={number: fates.get(number, "refused") for number in first},
        view=ImportView.foreseen(stands.total, judged, reading),
        sheet=content.sheet,
        reasons=REASONS,
        shown=_SHOWN,
    )


def _choices(typed: ImportForm, columns: list[str]) -> Choices:
    return Choices(columns=columns, mode=typed.mode, language=typed.language, letters=typed.letters)


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _own_import(request: web.Request) -> tuple[Import, ImportContent]:
    return await use_cases(request).imports.find(request.match_info["event_id"], request.match_info["import_id"])
