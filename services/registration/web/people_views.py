"""What is known of people, as models."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from schemas.envelope import Instant
from services.registration.application.chosen_sessions import ChosenSession
from services.registration.application.neighbours import KnownAttendance
from services.registration.application.people import OwnData
from services.registration.application.personal_exports import DoneBy, Missing, PersonalExport
from services.registration.domain.audit import Act
from services.registration.domain.documents import DocumentKind, IssuedDocument, spelled_code
from services.registration.domain.event import Event
from services.registration.domain.letters import LetterKind, LetterState
from services.registration.domain.registrations import Purpose
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.signatures import Way, svg_of
from services.registration.domain.ticket_shops import Platform
from services.registration.domain.tickets import spell
from services.registration.web.consent_texts import TEXTS
from services.registration.web.contest_bodies import ContestView
from services.registration.web.desk_views import ScanView
from services.registration.web.question_views import AnswerView
from services.registration.web.session_views import ChosenSessionView
from services.registration.web.views import DataContactView

FORMAT_VERSION = 2
"""Raised when a field changes its meaning or goes; fields that are added leave it."""


class ConsentView(BaseModel):
    """One word on a purpose, with the wording it was said to; the latest on each purpose counts."""

    purpose: Purpose
    given: bool
    text: str
    text_version: int
    at: Instant


class WrittenView(BaseModel):
    """A letter: what it told, and what became of it. `subject` is as worded now, null once the person was erased."""

    kind: LetterKind
    subject: str | None
    state: LetterState
    written_at: Instant
    settled_at: Instant | None


class OwnSessionView(ChosenSessionView):
    """A session that they registered for; a place they left is `cancelled`."""

    title: str
    starts_at: Instant
    ends_at: Instant
    mode: Mode
    changed_at: Instant

    @classmethod
    def of(cls, chosen: ChosenSession) -> "OwnSessionView":
        """One session."""
        session, place = chosen.session, chosen.place
        return cls(
            session_id=session.session_id,
            status=place.status,
            position=chosen.position,
            title=session.title,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            mode=place.mode,
            changed_at=place.changed_at,
        )


class OwnTicketView(BaseModel):
    """A ticket by which they are registered, in its shop's own numbers; `platform` is null once it is disconnected."""

    platform: Platform | None
    order_id: str
    position_id: str


class OwnGuestView(BaseModel):
    """Somebody unknown in a video meeting who turned out to be them; `name` is what they called themselves there."""

    guest_id: str
    name: str | None
    linked_at: Instant


class OwnSignatureView(BaseModel):
    """What they signed for a half-day: `drawing` is an SVG, `typed` the name of who did not draw."""

    half_day_id: str
    way: Way
    at: Instant
    drawing: str | None
    typed: str | None


class DoneView(BaseModel):
    """What was done about them, and by which side."""

    at: Instant
    act: Act
    by: DoneBy


class OwnDocumentView(BaseModel):
    """A document that was issued about them; `figures` is the digest of what is reckoned in it."""

    code: str
    kind: DocumentKind
    issued_at: Instant
    as_of: Instant
    language: str
    figures: str
    in_force: bool

    @classmethod
    def of(cls, document: IssuedDocument) -> "OwnDocumentView":
        """One document."""
        return cls(
            code=spelled_code(document.code),
            kind=document.kind,
            issued_at=document.issued_at,
            as_of=document.as_of,
            language=document.language,
            figures=document.figures,
            in_force=document.in_force,
        )


class AttendedEventView(BaseModel):
    """The event it is about, and who answers for the data."""

    event_id: str
    title: str
    starts_at: Instant
    ends_at: Instant
    timezone: str
    data_contact: DataContactView | None

    @classmethod
    def of(cls, event: Event) -> "AttendedEventView":
        """An event."""
        return cls(
            event_id=event.event_id,
            title=event.title,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            timezone=event.timezone,
            data_contact=DataContactView.of(event.data_contact) if event.data_contact else None,
        )


class OwnDataView(BaseModel):
    """All that Passerelle knows of a person. Lists are in the order of time, but for `letters`: the latest first.

    `missing` names what to ask again for, because the service that knows it did not answer: `attendance` is null then,
    and without `guest_names` no guest has a name. Facts about attendance are kept under `participant_id` alone.
    """

    format: Literal["passerelle-personal-data"] = "passerelle-personal-data"
    format_version: int = FORMAT_VERSION
    exported_at: Instant
    missing: list[Missing]
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
    sessions: list[OwnSessionView]
    answers: list[AnswerView]
    shop_tickets: list[OwnTicketView]
    consents: list[ConsentView]
    check_ins: list[ScanView]
    attendance: Annotated[KnownAttendance | None, Field(description="When they were there, and what that rests on.")]
    guests: list[OwnGuestView]
    signatures: list[OwnSignatureView]
    documents: list[OwnDocumentView]
    contests: list[ContestView]
    letters: list[WrittenView]
    history: list[DoneView]

    @classmethod
    def of(cls, export: PersonalExport) -> "OwnDataView":
        """The data of one participant."""
        data, names = export.own, export.guest_names or {}
        seat, person = data.participant.registration, data.participant.person
        return cls(
            exported_at=export.at,
            missing=list(export.missing),
            event=AttendedEventView.of(data.event),
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
            sessions=[OwnSessionView.of(chosen) for chosen in data.sessions],
            answers=AnswerView.all_of(data.answers),
            shop_tickets=[
                OwnTicketView(
                    platform=export.sold_on.get(each.key), order_id=each.order_id, position_id=each.position_id
                )
                for each in export.tickets
            ],
            consents=_consents(data),
            check_ins=[ScanView.of(scan) for scan in data.scans],
            attendance=export.attendance,
            guests=[
                OwnGuestView(guest_id=link.guest_id, name=names.get(link.guest_id), linked_at=link.changed_at)
                for link in export.guests
            ],
            signatures=[
                OwnSignatureView(
                    half_day_id=each.half_day_id,
                    way=each.way,
                    at=each.at,
                    drawing=svg_of(each.strokes) if each.strokes else None,
                    typed=each.typed,
                )
                for each in export.signatures
            ],
            documents=[OwnDocumentView.of(each) for each in export.documents],
            contests=[ContestView.of(each) for each in export.contests],
            letters=[
                WrittenView(
                    kind=stored.letter.kind,
                    subject=export.subjects.get(stored.number),
                    state=stored.state,
                    written_at=stored.written_at,
                    settled_at=stored.settled_at,
                )
                for stored in data.letters
            ],
            history=[DoneView(at=entry.at, act=entry.deed.act, by=DoneBy.of(entry)) for entry in export.history],
        )


class NeedView(BaseModel):
    """What somebody needs to be able to take part."""

    participant_id: str
    name: str | None
    accessibility_needs: str


class NeedsView(BaseModel):
    """What the participants of an event need."""

    items: list[NeedView]


def _consents(data: OwnData) -> list[ConsentView]:
    return [
        ConsentView(
            purpose=said.purpose,
            given=said.given,
            text=TEXTS[said.text_version][said.purpose],
            text_version=said.text_version,
            at=said.at,
        )
        for said in data.consents
    ]
