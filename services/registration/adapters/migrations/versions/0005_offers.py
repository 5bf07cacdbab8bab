"""Seats that are offered, places on the waitlist of each mode, no-shows, groups and venues."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PARTIAL = {
    "registrations_waiting_in_person": ("event_id", "in_person_rank"),
    "registrations_waiting_remote": ("event_id", "remote_rank"),
    "registrations_offered": ("event_id", "offered"),
    "registrations_by_offer": ("offered_until",),
    "registrations_of_group": ("event_id", "group_id"),
}


def upgrade() -> None:
    with op.batch_alter_table("events") as events:
        # The events that there are go on as they began: a seat that comes free is given at once.
        events.add_column(sa.Column("offer_minutes", sa.Integer(), nullable=False, server_default="0"))
        events.add_column(sa.Column("no_show_minutes", sa.Integer(), nullable=True))
        events.add_column(sa.Column("no_shows_from", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("events") as events:
        events.alter_column("offer_minutes", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
    op.drop_index("registrations_by_seat", table_name="registrations")
    with op.batch_alter_table("registrations") as registrations:
        registrations.add_column(sa.Column("in_person_rank", sa.Integer(), nullable=True))
        registrations.add_column(sa.Column("remote_rank", sa.Integer(), nullable=True))
        registrations.add_column(sa.Column("offered", sa.String(length=20), nullable=True))
        registrations.add_column(sa.Column("offered_until", sa.BigInteger(), nullable=True))
        registrations.add_column(sa.Column("released_at", sa.BigInteger(), nullable=True))
        registrations.add_column(sa.Column("headcount", sa.Integer(), nullable=True))
        registrations.add_column(sa.Column("group_id", sa.String(length=40), nullable=True))
    for mode in ("in_person", "remote"):
        waiting = f"mode = '{mode}' AND status = 'waitlisted'"
        op.execute(f"UPDATE registrations SET {mode}_rank = rank WHERE {waiting}")  # noqa: S608  (our own words)
    with op.batch_alter_table("registrations") as registrations:
        registrations.drop_column("rank")
    op.create_index("registrations_by_seat", "registrations", ["event_id", "mode", "status"], unique=False)
    for name, columns in _PARTIAL.items():
        where = sa.text(f"{columns[-1]} IS NOT NULL")
        op.create_index(name, "registrations", list(columns), sqlite_where=where, postgresql_where=where)
