"""The platforms: one module each, all with the anatomy of `anatomy.Platform`. Add one by adding a file and its line."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import aiohttp

from services.chassis.clock import Clock
from services.streaming_bridge.adapters.platforms.anatomy import Platform
from services.streaming_bridge.adapters.platforms.bigbluebutton import BIGBLUEBUTTON
from services.streaming_bridge.adapters.platforms.bigbluebutton_hooks import BigBlueButtonHooks
from services.streaming_bridge.adapters.platforms.bigbluebutton_rooms import BigBlueButtonRooms
from services.streaming_bridge.adapters.platforms.jaas import JAAS
from services.streaming_bridge.adapters.platforms.jitsi import JITSI
from services.streaming_bridge.adapters.platforms.livekit import LIVEKIT
from services.streaming_bridge.adapters.platforms.livekit_rooms import LivekitRooms
from services.streaming_bridge.adapters.platforms.owncast import OWNCAST
from services.streaming_bridge.adapters.platforms.room_service import RoomService
from services.streaming_bridge.adapters.platforms.zoom import ZOOM
from services.streaming_bridge.domain.sources import PlatformName

__all__ = ["HOOK_SERVICES", "PLATFORMS", "ROOM_SERVICES", "USHERS"]

PLATFORMS: Final[Mapping[PlatformName, Platform]] = MappingProxyType(
    {p.name: p for p in (JITSI, JAAS, BIGBLUEBUTTON, LIVEKIT, ZOOM, OWNCAST)}
)

ROOM_SERVICES: Final[Mapping[PlatformName, Callable[[aiohttp.ClientSession, Clock], RoomService]]] = MappingProxyType(
    {PlatformName.LIVEKIT: LivekitRooms, PlatformName.BIGBLUEBUTTON: BigBlueButtonRooms}
)
"""Those with an API to open and close rooms, and to ask who is there: what makes one, over connections to platforms."""

USHERS: Final = MappingProxyType({PlatformName.BIGBLUEBUTTON: BigBlueButtonRooms})
"""Those that let nobody in before a meeting was made: what makes and finds it."""

HOOK_SERVICES: Final = MappingProxyType({PlatformName.BIGBLUEBUTTON: BigBlueButtonHooks})
"""Those that are told by API where to send their deliveries."""
