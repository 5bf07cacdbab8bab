"""The topics: names, what each holds, and the settings they are created with.

Every topic has the same number of partitions and is partitioned by `event_id` (murmur2, Kafka's default), so that all
that concerns one event meets in one partition of one worker. `PRESENCE` has the key `event_id/subject` and is written
to the partition of its `event_id`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

DEFAULT_PARTITIONS: Final = 8
_FOREVER: Final = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
_THIRTY_DAYS_MS: Final = 30 * 24 * 3600 * 1000
_COMPACTED: Final = {"cleanup.policy": "compact", "retention.ms": "-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic: its name, who writes and reads it, and the settings that matter to the promises."""

    name: str
    summary: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)


REGISTRATION: Final = Topic(
    name="passerelle-registration",
    summary="Events, sessions, rooms; registrations, waitlist, mode changes; identity links.",
    producers=("registration",),
    consumers=("streaming_bridge", "attendance"),
    settings=_FOREVER,
)
CHECKIN: Final = Topic(
    name="passerelle-checkin",
    summary="Checked in, checked out, voided.",
    producers=("registration",),
    consumers=("attendance",),
    settings=_FOREVER,
)
PARTICIPATION: Final = Topic(
    name="passerelle-participation",
    summary="Rooms opened and closed, joined, left, stream started and stopped, interaction.",
    producers=("streaming_bridge",),
    consumers=("attendance",),
    settings=_FOREVER,
)
TIMELINE: Final = Topic(
    name="passerelle-timeline",
    summary="One entry a fact that counted, with the presence it led to.",
    producers=("attendance",),
    consumers=("attendance",),
    settings=_FOREVER,
)
PRESENCE: Final = Topic(
    name="passerelle-presence",
    summary="The current presence of each participant and guest.",
    producers=("attendance",),
    consumers=("attendance",),
    settings=_COMPACTED,
)
DEAD_LETTER: Final = Topic(
    name="passerelle-dead-letter",
    summary="What could not be read or did not fit, whole, with the reason in headers.",
    producers=("registration", "streaming_bridge", "attendance"),
    consumers=(),
    settings={"retention.ms": str(_THIRTY_DAYS_MS), "cleanup.policy": "delete"},
)
ATTENDANCE_CONTEXT: Final = Topic(
    name="passerelle-attendance-context",
    summary="Internal: changelog of what the attendance worker knows of each event (rooms, links, closing).",
    producers=("attendance",),
    consumers=("attendance",),
    settings=_COMPACTED,
)

INPUTS: Final = (REGISTRATION, CHECKIN, PARTICIPATION)
ALL: Final = (*INPUTS, TIMELINE, PRESENCE, DEAD_LETTER, ATTENDANCE_CONTEXT)
