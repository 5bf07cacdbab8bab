"""The API of an event's meetings: how each room stands, beside what its platform says."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Identifier, Instant
from schemas.identifiers import is_guest_id
from services.chassis.access import Role, require_internal
from services.chassis.clock import Clock
from services.chassis.http import read_json
from services.chassis.openapi import Api
from services.chassis.problems import not_found
from services.streaming_bridge.adapters.former_rooms import SqlFormerRooms
from services.streaming_bridge.application.joining import Joining
from services.streaming_bridge.application.meetings import Meetings
from services.streaming_bridge.domain.drift import KnownTo, Suspect
from services.streaming_bridge.domain.meetings import HeldEvent, Meeting
from services.streaming_bridge.domain.room_checks import Check, Drift
from services.streaming_bridge.domain.shared_ids import SharedId
from services.streaming_bridge.domain.sources import PlatformName
from services.streaming_bridge.settings import BridgeSettings
from services.streaming_bridge.web.former_rooms_api import add_former_rooms_operations


class SuspectView(BaseModel):
    """Somebody who may be why two numbers differ."""

    participant_id: str | None
    guest_id: str | None
    known_to: KnownTo = Field(description="Who alone has them in the room: `passerelle` or the `platform`.")
    since: Instant | None
    certain: bool = Field(description="False where the platform only counts: one of the suspects it may be.")

    @classmethod
    def of(cls, suspect: Suspect) -> "SuspectView":
        """The view of a suspect."""
        guest = is_guest_id(suspect.subject)
        return cls(
            participant_id=None if guest else suspect.subject,
            guest_id=suspect.subject if guest else None,
            known_to=suspect.known_to,
            since=suspect.since,
            certain=suspect.certain,
        )


class DriftView(BaseModel):
    """An alert: for at least three minutes more than two connections were known to one side alone."""

    began_at: Instant
    ended_at: Instant | None = Field(description="Absent while it goes on.")
    present: int
    platform_present: int
    suspects: list[SuspectView]

    @classmethod
    def of(cls, drift: Drift) -> "DriftView":
        """The view of an alert."""
        return cls(
            began_at=drift.began_at,
            ended_at=drift.ended_at,
            present=drift.ours,
            platform_present=drift.theirs,
            suspects=[SuspectView.of(suspect) for suspect in drift.suspects],
        )


class CheckView(BaseModel):
    """The last comparison with the platform."""

    checked_at: Instant
    present: int
    platform_present: int | None = Field(description="Absent where the platform gave no number.")
    failure: str | None = Field(description="Why the platform could not be asked, in a stable word.")
    drifting_since: Instant | None

    @classmethod
    def of(cls, check: Check) -> "CheckView":
        """The view of a check."""
        return cls(
            checked_at=check.checked_at,
            present=check.ours,
            platform_present=check.theirs,
            failure=check.failure,
            drifting_since=check.drifting_since,
        )


class MeetingView(BaseModel):
    """A room of an event at a platform."""

    room_id: str
    name: str
    source: str
    platform: PlatformName | None = Field(description="Absent where there is no source of this name.")
    platform_room: str = Field(description="The platform's own name of the room.")
    state: Literal["open", "closed", "never_opened"]
    opened_at: Instant | None
    closed_at: Instant | None
    present: int = Field(description="Connections now, by what was delivered; machines left out.")
    last_delivery_at: Instant | None
    check: CheckView | None
    drifts: list[DriftView] = Field(description="The latest five, the latest first.")

    @classmethod
    def of(cls, meeting: Meeting) -> "MeetingView":
        """The view of a meeting."""
        claimed = meeting.room.claimed
        return cls(
            room_id=meeting.room.room_id,
            name=meeting.room.label,
            source=claimed.source,
            platform=meeting.platform,
            platform_room=claimed.room,
            state=meeting.state,
            opened_at=meeting.opened_at,
            closed_at=meeting.closed_at,
            present=meeting.present,
            last_delivery_at=meeting.last_delivery,
            check=None if meeting.check is None else CheckView.of(meeting.check),
            drifts=[DriftView.of(drift) for drift in meeting.drifts],
        )


class SharedIdView(BaseModel):
    """One id of a platform on several connections at once, under different names: two people, mostly, and one link."""

    participant_id: str | None
    guest_id: str | None
    source: str
    platform_room: str
    connections: int
    since: Instant
    until: Instant | None = Field(description="Absent while it goes on.")

    @classmethod
    def of(cls, shared: SharedId) -> "SharedIdView":
        """The view of a finding."""
        guest = is_guest_id(shared.subject)
        return cls(
            participant_id=None if guest else shared.subject,
            guest_id=shared.subject if guest else None,
            source=shared.source,
            platform_room=shared.room_key,
            connections=shared.connections,
            since=shared.since,
            until=shared.until,
        )


class MeetingsView(BaseModel):
    """The rooms of an event that are on a platform."""

    event_id: str
    meetings: list[MeetingView]
    shared_ids: list[SharedIdView]


class AskedEvent(BaseModel):
    """The event whose page is drawn."""

    event_id: Identifier


def add_drifting_rooms(
    app: web.Application, meetings: Meetings, joining: Joining, former: SqlFormerRooms, settings: BridgeSettings
) -> None:
    """`POST /internal/drifting-rooms {event_id}` → `{rooms, without_way_in, formerly}`, for the other services alone.

    How many have an alert, for how many no link can be made, and how many count there that the event has no more.
    """

    async def drifting_rooms(request: web.Request) -> web.StreamResponse:
        require_internal(request, settings)
        asked = await read_json(request, AskedEvent)
        without = await joining.rooms_without_way_in(asked.event_id)
        return web.json_response(
            {
                "rooms": await meetings.known.drifting(asked.event_id),
                "without_way_in": len(without),
                "formerly": len(await former.of_event(asked.event_id)),
            }
        )

    app.router.add_post("/internal/drifting-rooms", drifting_rooms)


def meetings_api(meetings: Meetings, former: SqlFormerRooms, clock: Clock) -> Api:
    """For the organizers of the event: its rooms, and those that it had."""
    api = Api(tag="rooms")

    @api.route(
        "GET",
        "/api/v1/events/{event_id}/meetings",
        summary="How the rooms of an event stand at their platforms",
        roles=[Role.ORGANIZER],
        answers={200: MeetingsView},
        problems=(404, 503),
    )
    async def show_meetings(request: web.Request) -> web.StreamResponse:
        """Each minute, while a room is open, the platform's live number is compared with ours, where it gives one."""
        event = await known_event(request, meetings)
        found = await meetings.of(event.event_id)
        view = MeetingsView(
            event_id=event.event_id,
            meetings=[MeetingView.of(meeting) for meeting in found],
            shared_ids=[SharedIdView.of(shared) for shared in await meetings.shared_ids(event.event_id)],
        )
        return web.json_response(text=view.model_dump_json())

    add_former_rooms_operations(api, former, clock)
    return api


async def known_event(request: web.Request, meetings: Meetings) -> HeldEvent:
    """The event of the address.

    Raises:
        Problem: 404 if it is not known here.
    """
    event = await meetings.event(request.match_info["event_id"])
    if event is None:
        raise not_found("There is no such event.")
    return event
