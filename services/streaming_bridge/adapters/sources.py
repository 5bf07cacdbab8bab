"""Sources in SQL, with their secrets sealed."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.secrets import BrokenSealError, SecretBox
from services.streaming_bridge.adapters.storage import reading, storing
from services.streaming_bridge.adapters.tables import DOOR_COUNTS, REFUSALS, SOURCES
from services.streaming_bridge.domain.errors import SourceExistsError, UnknownSourceError
from services.streaming_bridge.domain.sources import PlatformName, Source

log = structlog.stdlib.get_logger(__name__)


class SqlSources:
    """The sources of this installation."""

    def __init__(self, engine: AsyncEngine, reading: AsyncEngine, *, box: SecretBox) -> None:
        """`box` seals all that may never be shown."""
        self._engine = engine
        self._reading = reading
        self._box = box

    async def add(self, source: Source) -> None:
        """Store a new source.

        Raises:
            SourceExistsError: if its name is taken.
            StorageUnavailableError: if the database is away.
        """
        try:
            async with storing(self._engine) as connection:
                await connection.execute(sa.insert(SOURCES), self._row(source))
        except IntegrityError:
            raise SourceExistsError(source.name) from None

    async def replace(self, source: Source) -> None:
        """Store a changed source in the place of the one with its name."""
        async with storing(self._engine) as connection:
            await connection.execute(sa.update(SOURCES).where(SOURCES.c.name == source.name).values(self._row(source)))

    async def remove(self, name: str) -> None:
        """Forget a source, its secrets, and what was counted at its door.

        Raises:
            UnknownSourceError: if there is none of this name.
        """
        async with storing(self._engine) as connection:
            result = await connection.execute(sa.delete(SOURCES).where(SOURCES.c.name == name))
            # Who makes another one of this name begins with nothing counted.
            for table in (DOOR_COUNTS, REFUSALS):
                await connection.execute(sa.delete(table).where(table.c.source == name))
        if result.rowcount == 0:
            raise UnknownSourceError(name)

    async def all(self) -> Sequence[Source]:
        """Every source, by name."""
        async with reading(self._reading) as connection:
            rows = (await connection.execute(sa.select(SOURCES).order_by(SOURCES.c.name))).all()
        return [self._source(row) for row in rows]

    def _row(self, source: Source) -> dict[str, object]:
        sealed = json.dumps({"webhook": source.webhook_secrets, "join": dict(source.secrets)})
        return {
            "name": source.name,
            "platform": source.platform,
            "settings": dict(source.settings),
            "sealed_secrets": self._box.seal(sealed.encode()),
            "created_at": source.created_at,
            "updated_at": source.updated_at,
        }

    def _source(self, row: sa.Row[Any]) -> Source:
        try:
            opened = json.loads(self._box.open(row.sealed_secrets))
        except BrokenSealError:
            # The installation's key was changed. The source stays, so that its secrets can be entered again.
            log.error("sources.sealed_by_another_key", source=row.name)  # noqa: TRY400  (a traceback tells no more)
            opened = {"webhook": [], "join": {}}
        return Source(
            name=row.name,
            platform=PlatformName(row.platform),
            webhook_secrets=tuple(opened["webhook"]),
            settings=row.settings,
            secrets=opened["join"],
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
