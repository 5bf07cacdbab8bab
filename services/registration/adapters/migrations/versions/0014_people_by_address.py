"""An index of addresses: who registers is looked for by theirs, however many people the event has."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("people_by_address", "people", [sa.text("lower(email)")], unique=False)
