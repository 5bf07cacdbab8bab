"""What clients get of registrations and seats, as models."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from schemas.envelope import Instant
from services.registration.application.chosen_sessions import ChosenSession
from services.registration.application.personal_links import PersonalLinks
from services.registration.application.ports import Participant
from services.registration.application.registrations import EventCounts
from services.registration.domain.event import Event
from services.registration.domain.questions import Answer
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.tickets import spell
from services.registration.web.question_views import AnswerView
from services.registration.web.session_views import ChosenSessionView


class WaitingView(BaseModel):
    """A place on the waitlist of a mode: 1 is the next."""

    mode: Mode
    position: int


class OfferView(BaseModel):
    """A seat kept for a participant who waits for it, until it is accepted, declined or expired."""

    mode: Mode
    expires_at: Instant


class Registered(BaseModel):
    """What somebody gets who registers. `personal_token` opens this registration, as a bearer token.

    `waiting` lists the waitlists they are on, beside a seat or without one. `remote_seat_available` is true for who
    waits without a seat while a remote one is free: PATCH `{"mode": "remote", "keep_waiting": true}` takes it.
    """

    participant_id: str
    event_id: str
    mode: Mode
    status: SeatStatus
    waitlist_position: int | None
    waiting: list[WaitingView]
    remote_seat_available: bool
    headcount: int | None
    sessions: list[ChosenSessionView]
    ticket: str
    join_url: str
    confirmation_url: str
    personal_token: str

    @classmethod
    def of(
        cls,
        participant: Participant,
        links: PersonalLinks,
        *,
        remote_seat_is_free: bool,
        sessions: Sequence[ChosenSession] = (),
    ) -> "Registered":
        """A registration just made."""
        seat = participant.registration
        return cls(
            participant_id=seat.participant_id,
            event_id=seat.event_id,
            mode=seat.mode,
            status=seat.status,
            waitlist_position=participant.waitlist_position,
            waiting=_waiting(participant),
            remote_seat_available=seat.status is SeatStatus.WAITLISTED and remote_seat_is_free,
            headcount=seat.headcount,
            sessions=ChosenSessionView.all_of(sessions),
            ticket=spell(seat.ticket),
            join_url=links.join_url(event_id=seat.event_id, participant_id=seat.participant_id),
            confirmation_url=links.confirmation_url(event_id=seat.event_id, participant_id=seat.participant_id),
            personal_token=links.token(event_id=seat.event_id, participant_id=seat.participant_id),
        )


class RegistrationReceived(BaseModel):
    """What a stranger learns who registers: what becomes of it is in a letter to the address."""

    event_id: str
    status: Literal["letter"] = "letter"


class RegistrationView(BaseModel):
    """A registration. `name` and what follows `email` are null once the person was erased.

    `headcount` is set for a venue, `group_id` for who was registered with others. A desk does not see `email` and what
    follows it.
    """

    participant_id: str
    event_id: str
    mode: Mode
    status: SeatStatus
    waitlist_position: int | None
    waiting: list[WaitingView]
    offer: OfferView | None
    headcount: int | None
    sessions: list[ChosenSessionView]
    group_id: str | None
    ticket: str
    registered_at: Instant
    name: str | None
    email: str | None
    language: str | None
    consents: dict[str, bool] | None
    answers: list[AnswerView] | None
    join_url: str | None
    confirmation_url: str | None

    @classmethod
    def of(
        cls,
        participant: Participant,
        links: PersonalLinks | None,
        sessions: Sequence[ChosenSession],
        answers: Sequence[Answer] = (),
    ) -> "RegistrationView":
        """A registration; without `links`, only what a desk needs to know."""
        seat, person = participant.registration, participant.person
        whose = {"event_id": seat.event_id, "participant_id": seat.participant_id}
        shown = person if links else None
        consents = {purpose.value: given for purpose, given in participant.consents.items()}
        return cls(
            participant_id=seat.participant_id,
            event_id=seat.event_id,
            mode=seat.mode,
            status=seat.status,
            waitlist_position=participant.waitlist_position,
            waiting=_waiting(participant),
            offer=_offer(seat),
            headcount=seat.headcount,
            sessions=ChosenSessionView.all_of(sessions),
            group_id=seat.group_id,
            ticket=spell(seat.ticket),
            registered_at=seat.created_at,
            name=person.name if person else None,
            email=shown.email if shown else None,
            language=shown.language if shown else None,
            consents=consents if links else None,
            answers=AnswerView.all_of(answers) if links else None,
            join_url=links.join_url(**whose) if links else None,
            confirmation_url=links.confirmation_url(**whose) if links else None,
        )


class RegisteredTogether(BaseModel):
    """Several people registered by one, in the order they were given; `url` is a page with all their links."""

    group_id: str
    url: str
    registrations: list[Registered]


class WaitlistEntry(BaseModel):
    """Who waits for a mode; `position` is null while a seat is kept for them, `holds` the mode of a seat they have."""

    participant_id: str
    name: str | None
    position: int | None
    holds: Mode | None
    offer: OfferView | None

    @classmethod
    def of(cls, participant: Participant, mode: Mode) -> "WaitlistEntry":
        """Somebody on the waitlist of a mode."""
        seat = participant.registration
        return cls(
            participant_id=seat.participant_id,
            name=participant.person.name if participant.person else None,
            position=participant.positions.get(mode),
            holds=seat.holds,
            offer=_offer(seat),
        )


class ModeSeats(BaseModel):
    """The seats of one mode; `capacity` and `free` are null without limit."""

    capacity: int | None
    confirmed: int
    offered: int
    free: int | None
    waiting: int


class SeatsView(BaseModel):
    """How an event is seated."""

    in_person: ModeSeats
    remote: ModeSeats

    @classmethod
    def of(cls, event: Event, counts: EventCounts) -> "SeatsView":
        """The seats of an event."""
        return cls(**{mode.value: _mode_seats(event, counts, mode) for mode in Mode})


def _mode_seats(event: Event, counts: EventCounts, mode: Mode) -> ModeSeats:
    return ModeSeats(
        capacity=event.capacity.of(mode),
        confirmed=counts.of(mode, SeatStatus.CONFIRMED),
        offered=counts.offered.get(mode, 0),
        free=counts.free(event)[mode],
        waiting=counts.awaited.get(mode, 0),
    )


def _waiting(participant: Participant) -> list[WaitingView]:
    return [WaitingView(mode=mode, position=position) for mode, position in participant.positions.items()]


def _offer(seat: Registration) -> OfferView | None:
    return None if seat.offer is None else OfferView(mode=seat.offer.mode, expires_at=seat.offer.until)
