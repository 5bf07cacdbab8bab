"""How a source stands: whether anything comes, what becomes of it, and what was refused since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.streaming_bridge.adapters.door_log import Counted
from services.streaming_bridge.domain.sources import Source

LATELY: Final = timedelta(hours=23)
"""Counts go by the hour: this hour and the 23 before it."""
KEPT_FOR: Final = timedelta(days=30)


class State(StrEnum):
    """In a word."""

    SILENT = "silent"
    """Nothing came."""
    WORKING = "working"
    """What came last was taken."""
    REFUSING = "refusing"
    """What came last was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a source stands; `lately` counts what was taken, by outcome, in the last 24 hours, `refused` what was not."""

    state: State
    last_taken: datetime | None
    last_refused: datetime | None
    lately: Mapping[str, int]
    refused: int
    reasons: Sequence[Counted]


def standing_of(counts: Sequence[Counted]) -> Standing:
    """The standing of a source, from what was counted of it, the latest first."""
    taken = [each for each in counts if not each.refused]
    reasons = [each for each in counts if each.refused]
    last_taken = taken[0].last_at if taken else None
    last_refused = reasons[0].last_at if reasons else None
    state = State.WORKING if taken else State.SILENT
    if last_refused is not None and (last_taken is None or last_taken < last_refused):
        state = State.REFUSING
    return Standing(
        state=state,
        last_taken=last_taken,
        last_refused=last_refused,
        lately={each.word: each.lately for each in taken if each.lately},
        refused=sum(each.lately for each in reasons),
        reasons=reasons,
    )


def standings(sources: Sequence[Source], counts: Sequence[Counted]) -> Mapping[str, Standing]:
    """The standings of sources, by name."""
    return {source.name: standing_of([each for each in counts if each.source == source.name]) for source in sources}
