"""Guests of whom an organizer said that they are nobody who registered."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("guest_links", sa.Column("set_aside", sa.Boolean(), nullable=False, server_default=sa.false()))
