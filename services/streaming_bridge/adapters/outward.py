"""What the bridge does at platforms, put together: let people in, open and close rooms, register webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from services.chassis.clock import Clock
from services.streaming_bridge.adapters.platforms import HOOK_SERVICES, PLATFORMS, ROOM_SERVICES, USHERS
from services.streaming_bridge.adapters.platforms.room_service import RoomService
from services.streaming_bridge.application.hooks import Hooks
from services.streaming_bridge.application.joining import Joining, MeetingRooms
from services.streaming_bridge.application.room_control import RoomControl
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.sources import PlatformName
from services.streaming_bridge.settings import BridgeSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """The use cases that ask something of platforms."""

    joining: Joining
    room_services: Mapping[PlatformName, RoomService]
    control: RoomControl
    hooks: Hooks


def outward(
    settings: BridgeSettings, rooms: MeetingRooms, book: SourceBook, session: aiohttp.ClientSession, clock: Clock
) -> Outward:
    """Join them; `session` is of `room_service.new_session`."""
    room_services = {name: service(session, clock) for name, service in ROOM_SERVICES.items()}
    joining = Joining(
        rooms=rooms,
        book=book,
        platforms=PLATFORMS,
        ushers={name: usher(session, clock) for name, usher in USHERS.items()},
        clock=clock,
        lifetime=timedelta(minutes=settings.join_link_minutes),
    )
    hooks = Hooks(
        book=book,
        services={name: service(session) for name, service in HOOK_SERVICES.items()},
        callback_of=lambda source: f"{settings.public_url}/webhooks/{source.platform}/{source.name}",
    )
    control = RoomControl(rooms=rooms, book=book, room_services=room_services)
    return Outward(joining=joining, room_services=room_services, control=control, hooks=hooks)
