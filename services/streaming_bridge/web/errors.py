"""The bridge's own errors as HTTP answers, in one place."""

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from services.chassis.problems import FieldError, Problem, conflict, json_pointer, not_found, unavailable
from services.streaming_bridge.adapters.platforms.anatomy import USUAL_REFUSALS, Refusals
from services.streaming_bridge.domain.errors import (
    BridgeError,
    PlatformAwayError,
    PlatformRefusedError,
    RegistrationAwayError,
    SourceExistsError,
    StorageUnavailableError,
    UnknownReportError,
    UnknownRoomError,
    UnknownSourceError,
    UnreadableDeliveryError,
    UnstorableError,
    UnverifiedDeliveryError,
)
from services.streaming_bridge.web.room_problems import room_problem

_RETRY_AFTER_SECONDS: Final = 2


@web.middleware
async def answer_bridge_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn an error of the bridge into the problem it is for whoever asked."""
    try:
        return await handler(request)
    except BridgeError as error:
        raise problem_of(error) from error


def problem_of(error: BridgeError, refusals: Refusals = USUAL_REFUSALS) -> Problem:
    """The fate of an error, chosen here: refused (4xx, as its platform understands it), or to be tried again (503)."""
    match error:
        case UnknownSourceError():
            problem = not_found("There is no such source.")
        case SourceExistsError():
            problem = conflict("Another source has this name.", reason="source_exists")
        case UnverifiedDeliveryError():
            problem = Problem(refusals.unproved, detail=error.explanation, extensions={"reason": error.reason})
        case UnreadableDeliveryError():
            errors = [FieldError(pointer=json_pointer(place), detail=message) for place, message in error.errors]
            detail = f"The delivery cannot be read and is kept aside: {error.explanation}."
            problem = Problem(refusals.unreadable, detail=detail, errors=errors, extensions={"reason": error.reason})
        case UnknownReportError():
            problem = not_found("There is no such report, or it is deleted: reports are kept for a day.")
        case RegistrationAwayError():
            problem = unavailable("Who is who cannot be told at the moment.", retry_after=_RETRY_AFTER_SECONDS)
        case UnstorableError():
            return Problem(400, detail="It holds a value that cannot be stored, such as a control character.")
        case StorageUnavailableError():
            problem = unavailable("Nothing can be stored at the moment.", retry_after=_RETRY_AFTER_SECONDS)
        case UnknownRoomError() | PlatformAwayError() | PlatformRefusedError():
            problem = room_problem(error)
        case _:
            problem = Problem(500)
    return problem
