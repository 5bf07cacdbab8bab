"""Indexes that hold only the rows that are found by them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PEOPLE = ("participant", "guest")


def upgrade() -> None:
    for who in _PEOPLE:
        op.drop_index(f"ix_entries_{who}", "entries")
        _partial(f"ix_entries_{who}", ["event_id", f"{who}_id", "time", "id"], f"{who}_id IS NOT NULL")
    _partial("ix_entries_modeless", ["event_id", "time", "id"], "mode IS NULL")


def downgrade() -> None:
    op.drop_index("ix_entries_modeless", "entries")
    for who in _PEOPLE:
        op.drop_index(f"ix_entries_{who}", "entries")
        op.create_index(f"ix_entries_{who}", "entries", ["event_id", f"{who}_id", "time", "id"])


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "entries", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
