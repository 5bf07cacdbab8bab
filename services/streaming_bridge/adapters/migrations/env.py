"""Alembic's entry: everything is in `services.chassis.database`."""

from services.chassis.database import run_migrations
from services.streaming_bridge.adapters.tables import METADATA

run_migrations(METADATA)
