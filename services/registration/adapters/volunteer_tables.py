"""The tables of volunteers' hours. Names stand apart: they are deleted, and the hours stay for the accounts."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from services.chassis.database import UtcInstant
from services.registration.adapters.tables import METADATA

VOLUNTEER_SHIFTS: Final = Table(
    "volunteer_shifts",
    METADATA,
    Column("shift_id", String(40), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("day", String(10), nullable=False),
    Column("task", String(100), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("skill", String(20), nullable=False),
    Column("noted_at", UtcInstant, nullable=False),
)
VOLUNTEER_NAMES: Final = Table(
    "volunteer_names",
    METADATA,
    Column("shift_id", ForeignKey("volunteer_shifts.shift_id"), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
)
VOLUNTEER_VALUATIONS: Final = Table(
    "volunteer_valuations",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("hourly_cents", Integer),
    Column("basis", Text),
    Column("skilled_percent", Integer, nullable=False),
    Column("expert_percent", Integer, nullable=False),
    Column("saved_at", UtcInstant, nullable=False),
)
