"""Answers in JSON, written by the models that describe them; and the way from a form to a page."""

from typing import Final

from aiohttp import web
from pydantic import BaseModel

ERASED_BEFORE: Final = "erased=before"
"""The query of a page that follows an erasure which had been done before."""


def answer(view: BaseModel, *, status: int = 200, location: str | None = None) -> web.Response:
    """A model as JSON."""
    headers = {} if location is None else {"Location": location}
    return web.Response(
        status=status, body=view.model_dump_json().encode(), content_type="application/json", headers=headers
    )


def see(path: str) -> web.Response:
    """Lead the browser to a page, by GET: what follows a form that was accepted."""
    return web.Response(status=303, headers={"Location": path})
