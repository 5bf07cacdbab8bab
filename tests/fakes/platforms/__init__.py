"""Deliveries as the platforms send them, a module each. Add one by adding a file and its line."""

from collections.abc import Sequence
from typing import Final

from tests.fakes.platforms.bigbluebutton import BigBlueButtonShapes
from tests.fakes.platforms.jaas import JaasShapes
from tests.fakes.platforms.jitsi import JitsiShapes
from tests.fakes.platforms.livekit import LivekitShapes
from tests.fakes.platforms.owncast import OwncastShapes
from tests.fakes.platforms.shapes import Request, Shapes, instant
from tests.fakes.platforms.zoom import ZoomShapes

__all__ = [
    "ALL_SHAPES",
    "BigBlueButtonShapes",
    "JaasShapes",
    "JitsiShapes",
    "LivekitShapes",
    "OwncastShapes",
    "Request",
    "Shapes",
    "ZoomShapes",
    "instant",
]

ALL_SHAPES: Final[Sequence[Shapes]] = (
    JitsiShapes(),
    JaasShapes(),
    BigBlueButtonShapes(),
    LivekitShapes(),
    ZoomShapes(),
    OwncastShapes(),
)
"""What the laws for every platform are held against."""
