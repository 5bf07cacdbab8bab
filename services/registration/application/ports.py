"""What the use cases need of the outside: a store, and fresh ids."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.registration.application.account_ports import AccountReading, AccountWriting
from services.registration.application.audit import AuditReading, AuditWriting
from services.registration.application.desk_ports import DeskReading, DeskWriting
from services.registration.application.document_ports import DocumentReading, DocumentWriting
from services.registration.application.eligibility_ports import EligibilityReading, EligibilityWriting
from services.registration.application.erasure_ports import ErasureReading, ErasureWriting
from services.registration.application.import_ports import ImportReading, ImportWriting
from services.registration.application.people_ports import PeopleReading, PeopleWriting
from services.registration.application.retention import RetentionReading, RetentionWriting
from services.registration.application.seat_ports import SeatReading, SeatWriting
from services.registration.application.shop_ports import ShopReading, ShopWriting
from services.registration.application.signature_ports import SignatureReading, SignatureWriting
from services.registration.application.token_ports import TokenReading, TokenWriting
from services.registration.application.volunteer_ports import VolunteerReading, VolunteerWriting
from services.registration.domain.checkins import Scan, TicketHolder
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.facts import Fact
from services.registration.domain.letters import Letter, LetterKind
from services.registration.domain.registrations import Person, Purpose, Registration
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.suspect_times import TimeAcceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A registration with whose it is; `person` is None once erased.

    `positions` are the places on the waitlists, 1 for the next; who has an offer of a mode is no more in its list.
    """

    registration: Registration
    person: Person | None
    consents: Mapping[Purpose, bool]
    positions: Mapping[Mode, int] = field(default_factory=dict)

    @property
    def waitlist_position(self) -> int | None:
        """The place on the waitlist of its mode, else on that of the other; None for who is on none."""
        return self.positions.get(self.registration.mode, next(iter(self.positions.values()), None))


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterQuery:
    """Which registrations of an event, in the order they were made; `after` is the last one already seen."""

    limit: int
    after: tuple[datetime, str] | None = None
    search: str | None = None
    mode: Mode | None = None
    status: SeatStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events, the latest first; `after` is the last one already seen, `only` limits to some ids.

    Those in the archive are left out, or with `archived` the others.
    """

    limit: int
    after: tuple[datetime, str] | None = None
    statuses: Collection[EventStatus] = tuple(EventStatus)
    ending_after: datetime | None = None
    only: Collection[str] | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestLink:
    """What is known of a guest: the participant they are taken for (None once undone), and the last change.

    `set_aside`: an organizer said that they are nobody who registered.
    """

    guest_id: str
    participant_id: str | None
    changed_at: datetime
    set_aside: bool = False


class Reading(
    DeskReading,
    DocumentReading,
    SeatReading,
    PeopleReading,
    ErasureReading,
    AccountReading,
    AuditReading,
    ImportReading,
    ShopReading,
    TokenReading,
    RetentionReading,
    SignatureReading,
    EligibilityReading,
    VolunteerReading,
    Protocol,
):
    """A consistent view of the database."""

    async def event(self, event_id: str) -> Event:
        """The event; in a writing transaction no other one can change what belongs to it until the end.

        Raises:
            EventNotFoundError: if there is none.
        """
        ...

    async def events(self, query: EventQuery) -> Sequence[Event]:
        """A page of the events."""
        ...

    async def ended(self, now: datetime) -> Sequence[Event]:
        """The published events whose end has passed, the earliest first."""
        ...

    async def series(self, only: Collection[str] | None) -> Sequence[str]:
        """The names of the series that events are of, or those events alone, in the order of the alphabet."""
        ...

    async def created_by(self, retry_key: str) -> str | None:
        """The event that this request created before, if it is a repetition."""
        ...

    async def participant(self, event_id: str, participant_id: str) -> Participant:
        """A registration of the event, with the person.

        Raises:
            ParticipantNotFoundError: if the event has none of this id.
        """
        ...

    async def registered_by(self, event_id: str, retry_key: str) -> str | None:
        """The participant that this request registered before, if it is a repetition."""
        ...

    async def roster(self, event_id: str, query: RosterQuery) -> Sequence[Participant]:
        """A page of the event's registrations."""
        ...

    async def names(self, event_id: str, participant_ids: Collection[str]) -> Mapping[str, str]:
        """The names of those that are known and not erased."""
        ...

    async def waitlist(self, event_id: str, mode: Mode, *, after: int, limit: int) -> Sequence[Participant]:
        """Who waits for a mode or has an offer of it, in the order of their ranks, from those after `after`."""
        ...

    async def holder(self, *, event_id: str, ticket: str | None, participant_id: str | None) -> TicketHolder | None:
        """Whose ticket it is, of any event; or the participant of this event."""
        ...

    async def scan(self, event_id: str, fact_id: str) -> Scan | None:
        """One scan of the event."""
        ...

    async def last_scans(self, event_id: str, *, limit: int) -> Sequence[Scan]:
        """The scans recorded last, the latest first, voided ones too."""
        ...

    async def on_site(self, event_id: str) -> int:
        """How many are in, by their last scans."""
        ...

    async def guest_link(self, event_id: str, guest_id: str) -> GuestLink | None:
        """What is known of a guest."""
        ...

    async def time_acceptance(self, event_id: str, fact_id: str) -> TimeAcceptance | None:
        """What was last said of a fact's time."""
        ...


class Writing(
    Reading,
    DeskWriting,
    DocumentWriting,
    SeatWriting,
    PeopleWriting,
    ErasureWriting,
    AccountWriting,
    AuditWriting,
    ImportWriting,
    ShopWriting,
    TokenWriting,
    RetentionWriting,
    SignatureWriting,
    EligibilityWriting,
    VolunteerWriting,
    Protocol,
):
    """A transaction: all of it is committed at the end of the block, or nothing when the block raises."""

    async def add_event(self, event: Event, *, retry_key: str | None) -> None:
        """Insert an event, with what a repetition of the request would repeat."""
        ...

    async def save_event(self, event: Event) -> None:
        """Replace an event."""
        ...

    async def add_participant(
        self, registration: Registration, person: Person, consents: Mapping[Purpose, bool]
    ) -> None:
        """Insert a registration and its person."""
        ...

    async def save_person(self, participant_id: str, person: Person) -> None:
        """Replace what is known of a person."""
        ...

    async def add_consents(self, participant_id: str, consents: Mapping[Purpose, bool], *, at: datetime) -> None:
        """Record what was consented to or revoked; the latest word on a purpose counts."""
        ...

    async def save_scan(self, scan: Scan) -> None:
        """Replace a scan."""
        ...

    async def save_guest_link(self, event_id: str, link: GuestLink) -> None:
        """Insert or replace what is known of a guest."""
        ...

    async def save_time_acceptance(self, acceptance: TimeAcceptance) -> None:
        """Insert or replace what is said of a fact's time."""
        ...

    async def send(self, letters: Iterable[Letter]) -> None:
        """Owe letters: each is sent once the transaction is committed, and told to nobody if it is not."""
        ...

    async def send_to_all(self, kind: LetterKind, event_id: str) -> None:
        """Owe a letter to each registration of the event that is not cancelled."""
        ...

    async def publish(self, facts: Iterable[Fact]) -> None:
        """Put facts in the outbox, in their order, and what they tell in the audit log."""
        ...


class Store(Protocol):
    """The database of registration."""

    def reading(self) -> AbstractAsyncContextManager[Reading]:
        """Open a consistent view."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Writing]:
        """Open a transaction that no other writer can interleave with."""
        ...

    def writing_scans(self) -> AbstractAsyncContextManager[Writing]:
        """Open one of the doors: it changes nothing of what anybody may do."""
        ...


class Mint(Protocol):
    """Makes ids that nobody can guess and nobody had before."""

    def event_id(self) -> str:
        """An event's."""
        ...

    def participant_id(self) -> str:
        """A participant's."""
        ...

    def part_id(self, kind: str) -> str:
        """A session's, a room's or a token's: the kind, `_` and random text."""
        ...

    def fact_id(self, *same: str) -> str:
        """A fact's: random, or derived from what makes it the same fact."""
        ...

    def ticket(self) -> str:
        """A ticket code, as stored."""
        ...

    def document_code(self) -> str:
        """The code of an issued document, as stored."""
        ...

    def secret(self) -> str:
        """256 random bits as text."""
        ...
