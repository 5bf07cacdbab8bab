"""The tables of attendance sheets: what an event's are made with, and who signed for which half-day."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, String, Table, Text

from services.chassis.database import UtcInstant
from services.registration.adapters.tables import METADATA

SHEET_SETTINGS: Final = Table(
    "sheet_settings",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("asked", String(20), nullable=False),
    Column("from_afar", Boolean, nullable=False),
    Column("trainers", JSON, nullable=False),
)
"""Events without a row have room for signatures on paper."""
SIGNATURES: Final = Table(
    "signatures",
    METADATA,
    Column("participant_id", ForeignKey("registrations.participant_id"), primary_key=True),
    Column("half_day_id", String(40), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("way", String(20), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("taken_by", String(200), nullable=False),
    # The strokes or the typed name, sealed.
    Column("sealed", Text, nullable=False),
    Index("signatures_of_event", "event_id", "half_day_id"),
)
