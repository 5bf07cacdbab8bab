"""The names of people, asked of the services that keep them, when somebody with the right to see them asks for a page.

They stay in memory for a minute and go nowhere else. A service that does not answer costs names, never the page.
"""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError

from schemas.identifiers import is_guest_id
from services.chassis.access import internal_headers
from services.chassis.noted_acts import AuditNotes, NotedAct
from services.chassis.problems import unavailable
from services.chassis.settings import CommonSettings

_BELIEVED_SECONDS: Final = 60.0
_MOST_AT_ONCE: Final = 500
_PATIENCE_SECONDS: Final = 2.0

log = structlog.stdlib.get_logger(__name__)


class _Names(BaseModel):
    names: dict[str, str]


class NameDirectory:
    """Knows participants from registration and guests from the bridge."""

    def __init__(self, settings: CommonSettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Where the services are comes from `settings`."""
        self._participants = f"{settings.registration_url}/internal/names"
        self._audit = AuditNotes(settings)
        self._guests = f"{settings.streaming_bridge_url}/internal/guest-names"
        self._headers = internal_headers(settings)
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, str | None]] = {}
        self._session: aiohttp.ClientSession | None = None

    async def names(self, event_id: str, subjects: Collection[str]) -> Mapping[str, str]:
        """The names of those whose name is known now."""
        now = self._monotonic()
        # All that is old goes, also what nobody asks for any more: a name that was erased must not live on here.
        self._known = {subject: known for subject, known in self._known.items() if known[0] > now}
        wanted = [subject for subject in subjects if subject not in self._known]
        guests = [subject for subject in wanted if is_guest_id(subject)]
        participants = [subject for subject in wanted if not is_guest_id(subject)]
        for url, ids in ((self._participants, participants), (self._guests, guests)):
            for start in range(0, len(ids), _MOST_AT_ONCE):
                chunk = ids[start : start + _MOST_AT_ONCE]
                if not await self._learn(url, event_id, chunk):
                    break
        found = {subject: self._known[subject][1] for subject in subjects if subject in self._known}
        return {subject: name for subject, name in found.items() if name is not None}

    async def note_taken_along(self, event_id: str, *, by: str) -> None:
        """See the port."""
        if not await self._audit.note(NotedAct.PRESENCE_EXPORTED, by=by, event_id=event_id):
            raise unavailable(
                "This file holds names, and registration, which notes who takes names along, does not answer.",
                retry_after=2,
            )

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _learn(self, url: str, event_id: str, ids: list[str]) -> bool:
        """Ask for some names and keep them; whether there was an answer."""
        try:
            body = {"event_id": event_id, "ids": ids}
            async with self._connected().post(url, json=body, headers=self._headers) as response:
                response.raise_for_status()
                names = _Names.model_validate_json(await response.read()).names
        except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
            # Only the kind of error is logged: its text may quote what was answered.
            log.warning("names.unreachable", error=type(error).__name__)
            return False
        until = self._monotonic() + _BELIEVED_SECONDS
        self._known.update((subject, (until, names.get(subject))) for subject in ids)
        return True

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE_SECONDS))
        return self._session
