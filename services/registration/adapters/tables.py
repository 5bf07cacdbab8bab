"""The tables of registration. What is known of a person has tables of its own, so that erasing is deleting rows."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

from services.chassis.database import RowNumber, UtcInstant
from services.chassis.outbox import outbox_table
from services.chassis.stored_replies import idempotency_table

METADATA: Final = MetaData()

EVENTS: Final = Table(
    "events",
    METADATA,
    Column("event_id", String(200), primary_key=True),
    Column("title", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("starts_at", UtcInstant, nullable=False, index=True),
    Column("ends_at", UtcInstant, nullable=False),
    Column("timezone", String(100), nullable=False),
    Column("in_person_seats", Integer),
    Column("remote_seats", Integer),
    Column("grace_minutes", Integer, nullable=False),
    Column("reconnect_grace_seconds", Integer, nullable=False),
    Column("offer_minutes", Integer, nullable=False),
    Column("no_show_minutes", Integer),
    Column("description", Text),
    Column("series", String(200)),
    Column("no_shows_from", UtcInstant),
    Column("rooms", JSON, nullable=False),
    Column("sessions", JSON, nullable=False),
    Column("data_contact", JSON(none_as_null=True)),
    Column("questions", JSON(none_as_null=True)),
    Column("changed_at", UtcInstant, nullable=False),
    Column("retry_key", String(64), unique=True),
    Column("opened_at", UtcInstant),
    Column("closed_at", UtcInstant),
    Column("closed_by", String(20)),
    Column("archived_at", UtcInstant),
    Index("events_by_end", "status", "ends_at"),
)
REGISTRATIONS: Final = Table(
    "registrations",
    METADATA,
    Column("participant_id", String(200), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("ticket", String(12), nullable=False, unique=True),
    Column("in_person_rank", Integer),
    Column("remote_rank", Integer),
    Column("offered", String(20)),
    Column("offered_until", UtcInstant),
    Column("created_at", UtcInstant, nullable=False),
    Column("changed_at", UtcInstant, nullable=False),
    Column("moved_at", UtcInstant),
    Column("released_at", UtcInstant),
    Column("headcount", Integer),
    Column("group_id", String(40)),
    Column("retry_key", String(64)),
    Index("registrations_in_order", "event_id", "created_at", "participant_id"),
    Index("registrations_by_seat", "event_id", "mode", "status"),
    *(
        Index(
            name,
            *columns,
            sqlite_where=text(f"{columns[-1]} IS NOT NULL"),
            postgresql_where=text(f"{columns[-1]} IS NOT NULL"),
        )
        for name, columns in {
            "registrations_waiting_in_person": ("event_id", "in_person_rank"),
            "registrations_waiting_remote": ("event_id", "remote_rank"),
            "registrations_offered": ("event_id", "offered"),
            "registrations_by_offer": ("offered_until",),
            "registrations_of_group": ("event_id", "group_id"),
        }.items()
    ),
    Index("registrations_by_retry", "event_id", "retry_key", unique=True),
)
SESSION_PLACES: Final = Table(
    "session_places",
    METADATA,
    Column("participant_id", ForeignKey("registrations.participant_id"), primary_key=True),
    Column("session_id", String(200), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("rank", Integer),
    Column("changed_at", UtcInstant, nullable=False),
    Index("session_places_by_seat", "event_id", "session_id", "mode", "status", "rank"),
)
PEOPLE: Final = Table(
    "people",
    METADATA,
    Column("participant_id", ForeignKey("registrations.participant_id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("search_text", Text, nullable=False),
    Index("people_by_address", text("lower(email)")),
)
NEEDS: Final = Table(
    "accessibility_needs",
    METADATA,
    Column("participant_id", ForeignKey("registrations.participant_id"), primary_key=True),
    Column("needs", Text, nullable=False),
)
ANSWERS_TO_QUESTIONS: Final = Table(
    "answers_to_questions",
    METADATA,
    Column("participant_id", ForeignKey("registrations.participant_id"), primary_key=True),
    Column("question_id", String(200), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("answer", JSON, nullable=False),
)
CONSENTS: Final = Table(
    "consents",
    METADATA,
    Column("position", RowNumber, primary_key=True, autoincrement=True),
    Column("participant_id", ForeignKey("registrations.participant_id"), nullable=False, index=True),
    Column("purpose", String(40), nullable=False),
    Column("given", Boolean, nullable=False),
    Column("text_version", Integer, nullable=False),
    Column("at", UtcInstant, nullable=False),
)
SCANS: Final = Table(
    "scans",
    METADATA,
    Column("fact_id", String(200), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("participant_id", ForeignKey("registrations.participant_id"), nullable=False),
    Column("action", String(10), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("recorded_at", UtcInstant, nullable=False),
    Column("gate", String(100)),
    Column("device", String(100)),
    Column("place_id", String(200)),
    Column("clock_offset_ms", BigInteger),
    Column("voided_by", String(200)),
    Column("voided_at", UtcInstant),
    Index("scans_of_participant", "event_id", "participant_id", "at"),
    Index("scans_in_order", "event_id", "recorded_at"),
)
SETTLED_DOUBLE_ENTRIES: Final = Table(
    "settled_double_entries",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("fact_id", String(200), primary_key=True),
    Column("at", UtcInstant, nullable=False),
)
GUEST_LINKS: Final = Table(
    "guest_links",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("guest_id", String(200), primary_key=True),
    Column("participant_id", String(200)),
    Column("changed_at", UtcInstant, nullable=False),
    Column("set_aside", Boolean, nullable=False, server_default=false()),
)
TIME_ACCEPTANCES: Final = Table(
    "time_acceptances",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("fact_id", String(200), primary_key=True),
    Column("subject", String(200)),
    Column("accepted", Boolean, nullable=False),
    Column("at", UtcInstant, nullable=False),
)
TOKENS: Final = Table(
    "tokens",
    METADATA,
    Column("token_id", String(40), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("event_id", ForeignKey("events.event_id")),
    Column("created_at", UtcInstant, nullable=False),
    Column("expires_at", UtcInstant),
    Column("revoked_at", UtcInstant),
)
SIGN_IN_CODES: Final = Table(
    "sign_in_codes",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("expires_at", UtcInstant, nullable=False),
)
LETTERS: Final = Table(
    "letters",
    METADATA,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("participant_id", ForeignKey("registrations.participant_id"), nullable=False),
    Column("about", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("written_at", UtcInstant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcInstant),
    Column("settled_at", UtcInstant),
    Column("reason", String(100)),
    Index("letters_due", "due_at"),
    Index("letters_of_event", "event_id", "number"),
    Index("letters_of_participant", "participant_id", "number"),
)
OUTBOX: Final = outbox_table(METADATA)
IDEMPOTENCY: Final = idempotency_table(METADATA)
