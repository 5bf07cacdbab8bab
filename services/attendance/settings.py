"""The settings of attendance."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo

from services.attendance.domain.small_groups import SMALLEST_GROUP
from services.chassis.settings import CommonSettings, Port


def _beside_an_archive(days: int | None, info: ValidationInfo) -> int | None:
    """Kafka forgets only what can be put back."""
    if days is not None and info.data.get("archive") is None:
        raise ValueError
    return days


class AttendanceSettings(CommonSettings):
    """What attendance is told at start; all of it has a working default."""

    service: ClassVar[str] = "attendance"

    port: Port = 8083

    session_seconds: Annotated[float, Field(ge=6, le=60)] = 30
    """How long the group waits for a worker that is not heard of, before others take over what it had."""

    archive: Annotated[
        str | None, Field(min_length=1, description="a folder or s3://… in which `passerelle archive --all` keeps all")
    ] = None

    keep_facts_days: Annotated[
        Annotated[int, Field(ge=30, le=36_500)] | None,
        AfterValidator(_beside_an_archive),
        Field(
            description="a whole number of days, 30 or more, and stand beside PASSERELLE_ARCHIVE: without an archive, "
            "what Kafka lets go could never be put back, nor attendance be told anew (leave it out: kept for ever)",
        ),
    ] = None
    """For how long Kafka keeps facts that are in the archive too."""

    standbys: Annotated[int, Field(ge=0, le=2)] = 0
    """How many other workers keep a copy of each partition's state, ready to take over."""

    smallest_group: Annotated[int, Field(ge=2, le=100)] = SMALLEST_GROUP
    """The smallest number of people that analysts are told; a smaller group is hidden from them."""
