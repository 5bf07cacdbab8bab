"""Deliveries that were told to one event and are told to another; at which events it is settled who guests are."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("told_as", "first_told_to", "first_subject"):
        op.add_column("deliveries", sa.Column(column, sa.String(length=200), nullable=True))
    of_participants = sa.text("first_subject IS NOT NULL")
    op.create_index(
        "deliveries_told_again",
        "deliveries",
        ["first_subject"],
        unique=False,
        sqlite_where=of_participants,
        postgresql_where=of_participants,
    )
    op.create_table(
        "guests_of_events",
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("guest_id", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("guest_id", "event_id"),
    )
    op.create_index("ix_guests_of_events_made_at", "guests_of_events", ["made_at"], unique=False)
    # At which event they were settled was not kept: at all of them, as it was taken until now.
    op.execute(
        "INSERT INTO guests_of_events (event_id, guest_id, made_at, settled_at) "
        "SELECT DISTINCT deliveries.event_id, guests.guest_id, guests.first_seen_at, guests.settled_at "
        "FROM deliveries JOIN guests ON guests.guest_id = deliveries.subject "
        "WHERE deliveries.event_id IS NOT NULL"
    )
    op.drop_column("guests", "settled_at")
