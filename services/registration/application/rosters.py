"""All registrations of an event, read page by page."""

from collections.abc import Sequence
from typing import Final

from services.registration.application.ports import Participant, Reading, RosterQuery

_AT_A_TIME: Final = 500


async def everybody(view: Reading, event_id: str) -> Sequence[Participant]:
    """In the order they were made."""
    found: list[Participant] = []
    while True:
        last = found[-1].registration if found else None
        after = None if last is None else (last.created_at, last.participant_id)
        page = await view.roster(event_id, RosterQuery(limit=_AT_A_TIME, after=after))
        found += page
        if len(page) < _AT_A_TIME:
            return found
