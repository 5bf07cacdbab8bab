"""The bridge's own errors as HTTP answers, in one place."""

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from services.chassis.problems import FieldError, Problem, conflict, json_pointer, not_found, unavailable
from services.streaming_bridge.domain.errors import (
    BridgeError,
    SourceExistsError,
    StorageUnavailableError,
    UnknownSourceError,
    UnreadableDeliveryError,
    UnverifiedDeliveryError,
)

_RETRY_AFTER_SECONDS: Final = 2


@web.middleware
async def answer_bridge_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn an error of the bridge into the problem it is for whoever asked."""
    try:
        return await handler(request)
    except BridgeError as error:
        raise problem_of(error) from error


def problem_of(error: BridgeError) -> Problem:
    """The fate of an error, chosen here: refused (4xx), or to be tried again (503)."""
    match error:
        case UnknownSourceError():
            return not_found("There is no such source.")
        case SourceExistsError():
            return conflict("Another source has this name.", reason="source_exists")
        case UnverifiedDeliveryError():
            return Problem(401, detail=error.explanation, extensions={"reason": error.reason})
        case UnreadableDeliveryError():
            errors = [FieldError(pointer=json_pointer(place), detail=message) for place, message in error.errors]
            detail = f"The delivery cannot be read and is kept aside: {error.explanation}."
            return Problem(400, detail=detail, errors=errors, extensions={"reason": error.reason})
        case StorageUnavailableError():
            return unavailable("Nothing can be stored at the moment.", retry_after=_RETRY_AFTER_SECONDS)
    return Problem(500)
