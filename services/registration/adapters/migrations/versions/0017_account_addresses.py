"""Letters to an address that is not the account's: one that is to be, or that was."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account_letters", sa.Column("address", sa.Text(), nullable=True))
