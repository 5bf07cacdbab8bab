"""What is left to say of somebody who was erased: when, and what was deleted, in numbers alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Erased(StrEnum):
    """A kind of data about a person; the values are kept, and stand in the API."""

    IDENTITY = "identity"
    """The name, the address and the language."""
    NEEDS = "needs"
    CONSENTS = "consents"
    ANSWERS_TO_QUESTIONS = "answers_to_questions"
    """What they answered to the questions of the event."""
    SIGNATURES = "signatures"
    """What they signed for half-days."""
    CONTESTS = "contests"
    """What they said of their own attendance, and the answers."""
    IMPORTED_LINES = "imported_lines"
    """What a file or a ticket shop said of them."""
    ORDERS = "orders"
    """The numbers under which a ticket shop knows them."""
    ANSWERS = "answers"
    """Answers that were kept in case a request is repeated."""
    GUEST_NAMES = "guest_names"
    """What they called themselves in an online room; the bridge deletes it, told by the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That a person was erased; `deleted` says how many pieces of which kind, kinds of none left out."""

    event_id: str
    participant_id: str
    at: datetime
    deleted: Mapping[Erased, int]
