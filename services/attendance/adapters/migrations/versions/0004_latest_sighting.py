"""The latest sighting of an event is looked for no later than one can be."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sightings",
        sa.Column("event_id", sa.String(200), primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    # Of events that are there already, whatever is latest: it is no earlier.
    op.execute("INSERT INTO sightings (event_id, until) SELECT event_id, max(time) FROM entries GROUP BY event_id")


def downgrade() -> None:
    op.drop_table("sightings")
