"""What speaks for an interval and against it."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How good the evidence of an interval is.

    Observed: facts tell its ends, or it goes on. Inferred: an end follows from something else. Contradicted: a later
    fact does not fit it, whatever its ends rest on.
    """

    OBSERVED = "observed"
    INFERRED = "inferred"
    CONTRADICTED = "contradicted"


class ContradictionKind(StrEnum):
    """What does not fit."""

    EXIT_WITHOUT_ENTRY = "exit_without_entry"
    LEAVE_WITHOUT_JOIN = "leave_without_join"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A closing fact that closed nothing. It changes no interval, and speaks against the one before it.

    Somebody present through two channels at once contradicts nothing.
    """

    fact_id: str
    time: int
    kind: ContradictionKind
