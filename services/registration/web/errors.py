"""What this service refuses, as the problems that HTTP knows."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from services.chassis.pages.languages import mark
from services.chassis.problems import FieldError, Problem, bad_request, conflict, not_found, unavailable
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.certificates import BatchNotFoundError, BatchRunningError, NoCertificateError
from services.registration.domain.contests import ContestNotFoundError, ContestRefusedError
from services.registration.domain.documents import DocumentNotFoundError, DocumentOutdatedError, DocumentRevokedError
from services.registration.domain.errors import (
    AccountNotFoundError,
    AlreadyRegisteredError,
    CheckInNotFoundError,
    DeskLinkNotFoundError,
    EventChangedMeanwhileError,
    EventNotFoundError,
    EventStateError,
    FileTrouble,
    GuestNotFoundError,
    GuestsUnknownError,
    ImportNotFoundError,
    InvalidValueError,
    LetterNotFoundError,
    LinkConflictError,
    LinkNotFoundError,
    ModeFullError,
    NoOfferError,
    OfferExpiredError,
    ParticipantNotFoundError,
    RegistrationCancelledError,
    RegistrationError,
    SessionFullError,
    SessionNotFoundError,
    TimeNotAcceptedError,
    UnreadableFileError,
)
from services.registration.domain.shop_errors import ShopNotFoundError
from services.registration.domain.volunteering import ShiftNotFoundError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what the domain refuses into problems, for API and pages alike."""
    try:
        return await handler(request)
    except UnreadableFileError as error:
        raise bad_request(TROUBLES[error.trouble]) from error
    except RegistrationError as error:
        raise problem_of(error) from error


def problem_of(error: RegistrationError) -> Problem:  # noqa: PLR0911  (one for each kind of refusal)
    """The problem that tells a refusal."""
    match error:
        case InvalidValueError(pointer=pointer, rule=rule):
            place = f"#{pointer}"
            errors = [FieldError(pointer=place, detail=rule)]
            return bad_request(f"The body is not valid: {place} {rule}.", errors=errors)
        case EventStateError(status=status, act=act):
            return conflict(f"The event is {_STANDS[status]}: it is not possible to {act}.", reason=f"event_{status}")
        case EventChangedMeanwhileError(parts=parts):
            return Problem(
                412,
                detail="Somebody else changed the event since you read it: look at what changed, then try again.",
                extensions={"reason": "event_changed", "changed": [{"pointer": f"#/{part}"} for part in parts]},
            )
        case ModeFullError(mode=mode):
            return conflict(f"No seat is free {_PLACES[mode]}.", reason="mode_full")
        case GuestsUnknownError():
            return unavailable("What knows the guests of meetings does not answer at the moment.", retry_after=5)
        case NoCertificateError(why=why, missing=missing):
            return Problem(
                409,
                detail="There is no such certificate: see reason.",
                extensions={"reason": why.value} | ({"missing": list(missing)} if missing else {}),
            )
        case ContestRefusedError(trouble=trouble):
            return conflict("This is not possible: see reason.", reason=trouble.value)
        case AttendanceAwayError():
            return unavailable("What reckons attendance does not answer at the moment.", retry_after=5)
        case _ if type(error) in _CONFLICTS:
            detail, reason = _CONFLICTS[type(error)]
            return conflict(detail, reason=reason)
        case _:
            return not_found(_NOT_FOUND[type(error)])


_CONFLICTS: Final[Mapping[type[RegistrationError], tuple[str, str]]] = {
    DocumentRevokedError: ("This document was revoked.", "document_revoked"),
    DocumentOutdatedError: ("What it says has changed since: issue it anew.", "document_outdated"),
    BatchRunningError: (
        "Other certificates are being issued at this event: ask again once they are done.",
        "certificates_running",
    ),
    RegistrationCancelledError: ("This registration was cancelled.", "registration_cancelled"),
    SessionFullError: ("No seat is free in this session.", "session_full"),
    NoOfferError: ("No seat is kept for this participant.", "no_offer"),
    OfferExpiredError: ("The seat was kept until a time that has passed.", "offer_expired"),
    AlreadyRegisteredError: ("Somebody with this address is registered for the event.", "already_registered"),
    LinkConflictError: ("This guest is already linked to another participant.", "guest_linked"),
}
_NOT_FOUND: Final[Mapping[type[RegistrationError], str]] = {
    EventNotFoundError: "There is no event of this id.",
    SessionNotFoundError: "This event has no session of this id that people register for.",
    ParticipantNotFoundError: "This event has no participant of this id.",
    CheckInNotFoundError: "This event has no check-in of this id.",
    AccountNotFoundError: "There is no account of this id.",
    DeskLinkNotFoundError: "This event has no desk link of this id.",
    ImportNotFoundError: "This event has no import of this id, or it is deleted: files are kept for a day.",
    BatchNotFoundError: "This event has no such certificates.",
    DocumentNotFoundError: "No document was issued under this code.",
    ContestNotFoundError: "This event has no contest of this id.",
    ShopNotFoundError: "This event has no ticket shop of this id.",
    ShiftNotFoundError: "This event has no hours of this id.",
    LetterNotFoundError: "This event has no letter of this number.",
    GuestNotFoundError: "This event has no guest of this id.",
    LinkNotFoundError: "This guest is not linked to this participant.",
    TimeNotAcceptedError: "The time of this fact is not accepted.",
}
TROUBLES: Final = {
    FileTrouble.EMPTY: mark("The file holds no line below its headings."),
    FileTrouble.NO_TABLE: mark("The file is neither CSV nor XLSX."),
    FileTrouble.ENCODING: mark("The encoding of the file is not known: save it as UTF-8."),
    FileTrouble.LOCKED: mark(
        "The file is locked by a password, or in the format of Excel before 2007: save it as XLSX."
    ),
    FileTrouble.TOO_LONG: mark("The file has too many lines or columns: at most 10000 lines and 100 columns."),
    FileTrouble.NO_NAMES: mark("No column is called name: give the names of people."),
}
_STANDS: Final = {"draft": "not published", "published": "published", "closed": "closed", "cancelled": "cancelled"}
_PLACES: Final = {"in_person": "in person", "remote": "remotely"}
