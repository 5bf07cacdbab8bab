"""Whether an event's attendance must be proved for long: who asks for the proof says for how long names are kept."""

from enum import StrEnum


class TrainingProof(StrEnum):
    """What attendance of an event proves; the values are kept, and stand in the API."""

    NONE = "none"
    TRAINING = "training"
    """A training, whose organizer has to show who attended (in France: code du travail, art. L6362-5 and R6313-3)."""
    COFUNDED_TRAINING = "cofunded_training"
    """One that a European or regional fund pays for, too."""
