"""The tables of rules of eligibility, each change a row, and of what participants contest."""

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from services.chassis.database import UtcInstant
from services.registration.adapters.tables import METADATA

ELIGIBILITY_RULES: Final = Table(
    "eligibility_rules",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("rules", JSON, nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("by", String(200), nullable=False),
)
CONTESTS: Final = Table(
    "contests",
    METADATA,
    Column("contest_id", String(200), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("participant_id", ForeignKey("registrations.participant_id"), nullable=False, index=True),
    Column("at", UtcInstant, nullable=False),
    Column("changed_at", UtcInstant, nullable=False),
    # What people wrote is sealed, both ways.
    Column("sealed_text", Text, nullable=False),
    Column("half_day_id", String(40)),
    Column("session_id", String(200)),
    Column("mode", String(20)),
    Column("starts_at", UtcInstant),
    Column("ends_at", UtcInstant),
    Column("outcome", String(20)),
    Column("answered_at", UtcInstant),
    Column("answered_by", String(200)),
    Column("sealed_reason", Text),
    Column("granted_mode", String(20)),
    Column("granted_from", UtcInstant),
    Column("granted_until", UtcInstant),
    Column("granted_session_id", String(200)),
    Index("contests_of_event", "event_id", "at"),
)
