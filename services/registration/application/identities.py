"""Use cases about guests who turn out to be participants."""

from dataclasses import dataclass

from services.chassis.clock import Clock
from services.registration.application.ports import GuestLink, Mint, Store
from services.registration.domain.errors import LinkConflictError, LinkNotFoundError
from services.registration.domain.facts import GuestIdentified
from services.registration.domain.instants import after


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Which guest is which participant."""

    store: Store
    clock: Clock
    mint: Mint

    async def link(
        self, event_id: str, *, guest_id: str, participant_id: str, unless_judged: bool = False
    ) -> GuestLink:
        """Take a guest for a participant. Again: nothing changes.

        With `unless_judged` nothing changes either for a guest of whom somebody said that they are not who they were
        taken for, or nobody who registered: what stands is given.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
            LinkConflictError: if the guest is already taken for somebody else.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            participant = await transaction.participant(event_id, participant_id)
            known = await transaction.guest_link(event_id, guest_id)
            if known is not None and unless_judged and known.participant_id is None:
                return known
            if known is not None and known.participant_id is not None:
                if known.participant_id != participant_id:
                    raise LinkConflictError(guest_id=guest_id, participant_id=known.participant_id)
                return known
            at = after(known.changed_at if known else None, now=now)
            link = GuestLink(guest_id=guest_id, participant_id=participant_id, changed_at=at)
            await transaction.save_guest_link(event_id, link)
            fact = GuestIdentified(
                fact_id=self.mint.fact_id(),
                event_id=event_id,
                guest_id=guest_id,
                participant_id=participant_id,
                linked=True,
                at=at,
            )
            await transaction.publish([fact])
            if participant.person is None:
                # Who was erased is not to be remembered by the name of a guest, whenever that comes to light.
                await transaction.forget_guest(event_id, participant_id, guest_id)
            return link

    async def unlink(self, event_id: str, *, guest_id: str, participant_id: str | None = None) -> None:
        """Undo a link.

        Raises:
            EventNotFoundError: if there is no such event.
            LinkNotFoundError: if the guest is not linked, or not to this participant.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            known = await transaction.guest_link(event_id, guest_id)
            if known is None or known.participant_id is None or participant_id not in {None, known.participant_id}:
                raise LinkNotFoundError(guest_id)
            at = after(known.changed_at, now=now)
            await transaction.save_guest_link(
                event_id, GuestLink(guest_id=guest_id, participant_id=None, changed_at=at)
            )
            fact = GuestIdentified(
                fact_id=self.mint.fact_id(),
                event_id=event_id,
                guest_id=guest_id,
                participant_id=known.participant_id,
                linked=False,
                at=at,
            )
            await transaction.publish([fact])
