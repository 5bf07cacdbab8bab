"""How the meetings of an event stand: for its page, and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.streaming_bridge.adapters.meetings import SqlMeetings
from services.streaming_bridge.adapters.room_watch import SqlRoomWatch
from services.streaming_bridge.adapters.sightings import SqlSightings
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.meetings import HeldEvent, Meeting, RoomOfEvent
from services.streaming_bridge.domain.room_checks import Drift
from services.streaming_bridge.domain.shared_ids import SharedId, shared_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Meetings:
    """Puts together what is known of each room."""

    known: SqlMeetings
    watch: SqlRoomWatch
    sightings: SqlSightings
    book: SourceBook

    async def event(self, event_id: str) -> HeldEvent | None:
        """The event, None if it is unknown here."""
        return await self.known.event(event_id)

    async def shared_ids(self, event_id: str) -> Sequence[SharedId]:
        """Who was there under several names at once, in any of them."""
        return shared_ids(await self.sightings.of_event(event_id))

    async def of(self, event_id: str) -> Sequence[Meeting]:
        """Its rooms that are on a platform, in its own order."""
        platforms = {source.name: source.platform for source in await self.book.all()}
        drifts = await self.known.drifts(event_id)

        async def meeting(room: RoomOfEvent) -> Meeting:
            claimed = room.claimed
            state = await self.watch.state(claimed)
            told: Sequence[Drift] = drifts.get((claimed.source, claimed.room_key), ())
            return Meeting(
                room=room,
                platform=platforms.get(claimed.source),
                opened_at=state.opened_at,
                closed_at=state.closed_at,
                present=len(state.attending),
                check=await self.watch.last_check(claimed),
                drifts=told,
                last_delivery=await self.known.last_delivery(claimed),
                last_report=await self.known.last_report(claimed),
            )

        return [await meeting(room) for room in await self.known.rooms(event_id)]
