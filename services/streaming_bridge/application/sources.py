"""The use cases of sources: make, look up, change, remove; several secrets are valid while one is being changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from services.chassis.clock import Clock
from services.streaming_bridge.domain.errors import UnknownSourceError
from services.streaming_bridge.domain.sources import PlatformName, Source

MOST_SECRETS: Final = 5
"""How many webhook secrets of a source are valid at once; a sixth pushes out the oldest."""


class Sources(Protocol):
    """Where sources are kept."""

    async def add(self, source: Source) -> None:
        """Store a new source, or raise `SourceExistsError`."""
        ...

    async def replace(self, source: Source) -> None:
        """Store a changed source."""
        ...

    async def remove(self, name: str) -> None:
        """Forget a source, or raise `UnknownSourceError`."""
        ...

    async def all(self) -> Sequence[Source]:
        """Every source."""
        ...


class SourceBook:
    """All sources, opened, in memory: a webhook must not wait for the database to know its secret.

    What changes here counts at once; what another process changed, at the next `refresh`. While the database is away
    the last known sources stand.
    """

    def __init__(self, sources: Sources, clock: Clock) -> None:
        """Join the parts; nothing is read before the first look."""
        self._sources = sources
        self._clock = clock
        self._known: Mapping[str, Source] = {}
        self._was_read = False

    async def get(self, name: str, platform: PlatformName | None = None) -> Source:
        """The source of a name (and platform).

        Raises:
            UnknownSourceError: if there is none.
        """
        source = (await self._all()).get(name)
        if source is None or platform not in {None, source.platform}:
            raise UnknownSourceError(name)
        return source

    def knows(self, name: str) -> bool:
        """Whether there was a source of this name when it was last looked."""
        return name in self._known

    async def all(self) -> Sequence[Source]:
        """Every source, by name."""
        return list((await self._all()).values())

    async def add(self, source: Source) -> None:
        """Keep a new source.

        Raises:
            SourceExistsError: if its name is taken.
        """
        await self._sources.add(source)
        await self.refresh()

    async def change(self, source: Source, *, new_secret: str | None, keep_previous: bool) -> Source:
        """Keep a changed source; a new webhook secret stands before those that stay valid."""
        previous = source.webhook_secrets if keep_previous else source.webhook_secrets[: 0 if new_secret else 1]
        added = () if new_secret is None else (new_secret,)
        secrets = tuple(dict.fromkeys((*added, *previous)))[:MOST_SECRETS]
        changed = replace(source, webhook_secrets=secrets, updated_at=self._clock())
        await self._sources.replace(changed)
        await self.refresh()
        return changed

    async def remove(self, name: str) -> None:
        """Forget a source: its deliveries are unknown from now on, what came before stays.

        Raises:
            UnknownSourceError: if there is none.
        """
        await self._sources.remove(name)
        await self.refresh()

    async def _all(self) -> Mapping[str, Source]:
        if not self._was_read:
            await self.refresh()
        return self._known

    async def refresh(self) -> None:
        """Read again what other processes may have changed; to be called every few seconds.

        Raises:
            StorageUnavailableError: if the database is away.
        """
        self._known = {source.name: source for source in await self._sources.all()}
        self._was_read = True
