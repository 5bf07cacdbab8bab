"""What clients send about registrations, as models."""

from typing import Annotated, Final

from pydantic import (
    BaseModel,
    Field,
    StrictBool,
    StrictStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.envelope import Identifier
from services.chassis.paging import PageQuery
from services.registration.domain.questions import MOST_QUESTIONS, Said
from services.registration.domain.seats import Mode, SeatStatus, Wish
from services.registration.web.bodies import Body, Email, Headcount, Language, Needs, PersonName, check_lines

MOST_MEMBERS: Final = 50
ChosenSessions = Annotated[tuple[Identifier, ...], Field(max_length=500)]


def _read_said(given: object, read: ValidatorFunctionWrapHandler) -> Said:
    """One error at the field, whatever it might have been.

    Raises:
        PydanticCustomError: if it can be no answer.
    """
    try:
        said: Said = read(given)
    except ValidationError:
        raise PydanticCustomError("answer", "must be a text, a list of choices, true, false or null") from None
    if isinstance(said, str):
        check_lines(said)
    return said


Answers = Annotated[
    dict[Identifier, Annotated[StrictBool | StrictStr | list[StrictStr] | None, WrapValidator(_read_said)]],
    Field(
        max_length=MOST_QUESTIONS,
        description="By the ids of the event's `questions`: a text, a choice, a list of choices, true or false; "
        "null is no answer.",
    ),
]


class ConsentsBody(Body):
    """What a person consents to, each by itself; nothing is taken for granted."""

    newsletter: bool = False
    photos: bool = False
    recording: bool = False


class NewRegistration(Body):
    """Somebody who wants to take part; with a `headcount`, a venue: that many, as attested, behind one connection.

    `either` is in the room, or remotely while the room is full. `sessions` are the ids of those they will come to, of
    the sessions that people register for. `answers` are to the questions of the event: those required are needed, but
    of a venue.
    """

    mode: Wish
    name: PersonName
    email: Email
    language: Language = "fr"
    consents: ConsentsBody = ConsentsBody()
    accessibility_needs: Needs | None = None
    headcount: Headcount | None = None
    sessions: ChosenSessions = ()
    answers: Answers = Field(default={})

    @model_validator(mode="after")
    def _venues_are_remote(self) -> "NewRegistration":
        if self.headcount is not None and self.mode is not Wish.REMOTE:
            raise PydanticCustomError("venue_mode", "a venue takes part remotely: give the mode remote")
        return self


class MemberBody(Body):
    """One of a group; without an address of their own, the one of who registers them is used."""

    name: PersonName
    email: Email | None = None
    mode: Wish | None = None


class NewGroup(Body):
    """Several people registered by one, who reads what is written to those without an address.

    `sessions` are those that all of them come to; each can change it afterwards.
    """

    mode: Wish
    email: Email
    language: Language = "fr"
    members: Annotated[list[MemberBody], Field(min_length=1, max_length=MOST_MEMBERS)]
    sessions: ChosenSessions = ()


class RegistrationPatch(Body):
    """What to change of a registration, read like `EventPatch`.

    With `mode`, `keep_waiting` keeps the places on waitlists, and `keep_seat` the seat held if the other mode is full.
    `keep_waiting` false by itself gives the places up. `headcount` is a venue's. `sessions` replaces the whole choice.
    `answers` replaces those it names.
    """

    mode: Mode = Field(default_factory=lambda: Mode.IN_PERSON)
    name: PersonName = Field(default_factory=str)
    email: Email = Field(default_factory=str)
    language: Language = Field(default_factory=str)
    consents: ConsentsBody = ConsentsBody()
    accessibility_needs: Needs | None = None
    keep_waiting: bool = False
    keep_seat: bool = False
    headcount: Headcount = 1
    sessions: ChosenSessions = ()
    answers: Answers = Field(default={})


class WaitlistParameters(PageQuery):
    """Whose waitlist."""

    mode: Mode = Mode.IN_PERSON


class RosterParameters(PageQuery):
    """Which registrations to list; `search` finds parts of names and addresses, without case and accents."""

    search: Annotated[str, Field(max_length=200)] | None = None
    mode: Mode | None = None
    status: SeatStatus | None = None


class EraseParameters(BaseModel):
    """Whether to delete the person's data too."""

    erase: bool = False
