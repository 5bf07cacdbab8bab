"""What desks get about people without a ticket, as models."""

from pydantic import BaseModel

from services.registration.application.doors import CheckInResult
from services.registration.application.ports import Participant
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.tickets import spell
from services.registration.web.desk_views import CheckInView


class WalkInView(BaseModel):
    """Somebody who came without a registration: their new ticket, and what happened at the door."""

    ticket: str
    check_in: CheckInView

    @classmethod
    def of(cls, ticket: str, result: CheckInResult) -> "WalkInView":
        """A walk-in, registered and checked in."""
        return cls(ticket=spell(ticket), check_in=CheckInView.of(result))


class NamesakeView(BaseModel):
    """Somebody registered whose name or address a walk-in has: as much as a desk may know."""

    participant_id: str
    name: str
    mode: Mode
    status: SeatStatus

    @classmethod
    def of(cls, participant: Participant) -> "NamesakeView":
        """Somebody who is not erased."""
        seat, person = participant.registration, participant.person
        name = person.name if person else ""
        return cls(participant_id=seat.participant_id, name=name, mode=seat.mode, status=seat.status)
