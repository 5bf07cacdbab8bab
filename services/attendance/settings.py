"""The settings of attendance."""

from typing import ClassVar

from services.chassis.settings import CommonSettings, Port


class AttendanceSettings(CommonSettings):
    """What attendance is told at start; all of it has a working default."""

    service: ClassVar[str] = "attendance"

    port: Port = 8083
