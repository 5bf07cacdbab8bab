"""Databases of a test's own: in SQLite, or in both that Passerelle supports.

@ON_BOTH
async def test_a_seat_is_given_once(new_database: NewDatabase) -> None:
    engine = create_engine(await new_database(MIGRATIONS))
"""

import shutil
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import pytest

from services.chassis.database import upgrade

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"

ON_BOTH: Final = pytest.mark.parametrize("new_database", [SQLITE, POSTGRESQL], indirect=True)
"""Runs each test twice; for those whose subject is what the database does."""
ON_POSTGRESQL: Final = pytest.mark.parametrize("new_database", [POSTGRESQL], indirect=True)


class NewDatabase(Protocol):
    """Makes databases, each gone after the test."""

    def __call__(self, migrations: Path | None = None) -> Awaitable[str]:
        """The URL of another one, brought up by an Alembic folder, or empty."""


@dataclass(frozen=True, slots=True)
class SqliteFiles:
    """Makes databases in files; `templates` keeps one of each schema, to be copied: migrating each takes longer."""

    templates: Path
    _schemas: dict[Path, Path] = field(default_factory=dict)

    async def make(self, file: Path, migrations: Path | None) -> str:
        """Make a database in `file`; gives its URL."""
        if migrations is not None:
            shutil.copyfile(await self._template(migrations), file)
        return _url(file)

    async def _template(self, migrations: Path) -> Path:
        if migrations not in self._schemas:
            file = self.templates / f"{len(self._schemas)}.db"
            await upgrade(_url(file), migrations)
            self._schemas[migrations] = file
        return self._schemas[migrations]


def _url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"
