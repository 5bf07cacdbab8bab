"""How long registration keeps what: the one place that settings, job, notice and register of processing go by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, Self

from services.chassis.clock import Clock
from services.chassis.periods import Period, Unit
from services.chassis.retention import Rule
from services.chassis.stored_replies import KEPT
from services.registration.domain.audit import Act, Deed
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.training_proofs import TrainingProof

if TYPE_CHECKING:
    from services.registration.application.ports import Store
    from services.registration.settings import RegistrationSettings


class Kept(StrEnum):
    """What is kept for one purpose; the values stand in metrics, the audit log and the output of the command."""

    PARTICIPANTS = "participants"
    TRAINING_PROOF = "training_proof"
    COFUNDED_TRAINING_PROOF = "cofunded_training_proof"
    NEEDS = "accessibility_needs"
    IMPORTS = "imports"
    LETTERS = "letters"
    AUDIT_LOG = "audit_log"
    ACCESS = "access"
    ANSWERS = "repeated_answers"


class From(StrEnum):
    """From when a period is counted."""

    END_OF_EVENT = "end_of_event"
    MADE = "made"
    EXPIRED = "expired"


_OF_PROOF: Final[Mapping[TrainingProof, Kept]] = {
    TrainingProof.NONE: Kept.PARTICIPANTS,
    TrainingProof.TRAINING: Kept.TRAINING_PROOF,
    TrainingProof.COFUNDED_TRAINING: Kept.COFUNDED_TRAINING_PROOF,
}
_OTHERS: Final[Mapping[Kept, From]] = {
    Kept.AUDIT_LOG: From.MADE,
    Kept.ANSWERS: From.MADE,
    Kept.ACCESS: From.EXPIRED,
}
"""What is not counted from the end of an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPeriods:
    """How long each is kept."""

    participants: Period
    training_proof: Period
    cofunded_training_proof: Period
    accessibility_needs: Period
    imports: Period
    letters: Period
    audit_log: Period
    access: Period

    @classmethod
    def of(cls, settings: "RegistrationSettings") -> Self:
        """As the installation sets them."""
        return cls(**{field.name: getattr(settings, f"keep_{field.name}") for field in fields(cls)})

    def rule(self, kept: Kept) -> Rule:
        """What is applied."""
        period = Period(count=KEPT.days, unit=Unit.DAY) if kept is Kept.ANSWERS else getattr(self, kept.value)
        return Rule(purpose=kept.value, period=period, counted_from=_OTHERS.get(kept, From.END_OF_EVENT).value)

    def of_people(self, proof: TrainingProof) -> Period:
        """How long those are kept who were at an event, or could have been."""
        return self.rule(_OF_PROOF[proof]).period


class RetentionReading(Protocol):
    """A consistent view of what events prove."""

    async def training_proof(self, event_id: str) -> TrainingProof:
        """What attendance of an event proves."""
        ...

    async def data_contacts(self) -> Sequence[DataContact | None]:
        """Who answers for the data of the events, each once; with a None if an event in no archive names nobody."""
        ...


class RetentionWriting(RetentionReading, Protocol):
    """A transaction on it."""

    async def save_training_proof(self, event_id: str, proof: TrainingProof) -> None:
        """Insert or replace what attendance of an event proves."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingTimes:
    """How long the data of one event is kept: `names_until` of who did not cancel, `cancelled_until` of who did."""

    proof: TrainingProof
    names_until: datetime
    cancelled_until: datetime
    needs_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Use cases about how long the data of an event is kept."""

    store: "Store"
    periods: RetentionPeriods
    clock: Clock

    async def times(self, event_id: str) -> KeepingTimes:
        """Until when what is kept of the people of an event.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            event, proof = await view.event(event_id), await view.training_proof(event_id)
        return KeepingTimes(
            proof=proof,
            names_until=self.periods.of_people(proof).after(event.ends_at),
            cancelled_until=self.periods.participants.after(event.ends_at),
            needs_until=self.periods.accessibility_needs.after(event.ends_at),
        )

    async def controllers(self) -> Sequence[DataContact | None]:
        """Who answers for the data of all events, each once; with a None if an event in no archive names nobody."""
        async with self.store.reading() as view:
            return await view.data_contacts()

    async def prove(self, event_id: str, proof: TrainingProof) -> None:
        """Say what attendance of an event proves, whatever its state; what was deleted does not come back.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            if await transaction.training_proof(event_id) is not proof:
                await transaction.save_training_proof(event_id, proof)
                await transaction.note(Deed(act=Act.KEEPING_CHANGED, event_id=event_id, subject=proof.value))
