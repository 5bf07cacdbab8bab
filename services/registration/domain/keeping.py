"""How long what is known of people is kept, as they are told."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptYears:
    """At most how many years after an event, for participants, and where a training must be proved."""

    participants: int = 3
    trainings: int = 6


KEPT: Final = KeptYears()
