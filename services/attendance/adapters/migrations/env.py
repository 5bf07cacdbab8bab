from services.attendance.adapters.tables import metadata
from services.chassis.database import run_migrations

run_migrations(metadata)
