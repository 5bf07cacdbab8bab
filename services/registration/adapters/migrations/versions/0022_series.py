"""The series that an event is one of."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("series", sa.String(200), nullable=True))
