"""The tables of retention: what events prove, which names are kept longer for; and what each run deleted."""

from typing import Final

from sqlalchemy import Column, ForeignKey, String, Table

from services.chassis.retention_ledger import retention_runs_table
from services.registration.adapters.tables import METADATA

TRAINING_PROOFS: Final = Table(
    "training_proofs",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("proof", String(20), nullable=False),
)
"""Events without a row prove nothing."""
RETENTION_RUNS: Final = retention_runs_table(METADATA)
