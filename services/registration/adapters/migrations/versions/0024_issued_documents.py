"""Issued documents: the register, as whom they are issued, and the certificates that are issued all at once."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issuers",
        sa.Column("issuer_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("stamp", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.PrimaryKeyConstraint("issuer_id"),
    )
    op.create_index("ix_issuers_event_id", "issuers", ["event_id"])
    op.create_table(
        "certificate_settings",
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("nature", sa.String(length=40), nullable=False),
        sa.Column("handed_out", sa.JSON(), nullable=False),
        sa.Column("employer_question", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_table(
        "issued_documents",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("participant_id", sa.String(length=200), nullable=True),
        sa.Column("part", sa.String(length=40), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("issuer_id", sa.String(length=40), nullable=True),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("issued_by", sa.String(length=200), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.Column("figures", sa.String(length=64), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("replaced_by", sa.String(length=20), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.issuer_id"]),
        sa.ForeignKeyConstraint(["participant_id"], ["registrations.participant_id"]),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("issued_documents_of_event", "issued_documents", ["event_id", "issued_at", "code"])
    op.create_index("ix_issued_documents_participant_id", "issued_documents", ["participant_id"])
    op.create_index("ix_issued_documents_issuer_id", "issued_documents", ["issuer_id"])
    op.create_table(
        "issued_files",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("given_out_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["issued_documents.code"]),
        sa.PrimaryKeyConstraint("code", "sha256"),
    )
    op.create_table(
        "certificate_batches",
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("letters", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done_up_to", sa.String(length=200), nullable=True),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.PrimaryKeyConstraint("batch_id"),
    )
    op.create_index("ix_certificate_batches_event_id", "certificate_batches", ["event_id"])
    op.create_index("ix_certificate_batches_state", "certificate_batches", ["state"])
