"""Questions that events ask of who registers, and the answers, apart from the rest of what is known of people."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("questions", sa.JSON(), nullable=True))
    op.create_table(
        "answers_to_questions",
        sa.Column("participant_id", sa.String(length=200), nullable=False),
        sa.Column("question_id", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.ForeignKeyConstraint(["participant_id"], ["registrations.participant_id"]),
        sa.PrimaryKeyConstraint("participant_id", "question_id"),
    )
    op.create_index("ix_answers_to_questions_event_id", "answers_to_questions", ["event_id"])
