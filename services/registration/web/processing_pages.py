"""The register of processing as a page and as files, for who organizes everything; and how long one event is kept."""

from typing import Final

from aiohttp import web
from pydantic import BaseModel

from services.chassis.access import require
from services.chassis.pages import language_of, render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.chassis.spreadsheets import CSV_TYPE, write_csv
from services.registration.domain.training_proofs import TrainingProof
from services.registration.web.answers import see
from services.registration.web.data_contact_form import DataContactFields, contact_values
from services.registration.web.processing_register import register_of, what_is_kept
from services.registration.web.use_cases import use_cases

_COLUMNS: Final = (
    mark("Activity"),
    mark("Purpose"),
    mark("Legal basis"),
    mark("Whose data"),
    mark("Which data"),
    mark("Who gets it"),
    mark("How long it is kept"),
    mark("Security"),
    mark("Who answers for it"),
)


class ProofForm(BaseModel):
    """What attendance of an event proves."""

    proof: TrainingProof


async def show_register(request: web.Request) -> web.StreamResponse:
    """The page."""
    require(request)
    register, texts = await register_of(request), texts_of(request)
    now = use_cases(request).keeping.clock()
    return render(request, "processing.html", register=register, now=now, what=lambda kept: what_is_kept(kept, texts))


async def download_register(request: web.Request) -> web.StreamResponse:
    """The same as CSV, a line for each activity, as a spreadsheet of the reader's language expects it."""
    require(request)
    register, texts = await register_of(request), texts_of(request)
    controllers = "; ".join(
        ", ".join(filter(None, (who.controller, who.email, who.postal_address, who.officer)))
        for who in register.controllers
    )
    rows = [
        (
            entry.activity.name,
            entry.activity.purpose,
            entry.activity.basis,
            entry.activity.people,
            entry.activity.data,
            entry.activity.recipients,
            "\n".join(entry.keeping()),
            "\n".join(register.measures),
            controllers,
        )
        for entry in register.entries
    ]
    separator = ";" if language_of(request) == "fr" else ","
    return web.Response(
        body=write_csv([texts.gettext(column) for column in _COLUMNS], rows, separator=separator),
        content_type=CSV_TYPE,
        charset="utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="register-of-processing.csv"',
            "Cache-Control": "no-store",
        },
    )


async def show_keeping(request: web.Request) -> web.StreamResponse:
    """Until when what is kept of the people of an event, and the form that says what attendance proves."""
    require(request, event_id=request.match_info["event_id"])
    return await _keeping_page(request)


async def change_keeping(request: web.Request) -> web.StreamResponse:
    """Say what attendance proves; or show the form again with what is wrong."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    form = await read_form(request, ProofForm)
    if form.model is None:
        return await _keeping_page(request, form)
    await use_cases(request).keeping.prove(event_id, form.model.proof)
    return see(f"/events/{event_id}/keeping?saved")


async def change_contact(request: web.Request) -> web.StreamResponse:
    """Say who answers for the data of the event, over or not; or show the form again with what is wrong."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    form = await read_form(request, DataContactFields)
    if form.model is None:
        return await _keeping_page(request, contact=form)
    await use_cases(request).events.edit(event_id, {"data_contact": form.model.data_contact()})
    return see(f"/events/{event_id}/keeping?saved")


def add_processing_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/processing", show_register)
    app.router.add_get("/processing.csv", download_register)
    app.router.add_get("/events/{event_id}/keeping", show_keeping)
    app.router.add_post("/events/{event_id}/keeping", change_keeping)
    app.router.add_post("/events/{event_id}/keeping/contact", change_contact)


async def _keeping_page(
    request: web.Request,
    form: Form[ProofForm] | None = None,
    *,
    contact: Form[DataContactFields] | None = None,
) -> web.Response:
    cases, event_id = use_cases(request), request.match_info["event_id"]
    times, event = await cases.keeping.times(event_id), await cases.events.find(event_id)
    return render(
        request,
        "keeping.html",
        status=200 if form is None and contact is None else 422,
        event=event,
        kept=times,
        form=form or Form.empty(proof=times.proof.value),
        contact=contact or Form.empty(**contact_values(event.data_contact)),
        saved="saved" in request.query,
    )
