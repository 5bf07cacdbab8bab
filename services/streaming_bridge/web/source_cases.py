"""What the pages of sources draw on, joined once by `bootstrap`."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.clock import Clock
from services.streaming_bridge.adapters.claims import SqlClaims
from services.streaming_bridge.adapters.door_log import Counted, SqlDoorBook
from services.streaming_bridge.adapters.former_rooms import SqlFormerRooms
from services.streaming_bridge.adapters.platforms.anatomy import Platform
from services.streaming_bridge.application.door_log import DoorLog
from services.streaming_bridge.application.hooks import Hooks
from services.streaming_bridge.application.second_reading import SecondReading
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import StorageUnavailableError, UnknownSourceError
from services.streaming_bridge.domain.sources import PlatformName, Source
from services.streaming_bridge.web.source_standing import KEPT_FOR, LATELY

ONE: Final = "/sources/{source}"
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCases:
    """The use cases behind the pages."""

    book: SourceBook
    platforms: Mapping[PlatformName, Platform]
    door: DoorLog
    door_book: SqlDoorBook
    reading: SecondReading
    hooks: Hooks
    claims: SqlClaims
    former: SqlFormerRooms
    clock: Clock
    public_url: str

    async def source(self, request: web.Request) -> Source:
        """The source of the path, for organizers."""
        require(request)
        return await self.book.get(request.match_info["source"])

    async def counts(self, source: str | None = None) -> Sequence[Counted]:
        """What came for a source, or for all, up to this moment; with a full disk, up to when it was."""
        with suppress(StorageUnavailableError):
            await self.door.write()
        now = self.clock()
        return await self.door_book.counts(since=now - KEPT_FOR, lately=now - LATELY, source=source)

    def ago(self, instant: datetime) -> float:
        """How many seconds ago something was."""
        return (self.clock() - instant).total_seconds()


def name_in(request: web.Request) -> str:
    """The name in the path, whether there is a source of it or not (any more).

    Raises:
        UnknownSourceError: if no source could have it.
    """
    name = request.match_info["source"]
    if not _NAME.fullmatch(name):
        raise UnknownSourceError(name)
    return name


def path_of(source: Source) -> str:
    """Where a source's page is."""
    return ONE.format(source=source.name)
