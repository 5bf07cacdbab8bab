"""Whose names a page shows, and to whom."""

from collections.abc import Collection, Mapping
from typing import Final, Protocol

from aiohttp import web


class Names(Protocol):
    """Knows the names of participants and guests."""

    async def names(self, event_id: str, subjects: Collection[str]) -> Mapping[str, str]:
        """The names of those whose name is known; never fails, it knows fewer."""
        ...

    async def note_taken_along(self, event_id: str, *, by: str) -> None:
        """Have it noted that somebody, by the id of their grant's holder, takes the names of everybody along.

        Raises:
            Problem: 503 if that cannot be noted now.
        """
        ...


NAMES: Final[web.AppKey[Names]] = web.AppKey("names")
