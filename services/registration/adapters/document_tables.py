"""The tables of issued documents: random ids and digests, no name and no file; and as whom they were issued."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from services.chassis.database import UtcInstant
from services.registration.adapters.tables import METADATA

ISSUERS: Final = Table(
    "issuers",
    METADATA,
    Column("issuer_id", String(40), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("saved_at", UtcInstant, nullable=False),
    Column("details", JSON, nullable=False),
    Column("logo", LargeBinary),
    Column("stamp", LargeBinary),
)
"""Each change adds a row: a document is drawn again as it was issued."""
CERTIFICATE_SETTINGS: Final = Table(
    "certificate_settings",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("nature", String(40), nullable=False),
    Column("handed_out", JSON, nullable=False),
    Column("employer_question", String(200)),
)
ISSUED_DOCUMENTS: Final = Table(
    "issued_documents",
    METADATA,
    Column("code", String(20), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("participant_id", ForeignKey("registrations.participant_id"), index=True),
    Column("part", String(40)),
    Column("language", String(20), nullable=False),
    Column("issuer_id", ForeignKey("issuers.issuer_id"), index=True),
    Column("as_of", UtcInstant, nullable=False),
    Column("issued_at", UtcInstant, nullable=False),
    Column("issued_by", String(200), nullable=False),
    Column("root", String(64), nullable=False),
    Column("facts", Integer, nullable=False),
    Column("figures", String(64), nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("replaced_by", String(20)),
    Column("revoked_at", UtcInstant),
    Column("revoked_reason", Text),
    Index("issued_documents_of_event", "event_id", "issued_at", "code"),
)
ISSUED_FILES: Final = Table(
    "issued_files",
    METADATA,
    Column("code", ForeignKey("issued_documents.code"), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("given_out_at", UtcInstant, nullable=False),
)
CERTIFICATE_BATCHES: Final = Table(
    "certificate_batches",
    METADATA,
    Column("batch_id", String(40), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("actor", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("language", String(20)),
    Column("letters", Boolean, nullable=False),
    Column("started_at", UtcInstant, nullable=False),
    Column("as_of", UtcInstant, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("total", Integer, nullable=False),
    Column("done_up_to", String(200)),
    Column("issued", Integer, nullable=False),
    Column("refused", JSON, nullable=False),
)
