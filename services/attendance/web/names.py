"""Whose names a page shows, and to whom."""

from collections.abc import Collection, Mapping
from typing import Final, Protocol

from aiohttp import web


class Names(Protocol):
    """Knows the names of participants and guests."""

    async def names(self, event_id: str, subjects: Collection[str]) -> Mapping[str, str]:
        """The names of those whose name is known; never fails, it knows fewer."""
        ...


NAMES: Final[web.AppKey[Names]] = web.AppKey("names")
