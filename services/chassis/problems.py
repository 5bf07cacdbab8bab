"""Errors as RFC 9457 problem details: raised anywhere below a handler, answered by the middleware of `http`.

A problem never tells internals, and never repeats the value somebody sent: it may be personal.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

CONTENT_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One thing wrong with what was sent: at a JSON pointer of the body, or in a parameter of the address."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None

    def as_json(self) -> dict[str, str]:
        """The member of `errors`: `{pointer, detail}` or `{parameter, detail}`."""
        place = {"pointer": self.pointer, "parameter": self.parameter}
        return {name: text for name, text in place.items() if text is not None} | {"detail": self.detail}


class Problem(Exception):  # noqa: N818  (RFC 9457 calls it a problem, and so does everybody who raises one)
    """An answer that is an error: `status` and `title` for machines, `detail` for the person who reads it.

    Args:
        status: the HTTP status, 400 or more.
        title: the short name of this kind of problem; the status's own phrase by default.
        detail: what went wrong this time and what would help; no personal data, no internals.
        errors: each wrong field.
        type: a URI of this kind of problem, stable for programs.
        headers: sent along, e.g. `Retry-After`.
        extensions: further members of the document, e.g. `reason`.
    """

    def __init__(
        self,
        status: int,
        title: str | None = None,
        *,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        type: str = "about:blank",  # noqa: A002  (the member's name in RFC 9457)
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, object] | None = None,
    ) -> None:
        """See the class."""
        self.status = status
        self.title = title if title is not None else HTTPStatus(status).phrase
        self.detail = detail
        self.errors = tuple(errors)
        self.type = type
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})
        super().__init__(f"{status} {self.title}" + (f": {detail}" if detail else ""))

    def as_json(self) -> dict[str, object]:
        """The problem document."""
        document: dict[str, object] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail is not None:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = [error.as_json() for error in self.errors]
        return document | self.extensions


class WrongField(BaseModel):
    """A member of `errors`, as OpenAPI describes it."""

    pointer: str | None = Field(default=None, description="JSON pointer into the body, as a URI fragment.")
    parameter: str | None = Field(default=None, description="The wrong query parameter.")
    detail: str


class ProblemDocument(BaseModel):
    """RFC 9457 problem details, as OpenAPI describes them."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    reason: str | None = Field(default=None, description="A stable word for programs, where there is one.")
    errors: list[WrongField] | None = None


def problem_response(problem: Problem) -> web.Response:
    """The JSON answer of a problem."""
    return web.Response(
        status=problem.status,
        body=json.dumps(problem.as_json(), ensure_ascii=False).encode(),
        content_type=CONTENT_TYPE,
        headers=problem.headers,
    )


def bad_request(detail: str, *, errors: Sequence[FieldError] = ()) -> Problem:
    """400: the request cannot be understood as it is."""
    return Problem(400, detail=detail, errors=errors)


def not_found(detail: str) -> Problem:
    """404: nothing has this address or id, or it may not be known that something has."""
    return Problem(404, detail=detail)


def conflict(detail: str, *, reason: str | None = None) -> Problem:
    """409: understood, and refused because of how things stand; `reason` is a stable word for programs."""
    return Problem(409, detail=detail, extensions={"reason": reason} if reason else None)


def unavailable(detail: str, *, retry_after: int) -> Problem:
    """503: a part that is needed does not answer; to be tried again after so many seconds."""
    return Problem(503, detail=detail, headers={"Retry-After": str(retry_after)})


def invalid_body(error: ValidationError, document: object = None) -> Problem:
    """400: a JSON body that does not fit its model, with every wrong field by JSON pointer.

    Give the parsed `document` where models are unions: pydantic's locations name the chosen member too, which is no
    place in the body.
    """
    errors = [FieldError(pointer=json_pointer(_place(item, document)), detail=item["msg"]) for item in _plain(error)]
    return bad_request(_summary("body", (item.pointer or "#" for item in errors)), errors=errors)


def invalid_query(error: ValidationError) -> Problem:
    """400: query parameters that do not fit their model, each named."""
    errors = [
        FieldError(parameter=str(item["loc"][0] if item["loc"] else ""), detail=item["msg"]) for item in _plain(error)
    ]
    return bad_request(_summary("query", (item.parameter or "" for item in errors)), errors=errors)


def json_pointer(location: Iterable[str | int]) -> str:
    """A place in a JSON document as RFC 9457 writes it: `#/rooms/0/name`; the whole document is `#`."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)


def _place(error: ErrorDetails, document: object) -> list[str | int]:
    """Where in the document an error is: the steps of its location that the document has, or lacks at the end."""
    location = error["loc"]
    if document is None:
        return list(location)
    steps: list[str | int] = []
    for index, step in enumerate(location):
        children = _children(document)
        if step in children:
            document = children[step]
            steps.append(step)
        elif error["type"] == "missing" and index == len(location) - 1:
            steps.append(step)
    return steps


def _children(document: object) -> Mapping[object, object]:
    """What is directly inside an object or an array, by name or index."""
    if isinstance(document, list):
        return dict(enumerate(document))
    return document if isinstance(document, dict) else {}


def _plain(error: ValidationError) -> list[ErrorDetails]:
    """Pydantic's errors without the input and its context, which may be personal."""
    return error.errors(include_url=False, include_context=False, include_input=False)


def _summary(place: str, names: Iterable[str]) -> str:
    """One sentence that names the wrong fields, for people who read only `detail`."""
    return f"The {place} is not valid: see {', '.join(dict.fromkeys(names))}."
