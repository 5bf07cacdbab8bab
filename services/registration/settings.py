"""Settings of the registration service."""

from typing import ClassVar

from services.chassis.settings import CommonSettings, Port


class RegistrationSettings(CommonSettings):
    """What all services share, on this service's port."""

    service: ClassVar[str] = "registration"

    port: Port = 8081
