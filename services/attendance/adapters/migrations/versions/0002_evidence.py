"""Withdrawn entries, evidence, earlier intervals in rows of their own, and what the figures are counted from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("withdrawn_at", sa.BigInteger))
    for column in (
        sa.Column("contradictions", sa.JSON),
        sa.Column("suspect", sa.JSON),
        sa.Column("earlier", sa.Integer, nullable=False, server_default="0"),
        sa.Column("modes", sa.String(16), nullable=False, server_default=""),
        sa.Column("changed", sa.BigInteger, nullable=False, server_default="0"),
    ):
        op.add_column("presence", column)
    op.create_index(
        "ix_presence_figures",
        "presence",
        ["event_id", "linked_to", "status", "registration", "registered_mode", "modes"],
    )
    op.create_index("ix_presence_changed", "presence", ["event_id", "changed"])
    op.create_table(
        "presence_earlier",
        sa.Column("event_id", sa.String(200), primary_key=True),
        sa.Column("subject", sa.String(200), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("intervals", sa.JSON, nullable=False),
    )
    _count_modes_of_old_rows()


def _count_modes_of_old_rows() -> None:
    """Each row says in which modes its intervals are; older ones are read once."""
    presence = sa.table(
        "presence",
        sa.column("event_id", sa.String),
        sa.column("subject", sa.String),
        sa.column("intervals", sa.JSON),
        sa.column("modes", sa.String),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(presence.c.event_id, presence.c.subject, presence.c.intervals)).all()
    for row in rows:
        modes = ",".join(sorted({interval["mode"] for interval in row.intervals}))
        if modes:
            this = sa.and_(presence.c.event_id == row.event_id, presence.c.subject == row.subject)
            connection.execute(sa.update(presence).where(this).values(modes=modes))


def downgrade() -> None:
    op.drop_table("presence_earlier")
    op.drop_index("ix_presence_changed", "presence")
    op.drop_index("ix_presence_figures", "presence")
    for column in ("changed", "modes", "earlier", "suspect", "contradictions"):
        op.drop_column("presence", column)
    op.drop_column("entries", "withdrawn_at")
