"""The whole list of registrations, to be taken along by an organizer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.registration.application.ports import Participant, RosterQuery, Store
from services.registration.domain.audit import Act, Deed
from services.registration.domain.event import Event

_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """The lists of all events."""

    store: Store

    async def roster(self, event_id: str) -> tuple[Event, Sequence[Participant]]:
        """The event and all its registrations, in the order they were made; that they were taken is noted.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            await transaction.note(Deed(act=Act.REGISTRATIONS_EXPORTED, event_id=event_id))
        everybody: list[Participant] = []
        async with self.store.reading() as view:
            while True:
                last = everybody[-1].registration if everybody else None
                after = None if last is None else (last.created_at, last.participant_id)
                page = await view.roster(event_id, RosterQuery(limit=_AT_A_TIME, after=after))
                everybody += page
                if len(page) < _AT_A_TIME:
                    return event, everybody
