"""What is asked of the database about people: what they need, what they consented to, and their registrations."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from services.registration.domain.checkins import Scan
from services.registration.domain.consents import ConsentEntry
from services.registration.domain.known_addresses import AddressHolder
from services.registration.domain.letters import Letter, LetterKind
from services.registration.domain.questions import Answer

if TYPE_CHECKING:
    from services.registration.application.ports import GuestLink


class PeopleReading(Protocol):
    """A consistent view of what is known of people."""

    async def answers(self, participant_ids: Collection[str]) -> Mapping[str, Sequence[Answer]]:
        """What some participants answered to the questions of their event, by their ids."""
        ...

    async def all_answers(self, event_id: str) -> Mapping[str, Sequence[Answer]]:
        """The same of all participants of an event."""
        ...

    async def registered_as(self, event_id: str, email: str) -> Sequence[AddressHolder]:
        """The participants of an event, not cancelled, who have this address in whatever case."""
        ...

    async def confirmed_with_address(self, event_id: str, email: str) -> Sequence[str]:
        """The participants of an event, with a seat, who have this address in whatever case; two at most."""
        ...

    async def needs(self, event_id: str) -> Mapping[str, str]:
        """What the participants of an event need to take part, by their ids; those without a need are left out."""
        ...

    async def needs_of(self, participant_id: str) -> str | None:
        """What one participant needs."""
        ...

    async def guests_linked_to(self, event_id: str, participant_id: str) -> Sequence["GuestLink"]:
        """The guests who turned out to be a participant, in the order they were linked."""
        ...

    async def guest_links(self, event_id: str) -> Mapping[str, "GuestLink"]:
        """What is known of the guests of an event, by their ids."""
        ...

    async def holders_of(self, event_id: str, emails: Collection[str]) -> Mapping[str, str]:
        """Whose an address is, by the address in lower case; of those that one confirmed participant alone has."""
        ...

    async def all_names(self, event_id: str) -> Mapping[str, str]:
        """The names of the participants of an event, not cancelled and not erased, by their ids."""
        ...

    async def consent_history(self, participant_id: str) -> Sequence[ConsentEntry]:
        """Every word of a participant on consents, the earliest first."""
        ...

    async def was_written(self, participant_id: str, kind: LetterKind, *, since: datetime) -> bool:
        """Whether a letter of a kind was owed to a participant since an instant."""
        ...

    async def to_remind(self, now: datetime, *, ahead: timedelta) -> Sequence[Letter]:
        """The reminders to be owed: of published events that begin within `ahead`, to who registered before that time.

        Who was owed one already is left out.
        """
        ...

    async def scans_of(self, participant_id: str) -> Sequence[Scan]:
        """Every scan of a participant, the earliest first, voided ones too."""
        ...


class PeopleWriting(PeopleReading, Protocol):
    """A transaction on them."""

    async def save_answers(self, event_id: str, participant_id: str, answers: Mapping[str, Answer | None]) -> None:
        """Replace what a participant answers to these questions; None deletes it."""
        ...

    async def save_needs(self, participant_id: str, needs: str | None) -> None:
        """Replace what a participant needs; None deletes it."""
        ...
