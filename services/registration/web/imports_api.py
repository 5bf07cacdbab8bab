"""The API of imports: a list of people, brought as a file."""

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.http import HttpProcessingError
from pydantic import BaseModel

from services.chassis.http import read_query
from services.chassis.openapi import Api
from services.chassis.problems import Problem
from services.registration.adapters.sheet_reading import read_sheet
from services.registration.domain.errors import FileTrouble, UnreadableFileError
from services.registration.domain.imports import Choices, ImportState
from services.registration.domain.seats import Wish
from services.registration.web.answers import answer
from services.registration.web.bodies import Language
from services.registration.web.import_columns import match_columns, names_people
from services.registration.web.import_lines import read_lines, titles_of
from services.registration.web.import_views import ImportView
from services.registration.web.use_cases import use_cases

api = Api(tag="registrations")
_ALL: Final = "/api/v1/events/{event_id}/imports"
ANSWER_WITHIN: Final = 2.0
"""Seconds that whoever imports waits for the report of a small file; a large one goes on after them."""


class ImportParameters(BaseModel):
    """How a file is read: `mode` and `language` hold where it says nothing. `letters` writes to who is new."""

    dry_run: bool = False
    mode: Wish = Wish.IN_PERSON
    language: Language = "fr"
    letters: bool = True


@api.route(
    "POST",
    _ALL,
    summary="Import a list of people",
    roles=[],
    query=ImportParameters,
    answers={200: ImportView, 201: ImportView, 202: ImportView},
    problems=[409, 413, 415],
)
async def import_people(request: web.Request) -> web.Response:
    """The body is the file (CSV or XLSX), or a form with the file as `file`. Columns are known by their headings.

    A line is somebody by their `external_id`, else by their address, else by their name: importing a file again
    registers nobody twice, and changes only what was changed in the file. `sessions` are titles, semicolons between
    them. 201 when it is done, 202 while it goes on; with `dry_run` 200, and nothing happens.
    """
    event_id, cases = request.match_info["event_id"], use_cases(request)
    query = read_query(request, ImportParameters)
    event = await cases.events.find(event_id)
    sheet = await asyncio.to_thread(read_sheet, await _file(request))
    columns = match_columns(sheet.headings)
    if not names_people(columns):
        raise UnreadableFileError(FileTrouble.NO_NAMES)
    choices = Choices(columns=columns, mode=query.mode, language=query.language, letters=query.letters)
    reading = await asyncio.to_thread(read_lines, sheet, choices, cases.imports.keys, titles_of(event))
    if query.dry_run:
        judged = await cases.imports.judge(event_id, reading.lines)
        return answer(ImportView.foreseen(len(sheet.rows), judged, reading))
    brought = await cases.imports.bring(event_id, sheet, choices)
    await cases.imports.start(event_id, brought.import_id, reading)
    stands = await cases.imports.carry_on(event_id, brought.import_id, seconds=ANSWER_WITHIN)
    status = 201 if stands.state is ImportState.DONE else 202
    return answer(ImportView.of(stands), status=status, location=f"{request.path}/{stands.import_id}")


@api.route("GET", f"{_ALL}/{{import_id}}", summary="Read an import", roles=[], answers={200: ImportView})
async def read_import(request: web.Request) -> web.Response:
    """How far it went, and every line that was refused; for a day after the file was brought."""
    stands, _ = await use_cases(request).imports.find(request.match_info["event_id"], request.match_info["import_id"])
    return answer(ImportView.of(stands))


async def _file(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    try:
        file = (await request.post()).get("file")
    except (ValueError, LookupError, HttpProcessingError):
        raise Problem(400, detail="The form cannot be read.") from None
    if not isinstance(file, web.FileField):
        raise Problem(415, detail="The form has no file called file.")
    return file.file.read()
