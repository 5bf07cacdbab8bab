"""The whole list of registrations, to be taken along by an organizer."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registration.application.ports import Participant, Store
from services.registration.application.rosters import everybody
from services.registration.domain.audit import Act, Deed
from services.registration.domain.event import Event


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
        async with self.store.reading() as view:
            return event, await everybody(view, event_id)
