"""The tables of imports. What is kept of a file is personal data, and deleted after a day."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text

from services.chassis.database import UtcInstant
from services.registration.adapters.tables import METADATA

IMPORTS: Final = Table(
    "imports",
    METADATA,
    Column("import_id", String(40), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("actor", String(200), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("brought_at", UtcInstant, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("refused", JSON, nullable=False),
    Column("content", Text),
)
IMPORTED_LINES: Final = Table(
    "imported_lines",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("participant_id", ForeignKey("registrations.participant_id"), nullable=False, index=True),
    Column("by_id", Boolean, nullable=False),
    Column("said", JSON, nullable=False),
)
