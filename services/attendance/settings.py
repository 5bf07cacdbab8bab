"""The settings of attendance."""

from typing import Annotated, ClassVar

from pydantic import Field

from services.chassis.settings import CommonSettings, Port


class AttendanceSettings(CommonSettings):
    """What attendance is told at start; all of it has a working default."""

    service: ClassVar[str] = "attendance"

    port: Port = 8083

    session_seconds: Annotated[float, Field(ge=6, le=60)] = 30
    """How long the group waits for a worker that is not heard of, before others take over what it had."""

    standbys: Annotated[int, Field(ge=0, le=2)] = 0
    """How many other workers keep a copy of each partition's state, ready to take over."""
