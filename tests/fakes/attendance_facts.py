"""Facts of one event, as registration and the bridge write them; and a realistic colloquium made of them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.checkin import CheckedIn, CheckedOut, CheckInData, CheckInVoided, VoidData
from schemas.envelope import Fact, FactData
from schemas.identifiers import fact_id, guest_id
from schemas.participation import (
    ConnectionData,
    Interaction,
    InteractionData,
    InteractionKind,
    Joined,
    Left,
    LeftData,
    RoomClosed,
    RoomData,
    RoomOpened,
)
from schemas.registration import (
    Capacity,
    EventClosed,
    EventCreated,
    EventData,
    EventPublished,
    EventStatus,
    IdentityLinked,
    LinkData,
    Mode,
    ParticipantRegistered,
    SeatData,
    SeatStatus,
    Session,
)

BRIDGE = "/bridge/jitsi/main"
ROOM = "amphi-a"
SESSIONS = (("Opening and keynote", 0, 90), ("Round table", 120, 210), ("Workshops", 300, 420))
STARTS_AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class EventFacts:
    """Writes the facts of one event down in the order of the calls; each is recorded when it happens."""

    event_id: str
    starts_at: datetime = STARTS_AT
    written: list[Fact] = field(default_factory=list)

    def at(self, minutes: float) -> datetime:
        """An instant, counted from the start of the event."""
        return self.starts_at + timedelta(minutes=minutes)

    def event(self, status: EventStatus = EventStatus.PUBLISHED, *, minutes: float = -3000) -> Fact:
        kinds: dict[EventStatus, type[Fact]] = {
            EventStatus.DRAFT: EventCreated,
            EventStatus.PUBLISHED: EventPublished,
            EventStatus.CLOSED: EventClosed,
        }
        sessions = tuple(
            Session(session_id=f"ses_{number}", title=title, starts_at=self.at(start), ends_at=self.at(end))
            for number, (title, start, end) in enumerate(SESSIONS)
        )
        data = EventData(
            event_id=self.event_id,
            title="Colloque « Numérique et territoires »",
            status=status,
            starts_at=self.at(0),
            ends_at=self.at(480),
            timezone="Europe/Paris",
            capacity=Capacity(in_person=200, remote=150),
            sessions=sessions,
        )
        return self.write(kinds[status], data, None, minutes)

    def registered(self, who: str, mode: Mode, *, minutes: float = -2000, waits: bool = False) -> Fact:
        status = SeatStatus.WAITLISTED if waits else SeatStatus.CONFIRMED
        return self.write(
            ParticipantRegistered, SeatData(event_id=self.event_id, mode=mode, status=status), who, minutes
        )

    def checked_in(self, who: str, minutes: float, *, gate: str = "Main door") -> Fact:
        return self.write(CheckedIn, CheckInData(event_id=self.event_id, gate=gate), who, minutes)

    def checked_out(self, who: str, minutes: float, *, gate: str = "Main door") -> Fact:
        return self.write(CheckedOut, CheckInData(event_id=self.event_id, gate=gate), who, minutes)

    def voided(self, fact: Fact, minutes: float) -> Fact:
        data = VoidData(event_id=self.event_id, voided_id=fact.id)
        return self.write(CheckInVoided, data, fact.subject, minutes)

    def joined(self, who: str, minutes: float, *, connection: str = "c1") -> Fact:
        data = ConnectionData(event_id=self.event_id, room=ROOM, connection=f"{who}/{connection}")
        return self.write(Joined, data, who, minutes, source=BRIDGE)

    def left(self, who: str, minutes: float, *, connection: str = "c1", joined: float | None = None) -> Fact:
        joined_at = None if joined is None else self.at(joined)
        data = LeftData(event_id=self.event_id, room=ROOM, connection=f"{who}/{connection}", joined_at=joined_at)
        return self.write(Left, data, who, minutes, source=BRIDGE)

    def not_heard_of(self, who: str, minutes: float) -> Fact:
        data = LeftData(event_id=self.event_id, room=ROOM, connection=f"{who}/c1", inferred="silence")
        return self.write(Left, data, who, minutes, source=BRIDGE)

    def chatted(self, who: str, minutes: float) -> Fact:
        data = InteractionData(event_id=self.event_id, room=ROOM, kind=InteractionKind.CHAT)
        return self.write(Interaction, data, who, minutes, source=BRIDGE)

    def room(self, minutes: float, *, opened: bool) -> Fact:
        data = RoomData(event_id=self.event_id, room=ROOM)
        return self.write(RoomOpened if opened else RoomClosed, data, None, minutes, source=BRIDGE)

    def linked(self, guest: str, participant: str, minutes: float) -> Fact:
        data = LinkData(event_id=self.event_id, guest_id=guest, participant_id=participant)
        return self.write(IdentityLinked, data, participant, minutes)

    def id_of(self, what: str, who: str) -> str:
        """The id of the first fact of a kind about somebody."""
        return next(fact.id for fact in self.written if fact.type.endswith(f".{what}.v1") and fact.subject == who)

    def write(
        self, kind: type[Fact], data: FactData, subject: str | None, minutes: float, *, source: str = "/registration"
    ) -> Fact:
        """Any fact."""
        fact = kind.model_validate(
            {
                "id": fact_id(kind.__name__, data.model_dump_json(), str(subject), str(minutes)),
                "source": source,
                "subject": subject,
                "time": self.at(minutes),
                "recordedtime": self.at(minutes) + timedelta(milliseconds=350),
                "data": data,
            }
        )
        self.written.append(fact)
        return fact


def participant(number: int) -> str:
    """A participant id that says which of the invented participants it is."""
    return f"par_{number:032x}"


def guest(number: int) -> str:
    """The id of an invented guest."""
    return guest_id(source=BRIDGE, person=f"person-{number}")


ANNE, BASIL = participant(1), participant(2)


def small_event(event_id: str) -> EventFacts:
    """Anne on site, then also on her laptop; Basil online, cut off when the room closed; a guest online."""
    facts = EventFacts(event_id=event_id)
    facts.event()
    facts.registered(ANNE, Mode.IN_PERSON)
    facts.registered(BASIL, Mode.REMOTE)
    facts.room(-5, opened=True)
    facts.checked_in(ANNE, 0)
    facts.joined(BASIL, 1)
    facts.joined(ANNE, 10)
    facts.joined(guest(1), 12)
    facts.left(ANNE, 20)
    facts.room(30, opened=False)
    facts.chatted(BASIL, 31)
    return facts


def colloquium(event_id: str, *, people: int = 300, until: float = 1000, seed: int = 7) -> EventFacts:
    """A hybrid colloquium up to `until` minutes after its start: a rush, a break, reconnects, guests, both modes."""
    facts = EventFacts(event_id=event_id)
    chance = random.Random(seed)
    facts.event(EventStatus.DRAFT, minutes=-9000)
    facts.event()
    facts.room(-30, opened=True)
    in_person = people * 3 // 5
    for number in range(people):
        who = participant(number)
        if number < in_person:
            facts.registered(who, Mode.IN_PERSON, minutes=-chance.uniform(60, 8000))
            _on_site(facts, who, chance)
        else:
            facts.registered(who, Mode.REMOTE, minutes=-chance.uniform(30, 8000))
            _online(facts, who, chance)
    for number in range(max(1, people // 20)):
        _online(facts, guest(number), chance)
    facts.written = sorted(
        (fact for fact in facts.written if fact.recordedtime <= facts.at(until)),
        key=lambda fact: (fact.recordedtime, fact.id),
    )
    return facts


def _on_site(facts: EventFacts, who: str, chance: random.Random) -> None:
    if chance.random() < 0.08:
        return
    gate = chance.choice(["Main door", "Main door", "Garden door"])
    comes = min(max(chance.gauss(-8, 14), -45), 100)
    goes = chance.choice([chance.uniform(200, 230), chance.gauss(415, 18), chance.gauss(425, 12)])
    facts.checked_in(who, round(comes, 2), gate=gate)
    if chance.random() < 0.85:
        facts.checked_out(who, round(max(goes, comes + 20), 2), gate=gate)
    if chance.random() < 0.2:
        opens = max(comes + 10, chance.uniform(5, 350))
        facts.joined(who, round(opens, 2), connection="laptop")
        facts.left(who, round(opens + chance.uniform(15, 90), 2), connection="laptop")


def _online(facts: EventFacts, who: str, chance: random.Random) -> None:
    if chance.random() < 0.15:
        return
    begins = round(min(max(chance.gauss(1, 9), -15), 90), 2)
    for number, (start, end) in enumerate(
        ((begins, chance.gauss(92, 4)), (chance.gauss(118, 5), chance.gauss(211, 4)), (chance.gauss(301, 5), 422))
    ):
        if chance.random() < 0.1 or end <= start + 1:
            continue
        connection = f"c{number}"
        facts.joined(who, round(start, 2), connection=connection)
        if chance.random() < 0.25:
            cut = round(chance.uniform(start + 0.5, end), 2)
            facts.left(who, cut, connection=connection)
            facts.joined(who, round(cut + chance.uniform(0.2, 1.5), 2), connection=f"{connection}-again")
            connection = f"{connection}-again"
        if chance.random() < 0.3:
            facts.chatted(who, round(chance.uniform(start, end), 2))
        if chance.random() < 0.9:
            facts.left(who, round(end, 2), connection=connection)
