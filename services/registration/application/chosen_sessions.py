"""What participants chose of the sessions that people register for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.registration.application.session_ports import SessionReading
from services.registration.domain.agenda import Session
from services.registration.domain.event import Event
from services.registration.domain.session_places import SessionPlace, at_the_same_time, to_register_for


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenSession:
    """A session that somebody chose, or has left (`place` tells); `position` is 1 for the next of who waits.

    `removed` is for what is not in the agenda any more.
    """

    session: Session
    place: SessionPlace
    position: int | None = None
    removed: bool = False


async def chosen_sessions(
    view: SessionReading, event: Event, participant_ids: Collection[str], *, gone_too: bool = False
) -> Mapping[str, Sequence[ChosenSession]]:
    """What some participants of an event chose, in the order of the agenda; who chose nothing is left out.

    With `gone_too`, also what they chose once and left, and then what was removed from the agenda.
    """
    removed = [one for one in event.removed_sessions if one.registration_needed] if gone_too else []
    sessions = [*to_register_for(event), *removed]
    if not sessions:
        return {}
    positions = await view.session_positions(participant_ids)
    places = {place.key: place for place in await view.session_places(participant_ids) if gone_too or not place.is_left}
    found = {
        participant_id: [
            ChosenSession(session=session, place=places[key], position=positions.get(key), removed=session in removed)
            for session, key in ((session, (participant_id, session.session_id)) for session in sessions)
            if key in places
        ]
        for participant_id in participant_ids
    }
    return {participant_id: mine for participant_id, mine in found.items() if mine}


def clashes(chosen: Sequence[ChosenSession]) -> Sequence[tuple[Session, Session]]:
    """Those of somebody's sessions that take place at the same time, because the agenda changed after they chose."""
    return at_the_same_time([each.session for each in chosen if not (each.removed or each.place.is_left)])
