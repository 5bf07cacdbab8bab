"""What is known of people, as models."""

from pydantic import BaseModel

from schemas.envelope import Instant
from services.registration.application.people import OwnData
from services.registration.domain.letters import LetterKind, LetterState
from services.registration.domain.registrations import Purpose
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.tickets import spell
from services.registration.web.consent_texts import TEXTS
from services.registration.web.desk_views import ScanView
from services.registration.web.session_views import ChosenSessionView


class ConsentView(BaseModel):
    """One word on a purpose, with the wording it was said to; the latest on each purpose counts."""

    purpose: Purpose
    given: bool
    text: str
    text_version: int
    at: Instant


class WrittenView(BaseModel):
    """A letter: what it told, and what became of it."""

    kind: LetterKind
    state: LetterState
    written_at: Instant
    settled_at: Instant | None


class AttendedEventView(BaseModel):
    """The event it is about."""

    event_id: str
    title: str
    starts_at: Instant
    ends_at: Instant
    timezone: str


class OwnDataView(BaseModel):
    """All that registration knows of a person. Facts about attendance are kept under `participant_id` alone."""

    event: AttendedEventView
    participant_id: str
    name: str | None
    email: str | None
    language: str | None
    accessibility_needs: str | None
    mode: Mode
    status: SeatStatus
    waitlist_position: int | None
    headcount: int | None
    group_id: str | None
    ticket: str
    registered_at: Instant
    changed_at: Instant
    sessions: list[ChosenSessionView]
    consents: list[ConsentView]
    check_ins: list[ScanView]
    letters: list[WrittenView]

    @classmethod
    def of(cls, data: OwnData) -> "OwnDataView":
        """The data of one participant."""
        seat, person, event = data.participant.registration, data.participant.person, data.event
        return cls(
            event=AttendedEventView(
                event_id=event.event_id,
                title=event.title,
                starts_at=event.starts_at,
                ends_at=event.ends_at,
                timezone=event.timezone,
            ),
            participant_id=seat.participant_id,
            name=person.name if person else None,
            email=person.email if person else None,
            language=person.language if person else None,
            accessibility_needs=data.needs,
            mode=seat.mode,
            status=seat.status,
            waitlist_position=data.participant.waitlist_position,
            headcount=seat.headcount,
            group_id=seat.group_id,
            ticket=spell(seat.ticket),
            registered_at=seat.created_at,
            changed_at=seat.changed_at,
            sessions=ChosenSessionView.all_of(data.sessions),
            consents=[
                ConsentView(
                    purpose=said.purpose,
                    given=said.given,
                    text=TEXTS[said.text_version][said.purpose],
                    text_version=said.text_version,
                    at=said.at,
                )
                for said in data.consents
            ],
            check_ins=[ScanView.of(scan) for scan in data.scans],
            letters=[
                WrittenView(
                    kind=stored.letter.kind,
                    state=stored.state,
                    written_at=stored.written_at,
                    settled_at=stored.settled_at,
                )
                for stored in data.letters
            ],
        )


class NeedView(BaseModel):
    """What somebody needs to be able to take part."""

    participant_id: str
    name: str | None
    accessibility_needs: str


class NeedsView(BaseModel):
    """What the participants of an event need."""

    items: list[NeedView]
