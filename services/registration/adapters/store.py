"""The SQL store: transactions whose changes and outbox rows are committed together."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.clock import Clock
from services.chassis.outbox import add
from services.chassis.secrets import SecretBox
from services.registration.adapters.document_store import SqlDocumentWriting
from services.registration.adapters.eligibility_store import SqlEligibilityWriting
from services.registration.adapters.erasing import SqlErasing, erased
from services.registration.adapters.publisher import to_record
from services.registration.adapters.question_store import SqlAnswerWriting
from services.registration.adapters.reading import SqlReading
from services.registration.adapters.retention_store import SqlRetentionWriting
from services.registration.adapters.rows import event_values, person_values, registration_values, scan_values
from services.registration.adapters.session_store import SqlSessionWriting
from services.registration.adapters.shop_store import SqlShopWriting
from services.registration.adapters.signature_store import SqlSignatureWriting
from services.registration.adapters.tables import (
    CONSENTS,
    EVENTS,
    GUEST_LINKS,
    LETTERS,
    NEEDS,
    OUTBOX,
    PEOPLE,
    REGISTRATIONS,
    SCANS,
    SETTLED_DOUBLE_ENTRIES,
    TIME_ACCEPTANCES,
)
from services.registration.adapters.token_store import SqlTokenWriting
from services.registration.adapters.volunteer_store import SqlVolunteerWriting
from services.registration.application.desk_ports import RecordedScan
from services.registration.application.ports import GuestLink
from services.registration.domain.audit import Act, Deed, deed_of
from services.registration.domain.checkins import Scan
from services.registration.domain.consents import CONSENT_TEXT_VERSION
from services.registration.domain.event import Event
from services.registration.domain.facts import Fact, TicketScanned
from services.registration.domain.letters import Letter, LetterKind, LetterState
from services.registration.domain.registrations import Person, Purpose, Registration
from services.registration.domain.seats import SeatStatus
from services.registration.domain.suspect_times import TimeAcceptance


class SqlStore:
    """The database of registration; implements the port `Store`."""

    def __init__(
        self,
        *,
        writer: AsyncEngine,
        reader: AsyncEngine,
        clock: Clock,
        answers: SecretBox,
        committed: Callable[[], None] = lambda: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`answers` opens what repeated requests are given again: an erasure has to look into it.

        `committed` is called after each commit, and must not block: it wakes whoever drains the outbox.

        So is `changed`, where what anybody may do can have changed.
        """
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._answers = answers
        self._committed = committed
        self._changed = changed

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlReading]:
        """See the port."""
        async with self._reader.connect() as connection:
            yield SqlReading(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator["SqlWriting"]:
        """See the port."""
        async with self.writing_scans() as transaction:
            yield transaction
        self._changed()

    @asynccontextmanager
    async def writing_scans(self) -> AsyncIterator["SqlWriting"]:
        """See the port."""
        async with self._writer.begin() as connection:
            yield SqlWriting(connection, clock=self._clock, answers=self._answers)
        self._committed()


class SqlWriting(
    SqlReading,
    SqlAnswerWriting,
    SqlSessionWriting,
    SqlTokenWriting,
    SqlDocumentWriting,
    SqlErasing,
    SqlShopWriting,
    SqlRetentionWriting,
    SqlSignatureWriting,
    SqlEligibilityWriting,
    SqlVolunteerWriting,
):
    """A transaction; implements the port `Writing`."""

    def __init__(self, connection: AsyncConnection, *, clock: Clock, answers: SecretBox) -> None:
        """Everything happens in the transaction that the connection is in."""
        super().__init__(connection, lock=True)
        self._clock = clock
        self._answers = answers

    async def add_event(self, event: Event, *, retry_key: str | None) -> None:
        """See the port."""
        await self._connection.execute(insert(EVENTS).values(event_values(event) | {"retry_key": retry_key}))

    async def save_event(self, event: Event) -> None:
        """See the port."""
        mine = EVENTS.c.event_id == event.event_id
        await self._connection.execute(update(EVENTS).where(mine).values(event_values(event)))

    async def add_participant(
        self, registration: Registration, person: Person, consents: Mapping[Purpose, bool]
    ) -> None:
        """See the port."""
        await self._connection.execute(insert(REGISTRATIONS).values(registration_values(registration)))
        participant_id = registration.participant_id
        await self._connection.execute(insert(PEOPLE).values(participant_id=participant_id, **person_values(person)))
        await self.add_consents(participant_id, consents, at=registration.created_at)

    async def save_registration(self, registration: Registration) -> None:
        """See the port."""
        mine = REGISTRATIONS.c.participant_id == registration.participant_id
        await self._connection.execute(update(REGISTRATIONS).where(mine).values(registration_values(registration)))

    async def save_person(self, participant_id: str, person: Person) -> None:
        """See the port."""
        mine = PEOPLE.c.participant_id == participant_id
        await self._connection.execute(update(PEOPLE).where(mine).values(person_values(person)))
        await self._note_of_person(Act.PERSON_CHANGED, participant_id)

    async def add_consents(self, participant_id: str, consents: Mapping[Purpose, bool], *, at: datetime) -> None:
        """See the port."""
        rows = [
            {
                "participant_id": participant_id,
                "purpose": purpose.value,
                "given": given,
                "text_version": CONSENT_TEXT_VERSION,
                "at": at,
            }
            for purpose, given in consents.items()
        ]
        if rows:
            await self._connection.execute(insert(CONSENTS), rows)

    async def save_needs(self, participant_id: str, needs: str | None) -> None:
        """See the port."""
        await self._connection.execute(delete(NEEDS).where(NEEDS.c.participant_id == participant_id))
        if needs is not None:
            await self._connection.execute(insert(NEEDS).values(participant_id=participant_id, needs=needs))

    async def erase_person(self, participant_id: str) -> None:
        """See the port."""
        told = await self._delete_person(participant_id)
        if told is not None:
            await self.publish([told])

    async def forget_guest(self, event_id: str, participant_id: str, guest_id: str) -> None:
        """See the port."""
        now = self._clock()
        told = to_record(erased(event_id, participant_id, [guest_id], now))
        await add(self._connection, OUTBOX, [told], now=now)

    async def record_scans(self, recorded: Sequence[RecordedScan]) -> None:
        """See the port."""
        if not recorded:
            return
        await self._connection.execute(insert(SCANS), [scan_values(each.scan) for each in recorded])
        told = [(TicketScanned(scan=each.scan), each.actor) for each in recorded if each.scan.tells_of_presence]
        await add(self._connection, OUTBOX, [to_record(fact) for fact, _ in told], now=self._clock())
        await self.note_of([(deed_of(fact), actor) for fact, actor in told])

    async def save_scan(self, scan: Scan) -> None:
        """See the port."""
        await self._connection.execute(update(SCANS).where(SCANS.c.fact_id == scan.fact_id).values(scan_values(scan)))

    async def settle_notice(self, event_id: str, name: str, *, at: datetime) -> None:
        """See the port."""
        columns = SETTLED_DOUBLE_ENTRIES.c
        mine = (columns.event_id == event_id, columns.fact_id == name)
        changed = await self._connection.execute(update(SETTLED_DOUBLE_ENTRIES).where(*mine).values(at=at))
        if not changed.rowcount:
            keys = {"event_id": event_id, "fact_id": name}
            await self._connection.execute(insert(SETTLED_DOUBLE_ENTRIES).values(at=at, **keys))
        await self.note(Deed(act=Act.DOUBLE_ENTRY_SETTLED, event_id=event_id, subject=name))

    async def save_guest_link(self, event_id: str, link: GuestLink) -> None:
        """See the port."""
        values = {
            "participant_id": link.participant_id,
            "changed_at": link.changed_at,
            "set_aside": link.set_aside,
        }
        columns = GUEST_LINKS.c
        mine = (columns.event_id == event_id, columns.guest_id == link.guest_id)
        changed = await self._connection.execute(update(GUEST_LINKS).where(*mine).values(values))
        if not changed.rowcount:
            await self._connection.execute(
                insert(GUEST_LINKS).values(event_id=event_id, guest_id=link.guest_id, **values)
            )

    async def save_time_acceptance(self, acceptance: TimeAcceptance) -> None:
        """See the port."""
        values = {"subject": acceptance.subject, "accepted": acceptance.accepted, "at": acceptance.at}
        columns = TIME_ACCEPTANCES.c
        mine = (columns.event_id == acceptance.event_id, columns.fact_id == acceptance.fact_id)
        changed = await self._connection.execute(update(TIME_ACCEPTANCES).where(*mine).values(values))
        if not changed.rowcount:
            keys = {"event_id": acceptance.event_id, "fact_id": acceptance.fact_id}
            await self._connection.execute(insert(TIME_ACCEPTANCES).values(keys | values))

    async def send(self, letters: Iterable[Letter]) -> None:
        """See the port."""
        now = self._clock()
        owed = [
            {
                "kind": letter.kind.value,
                "event_id": letter.event_id,
                "participant_id": letter.participant_id,
                "about": dict(letter.about),
                "state": LetterState.OWED.value,
                "written_at": now,
                "attempts": 0,
                "due_at": now,
            }
            for letter in letters
        ]
        if owed:
            await self._connection.execute(insert(LETTERS), owed)

    async def send_to_all(self, kind: LetterKind, event_id: str) -> None:
        """See the port."""
        seats = REGISTRATIONS.c
        active = (seats.event_id == event_id, seats.status != SeatStatus.CANCELLED.value)
        participants = await self._connection.scalars(
            select(seats.participant_id).where(*active).order_by(seats.created_at, seats.participant_id)
        )
        await self.send([Letter(kind=kind, event_id=event_id, participant_id=each) for each in participants])

    async def publish(self, facts: Iterable[Fact]) -> None:
        """See the port."""
        told = list(facts)
        await add(self._connection, OUTBOX, [to_record(fact) for fact in told], now=self._clock())
        await self.note(*map(deed_of, told))

    async def _note_of_person(self, act: Act, participant_id: str) -> None:
        await self.note(Deed(act=act, event_id=await self._event_of(participant_id), subject=participant_id))

    async def _event_of(self, participant_id: str) -> str | None:
        mine = REGISTRATIONS.c.participant_id == participant_id
        event_id: str | None = await self._connection.scalar(select(REGISTRATIONS.c.event_id).where(mine))
        return event_id
