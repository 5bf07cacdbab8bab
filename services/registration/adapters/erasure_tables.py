"""The table of erasures: the record that somebody was forgotten, which must not remember them."""

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Index, Table

from services.chassis.database import UtcInstant
from services.chassis.scrubbing import scrubs_table
from services.registration.adapters.tables import METADATA

ERASURES: Final = Table(
    "erasures",
    METADATA,
    Column("participant_id", ForeignKey("registrations.participant_id"), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("at", UtcInstant, nullable=False),
    # How many pieces of which kind.
    Column("deleted", JSON, nullable=False),
    Index("erasures_of_event", "event_id", "at"),
)
SCRUBS: Final = scrubs_table(METADATA)
