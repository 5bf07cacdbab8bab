"""The bridge's own tables. What they hold about people: sealed names of guests, and nothing else."""

from typing import Final

import sqlalchemy as sa

from services.chassis.database import RowNumber, UtcInstant
from services.chassis.outbox import outbox_table
from services.chassis.retention_ledger import retention_runs_table
from services.chassis.scrubbing import scrubs_table
from services.chassis.stored_replies import idempotency_table

METADATA: Final = sa.MetaData()

SOURCES: Final = sa.Table(
    "sources",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("platform", sa.String(20), nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("sealed_secrets", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcInstant, nullable=False),
    sa.Column("updated_at", UtcInstant, nullable=False),
)

DELIVERIES: Final = sa.Table(
    "deliveries",
    METADATA,
    sa.Column("position", RowNumber, primary_key=True, autoincrement=True),
    sa.Column("fact_id", sa.String(36), nullable=False, unique=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("source_uri", sa.String(300), nullable=False),
    # accepted, unclaimed, ignored, unreadable; of a report also taken_back
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("event_id", sa.String(200), nullable=True),
    sa.Column("received_at", UtcInstant, nullable=False),
    # What happened; of an ignored delivery the platform's own word, of an unreadable one nothing.
    sa.Column("kind", sa.String(300), nullable=True),
    sa.Column("room_key", sa.String(1000), nullable=True),
    sa.Column("room_name", sa.String(300), nullable=True),
    sa.Column("room", sa.String(600), nullable=True),
    sa.Column("room_session", sa.String(300), nullable=True),
    sa.Column("happened_at", UtcInstant, nullable=True),
    sa.Column("subject", sa.String(200), nullable=True),
    sa.Column("connection", sa.String(600), nullable=True),
    sa.Column("joined_at", UtcInstant, nullable=True),
    # What a leave rests on that nobody told: silence.
    sa.Column("inferred", sa.String(20), nullable=True),
    # How many connections the platform counted in the room then.
    sa.Column("heads", sa.Integer, nullable=True),
    # Some bits of the name that somebody known to the platform came by: whether two came by different ones.
    sa.Column("name_mark", sa.String(4), nullable=True),
    # Of what was told to an event, and taken back there: under which id it is told now, or will be; to which event it
    # was told first; and, of a participant of that one, who it was: at any other event they are a guest.
    sa.Column("told_as", sa.String(200), nullable=True),
    sa.Column("first_told_to", sa.String(200), nullable=True),
    sa.Column("first_subject", sa.String(200), nullable=True),
    sa.Index(
        "deliveries_told_again",
        "first_subject",
        sqlite_where=sa.text("first_subject IS NOT NULL"),
        postgresql_where=sa.text("first_subject IS NOT NULL"),
    ),
    sa.Index(
        "deliveries_unclaimed",
        "source",
        "room_key",
        "position",
        sqlite_where=sa.text("state = 'unclaimed'"),
        postgresql_where=sa.text("state = 'unclaimed'"),
    ),
    sa.Index("deliveries_by_room", "source", "room_key", "happened_at"),
    sa.Index(
        "deliveries_of_event",
        "event_id",
        sqlite_where=sa.text("event_id IS NOT NULL"),
        postgresql_where=sa.text("event_id IS NOT NULL"),
    ),
)

EVENTS: Final = sa.Table(
    "events",
    METADATA,
    sa.Column("event_id", sa.String(200), primary_key=True),
    # Which snapshot of the event this is: the latest by (time, id) counts.
    sa.Column("changed_at", UtcInstant, nullable=False),
    sa.Column("changed_by", sa.String(200), nullable=False),
    sa.Column("starts_at", UtcInstant, nullable=False),
    sa.Column("ends_at", UtcInstant, nullable=False),
    sa.Column("cancelled", sa.Boolean, nullable=False),
    # Of an event that did not change since the bridge began to keep them, none.
    sa.Column("title", sa.Text, nullable=True),
    sa.Column("timezone", sa.String(100), nullable=True),
)

CLAIMS: Final = sa.Table(
    "claims",
    METADATA,
    sa.Column("event_id", sa.String(200), sa.ForeignKey("events.event_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("room_id", sa.String(200), nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("room", sa.String(500), nullable=False),
    sa.Column("room_key", sa.String(1000), nullable=False),
    sa.Index("claims_by_room", "source", "room_key"),
)

GIVEN_UP_ROOMS: Final = sa.Table(
    "given_up_rooms",
    METADATA,
    sa.Column("source", sa.String(200), primary_key=True),
    # As deliveries name the room; `claim_key` as claims do.
    sa.Column("room_key", sa.String(1000), primary_key=True),
    sa.Column("claim_key", sa.String(1000), nullable=False),
    sa.Column("given_up_at", UtcInstant, nullable=False),
)
"""Rooms that an event had and has no more; another may have them by now."""

GUESTS: Final = sa.Table(
    "guests",
    METADATA,
    sa.Column("guest_id", sa.String(40), primary_key=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("sealed_name", sa.LargeBinary, nullable=False),
    sa.Column("first_seen_at", UtcInstant, nullable=False, index=True),
)

GUESTS_OF_EVENTS: Final = sa.Table(
    "guests_of_events",
    METADATA,
    sa.Column("guest_id", sa.String(40), primary_key=True),
    sa.Column("event_id", sa.String(200), primary_key=True),
    sa.Column("made_at", UtcInstant, nullable=False, index=True),
    # Since when they are taken for a participant there.
    sa.Column("settled_at", UtcInstant, nullable=True),
)
"""At which events guests who gave a name were: it is kept until it is settled at all of them whose it is."""

FORGOTTEN_GUESTS: Final = sa.Table(
    "forgotten_guests",
    METADATA,
    sa.Column("guest_id", sa.String(40), primary_key=True),
    sa.Column("forgotten_at", UtcInstant, nullable=False, index=True),
)
"""Who turned out to be somebody who was erased: what they call themselves is not kept again."""

DOOR_COUNTS: Final = sa.Table(
    "door_counts",
    METADATA,
    sa.Column("platform", sa.String(20), primary_key=True),
    # As the address names it: of the names of no source only a few are kept.
    sa.Column("source", sa.String(64), primary_key=True),
    # An outcome, or the reason of a refusal.
    sa.Column("word", sa.String(40), primary_key=True),
    sa.Column("hour", UtcInstant, primary_key=True),
    sa.Column("refused", sa.Boolean, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("last_at", UtcInstant, nullable=False),
    sa.Index("door_counts_by_source", "source", "hour"),
)
"""What became of requests; written every few seconds, however many came."""

REFUSALS: Final = sa.Table(
    "refusals",
    METADATA,
    sa.Column("number", RowNumber, primary_key=True, autoincrement=True),
    sa.Column("platform", sa.String(20), nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("at", UtcInstant, nullable=False),
    sa.Index("refusals_by_source", "source", "number"),
)
"""The last few of each source, one by one."""

UNREADABLE: Final = sa.Table(
    "unreadable",
    METADATA,
    # The id of its dead letter.
    sa.Column("letter_id", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    # Which fields are wrong, and how: nothing of what they hold.
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("sealed_body", sa.LargeBinary, nullable=False),
    sa.Column("received_at", UtcInstant, nullable=False, index=True),
    sa.Column("tried_at", UtcInstant, nullable=True),
    sa.Index("unreadable_by_source", "source", "received_at", "letter_id"),
)
"""Verified deliveries that could not be read, whole and sealed, until they can be."""

CANCELLED_SEATS: Final = sa.Table(
    "cancelled_seats",
    METADATA,
    sa.Column("participant_id", sa.String(200), primary_key=True),
    sa.Column("cancelled_at", UtcInstant, nullable=False, index=True),
)
"""Who gave their seat back: the tokens of their pages are good for longer than that."""

VIEWINGS: Final = sa.Table(
    "viewings",
    METADATA,
    # Made of the event, the room, the participant and the page.
    sa.Column("viewing_id", sa.String(36), primary_key=True),
    sa.Column("event_id", sa.String(200), nullable=False),
    sa.Column("participant_id", sa.String(200), nullable=False),
    sa.Column("room", sa.String(600), nullable=False),
    sa.Column("page", sa.String(64), nullable=False),
    sa.Column("last_number", sa.BigInteger, nullable=False),
    sa.Column("heard_at", UtcInstant, nullable=False),
    sa.Column("ended_at", UtcInstant, nullable=True),
    sa.Column("ended_in_silence", sa.Boolean, nullable=False),
    sa.Index(
        "viewings_going_on",
        "heard_at",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
    sa.Index("viewings_ended", "ended_at"),
)
"""Who watches a stream on an event's page: from the first beat until some time after the last."""

ROOM_CHECKS: Final = sa.Table(
    "room_checks",
    METADATA,
    sa.Column("source", sa.String(200), primary_key=True),
    sa.Column("room_key", sa.String(1000), primary_key=True),
    sa.Column("event_id", sa.String(200), nullable=False),
    # Also who took the room to check it: nobody else does in that minute.
    sa.Column("checked_at", UtcInstant, nullable=False),
    sa.Column("ours", sa.Integer, nullable=False),
    sa.Column("theirs", sa.Integer, nullable=True),
    sa.Column("failure", sa.String(40), nullable=True),
    sa.Column("drifting_since", UtcInstant, nullable=True),
)
"""How each room that is watched stood when it was last compared with its platform."""

ROOM_DRIFTS: Final = sa.Table(
    "room_drifts",
    METADATA,
    sa.Column("number", RowNumber, primary_key=True, autoincrement=True),
    sa.Column("event_id", sa.String(200), nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("room_key", sa.String(1000), nullable=False),
    sa.Column("began_at", UtcInstant, nullable=False),
    sa.Column("ended_at", UtcInstant, nullable=True),
    sa.Column("ours", sa.Integer, nullable=False),
    sa.Column("theirs", sa.Integer, nullable=False),
    # Random ids, each with who alone knows of them, since when, and whether that is certain.
    sa.Column("suspects", sa.JSON, nullable=False),
    sa.Index("room_drifts_of_event", "event_id", "began_at"),
)
"""Alerts: a platform's live number and ours had drifted apart."""

GUEST_IDENTITIES: Final = sa.Table(
    "guest_identities",
    METADATA,
    sa.Column("guest_id", sa.String(40), primary_key=True),
    sa.Column("sealed_identity", sa.LargeBinary, nullable=False),
    sa.Column("first_seen_at", UtcInstant, nullable=False, index=True),
)
"""By what guests may be recognised: the id they registered under, an address that the platform vouches for."""

GUEST_QUESTIONS: Final = sa.Table(
    "guest_questions",
    METADATA,
    sa.Column("event_id", sa.String(200), primary_key=True),
    sa.Column("guest_id", sa.String(40), primary_key=True),
    sa.Column("made_at", UtcInstant, nullable=False),
    # None once it is known who they are, or that somebody said who they are not.
    sa.Column("due_at", UtcInstant, nullable=True, index=True),
    sa.Column("asked", sa.Integer, nullable=False),
)
"""At which events registration is to be asked who a guest is."""

REPORTS: Final = sa.Table(
    "reports",
    METADATA,
    sa.Column("report_id", sa.String(40), primary_key=True),
    sa.Column("event_id", sa.String(200), nullable=False, index=True),
    sa.Column("room_id", sa.String(200), nullable=False),
    sa.Column("zone", sa.String(100), nullable=False),
    sa.Column("sealed_report", sa.LargeBinary, nullable=False),
    sa.Column("brought_at", UtcInstant, nullable=False, index=True),
)
"""What platforms report of meetings, as organizers brought it: names and addresses, sealed, for a day at most."""

OFFSETS: Final = sa.Table(
    "offsets",
    METADATA,
    sa.Column("topic", sa.String(249), primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("next_offset", sa.BigInteger, nullable=False),
)

OUTBOX: Final = outbox_table(METADATA)
IDEMPOTENCY: Final = idempotency_table(METADATA)
SCRUBS: Final = scrubs_table(METADATA)
RETENTION_RUNS: Final = retention_runs_table(METADATA)
