"""What the shapes of every platform have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tests.fakes.bridge import OPENING


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP POST of a platform."""

    path: str
    body: bytes
    headers: Mapping[str, str]


class Shapes(Protocol):
    """What every platform can say, in its own shape. Instants are minutes after `OPENING`."""

    platform: str
    source: str
    room: str
    secret: str
    proof_field: str

    def opened(self, minute: float) -> bytes: ...

    def closed(self, minute: float) -> bytes: ...

    def joined(self, minute: float, *, who: str, user_id: object = None, name: str | None = None) -> bytes: ...

    def left(
        self, minute: float, *, who: str, came: float | None = None, user_id: object = None, name: str | None = None
    ) -> bytes: ...

    def uncounted(self, minute: float) -> bytes:
        """A machine, or somebody in the lobby."""
        ...

    def unknown(self, minute: float) -> bytes:
        """A delivery of a kind that means nothing to us."""
        ...

    def request(self, body: bytes, *, secret: str | None = None, signed_at: datetime = OPENING) -> Request: ...


def tells_devices_apart(shapes: Shapes) -> bool:
    """Whether a second device of somebody is told of; most platforms do, and only those that do not say so."""
    return bool(getattr(shapes, "tells_devices_apart", True))


def instant(minute: float) -> datetime:
    """The instant of a minute."""
    return OPENING + timedelta(minutes=minute)


def seconds(minute: float) -> int:
    """The instant of a minute, in epoch seconds."""
    return int(instant(minute).timestamp())
