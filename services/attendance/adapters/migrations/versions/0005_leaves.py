"""The hash of each fact as a leaf of its event's evidence stands beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of facts that are there already it is made when it is asked for.
    op.add_column("entries", sa.Column("leaf", sa.LargeBinary(32)))


def downgrade() -> None:
    op.drop_column("entries", "leaf")
