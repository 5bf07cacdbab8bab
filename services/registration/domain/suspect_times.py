"""The word of an organizer on facts whose time looks impossible. Which those are, attendance tells."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAcceptance:
    """What is said of a fact's time: that it is right (`accepted`), or that this was taken back.

    `subject` is whom the fact is about, None for a room's. `at` is the instant of the last word.
    """

    event_id: str
    fact_id: str
    subject: str | None
    accepted: bool
    at: datetime
