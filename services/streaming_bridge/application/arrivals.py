"""What the inbox is given, and what it says about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.chassis.outbox import OutboxRecord
from services.streaming_bridge.domain.observations import Finding, GuestName
from services.streaming_bridge.domain.recognition import GuestIdentity

TAKEN_BACK: Final = "taken_back"
"""The state of what was accepted of a report, and voided since: no outcome of a delivery."""


class Outcome(StrEnum):
    """What became of a delivery, once it is on disk."""

    ACCEPTED = "accepted"
    """Its fact is on its way to Kafka."""
    DUPLICATE = "duplicate"
    """It was there already; the first one counts."""
    UNCLAIMED = "unclaimed"
    """Kept, until an event claims its room."""
    IGNORED = "ignored"
    """Kept by its type: it says nothing about participation."""
    UNREADABLE = "unreadable"
    """Kept whole, sealed, as a dead letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A verified delivery: a finding, or an ignored type, or (with a dead letter) what could not be read.

    What is ignored may be about a `machine`: that is kept in the place of a finding, and told to nobody. `event_id` is
    the event that it is about where somebody said so; else the claim of its room decides. `of_event` is the event of
    whose participant it is, where that one's room is another event's by now. `traceparent` travels with its fact,
    unless that waits for its room to be claimed.
    """

    fact_id: str
    source: str
    source_uri: str
    received_at: datetime
    event_id: str | None = None
    of_event: str | None = None
    finding: Finding | None = None
    traceparent: str | None = None
    guest: GuestName | None = None
    identity: GuestIdentity | None = None
    ignored_type: str | None = None
    machine: Finding | None = None
    dead_letter: OutboxRecord | None = None

    @property
    def outcome(self) -> Outcome:
        """What becomes of it if it is new and no event claims its room."""
        if self.finding is not None:
            return Outcome.UNCLAIMED
        return Outcome.IGNORED if self.dead_letter is None else Outcome.UNREADABLE
