"""Answers in JSON, written by the models that describe them."""

from aiohttp import web
from pydantic import BaseModel


def answer(view: BaseModel, *, status: int = 200, location: str | None = None) -> web.Response:
    """A model as JSON."""
    headers = {} if location is None else {"Location": location}
    return web.Response(
        status=status, body=view.model_dump_json().encode(), content_type="application/json", headers=headers
    )
