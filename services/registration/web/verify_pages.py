"""The pages on which anybody checks a document: by its code, by a name that they type, by the file that they hold."""

import hashlib
from datetime import date
from typing import Annotated, Final

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError
from pydantic import BaseModel, StringConstraints

from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.chassis.problems import Problem, bad_request
from services.registration.application.verification import Verified
from services.registration.domain.documents import DocumentNotFoundError, read_document_code, spelled_code
from services.registration.web.answers import see
from services.registration.web.use_cases import use_cases
from services.registration.web.verification_limits import VerificationLimits
from services.registration.web.verify_api import VERIFICATION_LIMITS

_NO_CODE: Final = mark("A code has 20 letters and digits, such as 7Q2KM-4XW0T-9HB3C-ZP5VE: please check it.")
_NO_FILE: Final = mark("Choose a file.")
_LONGEST_CODE: Final = 100
_LARGEST_FILE: Final = 64 * 1024 * 1024


class NameForm(BaseModel):
    """The name that stands on the document."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]


async def ask_code(request: web.Request) -> web.StreamResponse:
    """Ask for a code, and lead to its page."""
    typed = request.query.get("code", "").strip()[:_LONGEST_CODE]
    if not typed:
        return render(request, "verify.html", typed="", error=None, unknown=False)
    code = read_document_code(typed)
    if code is None:
        error = texts_of(request).gettext(_NO_CODE)
        return render(request, "verify.html", status=422, typed=typed, error=error, unknown=False)
    return see(f"/verify/{spelled_code(code)}")


async def show_verified(request: web.Request) -> web.StreamResponse:
    """Whether the document is genuine, and where it stands."""
    found = await _found(request)
    return _page(request, found) if found is not None else _unknown(request)


async def compare_name(request: web.Request) -> web.StreamResponse:
    """Whether the document is about somebody of the name that was typed."""
    found = await _found(request)
    if found is None:
        return _unknown(request)
    form = await read_form(request, NameForm)
    if form.model is None:
        return _page(request, found, name_form=form)
    request.config_dict[VERIFICATION_LIMITS].require_name(request, found.document.code)
    same = await use_cases(request).proofs.verification.is_of(found.document, form.model.name)
    return _page(request, found, name_form=form, name_told="kept_no_more" if same is None else _told(same=same))


async def compare_file(request: web.Request) -> web.StreamResponse:
    """Whether a file is the one that was given out; it is read here, and not kept."""
    found = await _found(request)
    if found is None:
        return _unknown(request)
    sha256 = await _digest(request)
    if sha256 is None:
        return _page(request, found, file_error=texts_of(request).gettext(_NO_FILE))
    same = await use_cases(request).proofs.documents.is_genuine_file(found.document.code, sha256)
    return _page(request, found, file_told=_told(same=same))


def add_verify_pages(app: web.Application) -> None:
    """Route them, and count who asks."""
    app[VERIFICATION_LIMITS] = VerificationLimits()
    app.router.add_get("/verify", ask_code)
    app.router.add_get("/verify/{code}", show_verified)
    app.router.add_get("/verify/{code}/{what:name|file}", back)
    app.router.add_post("/verify/{code}/name", compare_name)
    app.router.add_post("/verify/{code}/file", compare_file)


async def back(request: web.Request) -> web.StreamResponse:
    """The address of a form, opened by a link (that of the other language, say): the page it belongs to."""
    return see(f"/verify/{request.match_info['code']}")


async def _found(request: web.Request) -> Verified | None:
    request.config_dict[VERIFICATION_LIMITS].require(request)
    try:
        return await use_cases(request).proofs.verification.look(request.match_info["code"])
    except DocumentNotFoundError:
        return None


async def _digest(request: web.Request) -> str | None:
    """The digest of the file that was sent, which is read a piece at a time: sheets are large. None if there is none.

    Raises:
        Problem: 415 when it is no form with files, 400 when it is broken, 413 when it is larger than any document.
    """
    if request.content_type != "multipart/form-data":
        raise Problem(415, detail="A form with a file was expected.")
    digest, size = hashlib.sha256(), 0
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file" and part.filename:
                while piece := await part.read_chunk():
                    size += len(piece)
                    if size > _LARGEST_FILE:
                        raise Problem(413, detail="The file is larger than any document.")
                    digest.update(piece)
                return digest.hexdigest()
    except (ValueError, LookupError, AssertionError, HttpProcessingError):
        raise bad_request("The form cannot be read.") from None
    return None


def _unknown(request: web.Request) -> web.Response:
    typed = request.match_info["code"][:_LONGEST_CODE]
    return render(request, "verify.html", status=404, typed=typed, error=None, unknown=True)


def _told(*, same: bool) -> str:
    return "same" if same else "other"


def _page(
    request: web.Request,
    found: Verified,
    *,
    name_form: Form[NameForm] | None = None,
    name_told: str | None = None,
    file_told: str | None = None,
    file_error: str | None = None,
) -> web.Response:
    wrong = file_error is not None or (name_form is not None and name_form.model is None)
    return render(
        request,
        "verified.html",
        status=422 if wrong else 200,
        found=found,
        document=found.document,
        event=found.event,
        code=spelled_code(found.document.code),
        as_day=date.fromisoformat,
        name_form=name_form or Form[NameForm].empty(),
        name_told=name_told,
        file_told=file_told,
        file_error=file_error,
    )
