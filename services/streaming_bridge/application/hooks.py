"""Webhooks that the bridge registers on a platform by itself, and again when the platform throws them away."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog

from services.streaming_bridge.adapters.platforms.bigbluebutton_hooks import BigBlueButtonHooks, Hook
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import (
    PlatformAwayError,
    PlatformRefusedError,
    StorageUnavailableError,
)
from services.streaming_bridge.domain.sources import PlatformName, Source

_KEPT: Final = "keeps_hook"
_PAUSE_SECONDS: Final = 60.0

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """The hooks of all sources; `callback_of` is the address that deliveries of a source come to."""

    book: SourceBook
    services: Mapping[PlatformName, BigBlueButtonHooks]
    callback_of: Callable[[Source], str]

    def registers(self, source: Source) -> bool:
        """Whether the platform of a source can be told by API where to send its deliveries."""
        return source.platform in self.services

    def is_kept(self, source: Source) -> bool:
        """Whether the bridge registers the hook again when it is gone."""
        return source.settings.get(_KEPT) == "yes"

    async def find(self, source: Source) -> Hook | None:
        """The hook as the platform has it.

        Raises:
            PlatformRefusedError: `no_hooks` for a platform that has none by API; as its service.
            PlatformAwayError: as its service.
        """
        return await self._service(source).find(source, self.callback_of(source))

    async def register(self, source: Source) -> Hook:
        """Have the hook there, and keep it there from now on. Raises as `find`."""
        hook = await self._service(source).register(source, self.callback_of(source))
        await self._keep(source, kept=True)
        return hook

    async def remove(self, source: Source) -> None:
        """Have the hook gone, and register it no more. Raises as `find`."""
        service = self._service(source)
        await self._keep(source, kept=False)
        await service.remove(source, self.callback_of(source))

    async def run(self) -> None:
        """Every minute, until cancelled, register again what was thrown away."""
        while True:
            try:
                for source in await self.book.all():
                    if self.is_kept(source) and self.registers(source):
                        await self.look_after(source)
            except StorageUnavailableError:
                log.warning("hooks.storage_unavailable")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def look_after(self, source: Source) -> None:
        """Register a hook that is gone; a platform that does not answer is asked again in a minute."""
        try:
            if await self.find(source) is None:
                await self._service(source).register(source, self.callback_of(source))
                log.warning("hooks.registered_again", source=source.name)
        except (PlatformAwayError, PlatformRefusedError) as error:
            log.warning("hooks.not_registered", source=source.name, reason=error.reason)

    def _service(self, source: Source) -> BigBlueButtonHooks:
        if (service := self.services.get(source.platform)) is None:
            raise PlatformRefusedError("no_hooks")
        return service

    async def _keep(self, source: Source, *, kept: bool) -> None:
        if self.is_kept(source) == kept:
            return
        settings = {**source.settings, _KEPT: "yes" if kept else "no"}
        await self.book.change(replace(source, settings=settings), new_secret=None, keep_previous=True)
