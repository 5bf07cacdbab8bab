"""Use cases about facts whose time looks impossible: attendance leaves them out until an organizer accepts them."""

from dataclasses import dataclass, replace

from schemas.identifiers import is_participant_id
from services.chassis.clock import Clock
from services.registration.application.ports import Mint, Store
from services.registration.domain.errors import TimeNotAcceptedError
from services.registration.domain.facts import TimeJudged
from services.registration.domain.instants import after
from services.registration.domain.suspect_times import TimeAcceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectTimes:
    """Which suspect times count after all."""

    store: Store
    clock: Clock
    mint: Mint

    async def accept(self, event_id: str, fact_id: str, *, subject: str | None = None) -> TimeAcceptance:
        """Let a fact count at the time it tells. Again: nothing changes; again of another subject: of that one alone.

        `subject` is whom the fact is about. The fact itself may be another service's: it is not looked for.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if the subject is a participant whom the event does not have.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            if subject is not None and is_participant_id(subject):
                await transaction.registration(event_id, subject)
            known = await transaction.time_acceptance(event_id, fact_id)
            if known is not None and known.accepted and known.subject == subject:
                return known
            words = []
            if known is not None and known.accepted:
                # Said of somebody else: without taking it back, no withdrawal would ever reach that word.
                known = replace(known, accepted=False, at=after(known.at, now=now))
                words.append(known)
            at = after(known.at if known else None, now=now)
            said = TimeAcceptance(event_id=event_id, fact_id=fact_id, subject=subject, accepted=True, at=at)
            words.append(said)
            await transaction.save_time_acceptance(said)
            await transaction.publish(
                [TimeJudged(fact_id=self.mint.fact_id(), acceptance=word, recorded_at=now) for word in words]
            )
            return said

    async def withdraw(self, event_id: str, fact_id: str) -> None:
        """Take the word back: the fact is left out again.

        Raises:
            EventNotFoundError: if there is no such event.
            TimeNotAcceptedError: if its time is not accepted.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            known = await transaction.time_acceptance(event_id, fact_id)
            if known is None or not known.accepted:
                raise TimeNotAcceptedError(fact_id)
            said = replace(known, accepted=False, at=after(known.at, now=now))
            await transaction.save_time_acceptance(said)
            await transaction.publish([TimeJudged(fact_id=self.mint.fact_id(), acceptance=said, recorded_at=now)])
