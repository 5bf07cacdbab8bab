"""What analysts get: tables of closed events under random ids, without who would stand out from fewer than so many."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, Field

from services.attendance.adapters.column_forms import MEDIA_TYPES, TABLES, Form
from services.attendance.application.analysis import Analysed, Analysis, StillOpenError
from services.attendance.application.reading import UnknownEventError
from services.chassis.access import Grant, Role, require
from services.chassis.openapi import Api
from services.chassis.pages.downloads import file_name
from services.chassis.problems import conflict, not_found

ANALYSIS: Final = web.AppKey("analysis", Analysis)
_TABLE: Final = f"{{table:{'|'.join(TABLES)}}}"

analysis_api: Final = Api(tag="attendance")


class AnalysisView(BaseModel):
    """What is told of an event, and how much of it."""

    event_id: str
    title: str
    timezone: str
    smallest_group: Annotated[int, Field(description="Nobody is told of who would be in a smaller group than this.")]
    complete: Annotated[bool, Field(description="False: somebody, or some of somebody's time, is left out.")]
    people: Annotated[int, Field(description="How many people are told of.")]
    tables: Annotated[list[str], Field(description="Each at `analysis/{name}.parquet`, `.csv` and `.ndjson`.")]


@analysis_api.route(
    "GET",
    "/api/v1/events/{event_id}/analysis",
    summary="What analysts are told of a closed event",
    roles=[Role.ANALYST],
    answers={200: AnalysisView},
    problems=[409],
)
async def show_analysis(request: web.Request) -> web.Response:
    """Tables under random ids that are this account's (or token's) own; see docs/analysis.md."""
    analysed = await analysed_event(request)
    view = AnalysisView(
        event_id=analysed.event.event_id,
        title=analysed.event.title,
        timezone=analysed.event.timezone,
        smallest_group=analysed.smallest,
        complete=analysed.complete,
        people=len({stay.person for stay in analysed.stays}),
        tables=list(TABLES),
    )
    return web.json_response(text=view.model_dump_json(), headers={"Cache-Control": "no-store"})


async def analysed_event(request: web.Request) -> Analysed:
    """What the reader may be told of the event of the path.

    Raises:
        Problem: 404 if no fact tells of it, 409 while it is not closed.
    """
    event_id = request.match_info["event_id"]
    with refusals():
        return await request.app[ANALYSIS].of(event_id, reader=reader_of(require_analyst(request)))


@contextmanager
def refusals() -> Iterator[None]:
    """Why nothing is told of an event, as a problem: 404 if no fact tells of it, 409 while it is not closed."""
    try:
        yield
    except UnknownEventError:
        raise not_found("There is no such event.") from None
    except StillOpenError:
        raise conflict("Analysts are told of an event once it is closed.", reason="event_open") from None


def require_analyst(request: web.Request) -> Grant:
    """The grant of an analyst, or an organizer, of the event of the path."""
    return require(request, Role.ANALYST, event_id=request.match_info["event_id"])


def reader_of(grant: Grant) -> str:
    """On whose behalf it is asked: random ids of two readers do not join."""
    return grant.holder or grant.token_id


def _taking(form: Form) -> Handler:
    async def take(request: web.Request) -> web.Response:
        analysed = await analysed_event(request)
        table = request.match_info["table"]
        body = await asyncio.to_thread(_written, analysed, table, form)
        name = file_name(table, analysed.event.title, kind=form.value)
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return web.Response(body=body, content_type=MEDIA_TYPES[form], headers=headers)

    take.__name__ = f"take_analysis_{form.value}"
    take.__doc__ = "Instants are beginnings of minutes; columns and what is left out: docs/analysis.md."
    return take


for _form in Form:
    analysis_api.route(
        "GET",
        f"/api/v1/events/{{event_id}}/analysis/{_TABLE}.{_form.value}",
        summary=f"A table of a closed event, for analysts, as {_form.value}",
        roles=[Role.ANALYST],
        answers={200: MEDIA_TYPES[_form]},
        problems=[409],
    )(_taking(_form))


def _written(analysed: Analysed, table: str, form: Form) -> bytes:
    # Large libraries, which a service needs that analysts ask, and no other.
    from services.attendance.adapters.column_files import write_answer  # noqa: PLC0415
    from services.attendance.adapters.told_columns import columns_of  # noqa: PLC0415

    out = io.BytesIO()
    columns = columns_of(analysed)
    try:
        write_answer(columns.ask(f'FROM "{table}"'), form, out)
    finally:
        columns.close()
    return out.getvalue()
