"""`passerelle-timeline`: one entry a fact that counted, with the presence it led to. Owner: attendance. Forever.

An entry has the id, the time and the recorded time of its fact; readers upsert by id and order by (`time`, `id`).
"""

from typing import Literal

from schemas.envelope import Fact, FactData, Identifier, Wire
from schemas.presence import PresenceStatus, Seconds


class PresenceReached(Wire):
    """The presence of the entry's subject once its fact was known to the worker."""

    status: PresenceStatus
    seconds: Seconds


class EntryData(FactData):
    """The fact as it was, whole, and whom it concerned after identities were resolved."""

    fact: dict[str, object]
    participant_id: Identifier | None = None
    guest_id: Identifier | None = None
    presence: PresenceReached | None = None


class TimelineEntry(Fact):
    """One entry of an event's timeline; `subject` is the participant or guest, absent for facts about the event."""

    type: Literal["passerelle.timeline.entry.v1"]
    data: EntryData
