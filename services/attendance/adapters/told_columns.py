"""What analysts may be told of an event, in columns: the only tables that are made from it."""

from typing import Final

import pyarrow as pa

from services.attendance.adapters.columns import AGENDA, HORIZONS, INTERVALS, Columns
from services.attendance.application.analysis import Analysed

TOLD: Final = pa.schema([INTERVALS.field(name) for name in ("event_id", "person", "mode", "started_at", "ended_at")])
"""What is told of an interval: no mark of how it was known, which few share."""


def columns_of(analysed: Analysed) -> Columns:
    """A database with what is told and the views over it; it is the caller's to close."""
    event_id = analysed.event.event_id
    stays = [
        {
            "event_id": event_id,
            "person": stay.person,
            "mode": stay.mode.value,
            "started_at": stay.started_at,
            "ended_at": stay.ended_at,
        }
        for stay in analysed.stays
    ]
    agenda = [
        {
            "event_id": event_id,
            "session_id": session.session_id,
            "title": session.title,
            "starts_at": session.starts_at,
            "ends_at": session.ends_at,
        }
        for session in analysed.sessions
    ]
    columns = Columns()
    columns.add("presence_intervals", pa.Table.from_pylist(stays, schema=TOLD))
    columns.add("agenda", pa.Table.from_pylist(agenda, schema=AGENDA))
    columns.add("horizons", HORIZONS.empty_table())
    columns.make_views()
    columns.close_doors()
    return columns
