"""What people are called, when a page is drawn for somebody who may see it: participants, and guests."""

from collections.abc import Collection, Mapping
from typing import Final

from pydantic import BaseModel

from schemas.identifiers import is_guest_id
from services.chassis.neighbour_calls import NeighbourCalls
from services.chassis.settings import CommonSettings
from services.streaming_bridge.adapters.guests import SqlGuests
from services.streaming_bridge.application.report_ports import KnownIdentities

_MOST_AT_ONCE: Final = 500


class _Names(BaseModel):
    names: dict[str, str]


class _Identities(BaseModel):
    links: dict[str, str]
    addresses: dict[str, str]


class PeopleNames:
    """Participants' names are asked of registration, which keeps them; guests' are here."""

    def __init__(self, calls: NeighbourCalls, guests: SqlGuests, settings: CommonSettings) -> None:
        """Where registration is comes from `settings`."""
        self._calls = calls
        self._guests = guests
        self._url = f"{settings.registration_url}/internal/names"
        self._identities = f"{settings.registration_url}/internal/identities"

    async def names(self, event_id: str, subjects: Collection[str]) -> Mapping[str, str]:
        """The names of those whose name is known now; of participants only what registration answers."""
        names, _ = await self._find(event_id, subjects)
        return names

    async def all_names(self, event_id: str, subjects: Collection[str]) -> Mapping[str, str] | None:
        """The names of all who have one; None while registration is away."""
        names, answered = await self._find(event_id, subjects)
        return names if answered else None

    async def _find(self, event_id: str, subjects: Collection[str]) -> tuple[Mapping[str, str], bool]:
        """What is known now, and whether that is all."""
        guests = sorted({subject for subject in subjects if is_guest_id(subject)})
        participants = sorted(set(subjects).difference(guests))
        found: dict[str, str] = {}
        for start in range(0, len(guests), _MOST_AT_ONCE):
            found |= await self._guests.names(guests[start : start + _MOST_AT_ONCE])
        for start in range(0, len(participants), _MOST_AT_ONCE):
            ids = participants[start : start + _MOST_AT_ONCE]
            answered = await self._calls.ask(self._url, {"event_id": event_id, "ids": ids}, _Names)
            if answered is None:
                return found, False
            found |= answered.names
        return found, True

    async def identities(self, event_id: str, emails: Collection[str]) -> KnownIdentities | None:
        """Which guest is which participant, and whose an address is; None while registration is away."""
        body = {"event_id": event_id, "emails": sorted(emails)}
        answered = await self._calls.ask(self._identities, body, _Identities)
        if answered is None:
            return None
        return KnownIdentities(links=answered.links, addresses=answered.addresses)
