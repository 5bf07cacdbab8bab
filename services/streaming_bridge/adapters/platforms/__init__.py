"""The platforms: one module each, all with the anatomy of `anatomy.Platform`. Add one by adding a file and its line."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.streaming_bridge.adapters.platforms.anatomy import Platform
from services.streaming_bridge.adapters.platforms.jaas import JAAS
from services.streaming_bridge.adapters.platforms.jitsi import JITSI
from services.streaming_bridge.domain.sources import PlatformName

__all__ = ["PLATFORMS"]

PLATFORMS: Final[Mapping[PlatformName, Platform]] = MappingProxyType({p.name: p for p in (JITSI, JAAS)})
