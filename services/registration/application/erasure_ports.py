"""What erasing somebody needs of the database."""

from typing import Protocol

from services.registration.domain.erasures import Erasure


class ErasureReading(Protocol):
    """A consistent view of who was erased."""

    async def erasure(self, participant_id: str) -> Erasure | None:
        """When a participant was erased, and what was deleted; None for who was not."""
        ...


class ErasureWriting(ErasureReading, Protocol):
    """A transaction on them."""

    async def erase_person(self, participant_id: str) -> None:
        """Delete all that names a person, here and (told by the outbox) in the other services; and record that.

        Here that is: the name, the address, the needs, the consents and what they answered; what files and ticket
        shops said of them; and answers kept for repeated requests, also those of requests that are under way. Doing it
        again changes nothing.
        """
        ...

    async def forget_guest(self, event_id: str, participant_id: str, guest_id: str) -> None:
        """Have the name of a guest forgotten who turns out to be somebody that was erased."""
        ...
