"""The page of an event for analysts: what they are told of it, as tables and as files to take along."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiohttp import web

from services.attendance.adapters.column_forms import TABLES, Form
from services.attendance.application.analysis import Analysed, StillOpenError
from services.attendance.web.analysis_api import ANALYSIS, reader_of, require_analyst
from services.attendance.web.api import known_event
from services.chassis.pages import render

_ROWS: Final = 12
_STEPS: Final = (1, 5, 10, 15, 30, 60, 120, 240, 480, 1440)
"""Minutes between two rows of the table; files have every minute."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def add_analysis_page(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/events/{event_id}/analysis", show_analysis)


async def show_analysis(request: web.Request) -> web.Response:
    """What is told; of an event that is not closed, why nothing is."""
    grant = require_analyst(request)
    event = await known_event(request)
    told: dict[str, Any] = {"analysed": None}
    try:
        analysed = await request.app[ANALYSIS].of(event.event_id, reader=reader_of(grant))
    except StillOpenError:
        pass
    else:
        told = {"analysed": analysed, "people": len({stay.person for stay in analysed.stays})}
        told |= await asyncio.to_thread(_tables, analysed)
    return render(request, "analysis.html", event=event, files=TABLES, forms=[form.value for form in Form], **told)


def _tables(analysed: Analysed) -> dict[str, Any]:
    from services.attendance.adapters.told_columns import columns_of  # noqa: PLC0415  (large libraries)

    columns = columns_of(analysed)
    try:
        sessions = [row for batch in columns.ask("FROM sessions").batches for row in batch.to_pylist()]
        minutes = [row for batch in columns.ask("FROM minutes").batches for row in batch.to_pylist()]
    finally:
        columns.close()
    return {"sessions": sessions, "minutes": _at_round_times(minutes)}


def _at_round_times(minutes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    step = timedelta(minutes=next((step for step in _STEPS if len(minutes) / step <= _ROWS), _STEPS[-1]))
    return [row for row in minutes if not (row["minute"] - _EPOCH) % step]
