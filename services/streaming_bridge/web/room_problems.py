"""Why a platform does not do what it was asked by API, in words for whoever asked."""

from typing import Final

from services.chassis.pages.languages import mark
from services.chassis.problems import Problem, conflict, not_found
from services.streaming_bridge.application.live_checks import NOT_SET_UP
from services.streaming_bridge.domain.errors import PlatformAwayError, PlatformRefusedError, UnknownRoomError

_RETRY_AFTER_SECONDS: Final = 15
_OTHER: Final = mark("The platform gives an answer that cannot be used.")
_SAID: Final = {
    "unreachable": mark("The platform's server cannot be reached."),
    "too_slow": mark("The platform's server does not answer in time."),
    "failing": mark("The platform's server says that it cannot answer now."),
    "no_source": mark("The source of this room was removed."),
    "no_api": mark("This platform cannot open or close rooms."),
    NOT_SET_UP: mark("The source was not told where the platform's API is, or with which secret."),
    "credentials_refused": mark("The platform refuses the secret that the source was given."),
    "no_api_there": mark("There is no such API at the address that the source was given."),
    "redirected": mark("The address that the source was given leads to another: give the source that one."),
    "refused": mark("The platform refuses to do that."),
    "no_hooks": mark("The webhooks of this platform are entered at the platform itself."),
    "address_of_this_machine": mark("Passerelle's address leads to this machine alone: the platform cannot reach it."),
    "permanent_hook": mark("The server's administrator has set this webhook for good: only they can remove it."),
    "permanent_hook_differs": mark("The server's administrator has set this webhook so that it does not tell enough."),
}


def failure_words(reason: str) -> str:
    """Why a platform did not do it, as a sentence to be translated."""
    return _SAID.get(reason, _OTHER)


def room_problem(error: UnknownRoomError | PlatformAwayError | PlatformRefusedError) -> Problem:
    """404, 503 for what is to be tried again, 409 for what would be refused again; `reason` is the stable word."""
    match error:
        case UnknownRoomError():
            return not_found("This event has no such room on a platform.")
        case PlatformAwayError(reason=reason):
            return Problem(
                503,
                detail=failure_words(reason),
                headers={"Retry-After": str(_RETRY_AFTER_SECONDS)},
                extensions={"reason": reason},
            )
        case PlatformRefusedError(reason=reason):
            return conflict(failure_words(reason), reason=reason)
