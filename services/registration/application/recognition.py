"""Recognise guests as who registered: by what their platform vouches for, never by a name or against anybody's word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.registration.application.audit import acting
from services.registration.application.identities import Identities
from services.registration.application.imports import LineKeys
from services.registration.application.ports import Reading, Store
from services.registration.domain.audit import BRIDGE
from services.registration.domain.errors import EventNotFoundError, LinkConflictError, ParticipantNotFoundError


class Recognised(StrEnum):
    """What is known of a guest at an event."""

    LINKED = "linked"
    """They are somebody who registered, and it is told."""
    SETTLED = "settled"
    """Somebody said already who they are, or that they are not who they were taken for."""
    UNKNOWN = "unknown"
    """Nobody confirmed, or more than one, is known by this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A guest, with the id under which they registered with the platform, and an address that it vouches for."""

    guest_id: str
    registrant_id: str | None
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """Recognises the guests of the bridge."""

    store: Store
    identities: Identities
    keys: LineKeys

    async def recognise(self, event_id: str, strangers: Sequence[Stranger]) -> Mapping[str, Recognised]:
        """Link those who are known, and say what is known of each.

        A guest of whom somebody said anything before, be it that a link is undone, is left as they said.
        """
        with acting(BRIDGE):
            return {stranger.guest_id: await self._recognise(event_id, stranger) for stranger in strangers}

    async def _recognise(self, event_id: str, stranger: Stranger) -> Recognised:
        async with self.store.reading() as view:
            if await view.guest_link(event_id, stranger.guest_id) is not None:
                return Recognised.SETTLED
            participant_id = await self._known(view, event_id, stranger)
        if participant_id is None:
            return Recognised.UNKNOWN
        try:
            link = await self.identities.link(
                event_id, guest_id=stranger.guest_id, participant_id=participant_id, unless_judged=True
            )
        except LinkConflictError:
            return Recognised.SETTLED
        except (EventNotFoundError, ParticipantNotFoundError):
            return Recognised.UNKNOWN
        return Recognised.LINKED if link.participant_id == participant_id else Recognised.SETTLED

    async def _known(self, view: Reading, event_id: str, stranger: Stranger) -> str | None:
        """The one confirmed registration by the platform's id, as an import told it, else by the address."""
        if stranger.registrant_id is not None:
            # A list of registrants names each by this id, in the column of ids given elsewhere.
            key = self.keys.of("id", stranger.registrant_id)
            imported = await view.confirmed_by_line(event_id, key)
            if imported is not None:
                return imported
        if stranger.email is None:
            return None
        holders = await view.confirmed_with_address(event_id, stranger.email)
        return holders[0] if len(holders) == 1 else None
