"""Answers to repeat are sealed from now on: those that were not are deleted, a day's at most."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.delete(sa.table("idempotency")))
