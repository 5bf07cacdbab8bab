"""The door that a desk link is for, apart from whom it is for."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("desk_links", sa.Column("gate", sa.String(length=100), nullable=True))
