"""`POST /beats`: the page of a stream says that it plays. What is answered 204 is on disk."""

from datetime import timedelta
from math import ceil
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.chassis.access import require_same_origin
from services.chassis.problems import Problem, invalid_body
from services.streaming_bridge.application.watching import Told, Watching
from services.streaming_bridge.domain.errors import (
    BridgeError,
    StorageUnavailableError,
    TooManyBeatsError,
    UnknownWatcherError,
)
from services.streaming_bridge.web.metrics import BridgeMetrics

BEATS: Final = "/beats"
_PLAYER: Final = "player"
_LONGEST_BODY: Final = 8 * 1024
_MOST_BEATS: Final = 120
_LONGEST_AGE: Final = 7 * 24 * 3600 * 1000


class BeatBody(BaseModel):
    """It played so many milliseconds ago, or stopped then."""

    age: Annotated[int, Field(ge=0, le=_LONGEST_AGE)]
    stopped: bool = False


class BeatsBody(BaseModel):
    """What a page tells; `first` is the number of the first of the beats."""

    model_config = ConfigDict(hide_input_in_errors=True)

    token: Annotated[str, Field(max_length=3000)]
    page: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    first: Annotated[int, Field(ge=0, le=10**9)]
    beats: Annotated[list[BeatBody], Field(max_length=_MOST_BEATS)]


def add_beats(app: web.Application, watching: Watching, metrics: BridgeMetrics, *, public_url: str) -> None:
    """Route it. It is no API: pages of this site call it, with what they were given."""

    async def hear(request: web.Request) -> web.StreamResponse:
        require_same_origin(request, public_url=public_url)
        metrics.received.labels(_PLAYER).inc()
        try:
            body = await _read(request)
            ages = [(timedelta(milliseconds=beat.age), beat.stopped) for beat in body.beats]
            await watching.hear(body.token, Told(page=body.page, first=body.first, ages=ages))
        except (Problem, BridgeError) as error:
            metrics.rejected.labels(_PLAYER, _REASONS.get(type(error), "bad_field")).inc()
            raise _refusal(error) from error
        metrics.kept.labels(_PLAYER, "accepted").inc()
        return web.Response(status=204)

    app.router.add_post(BEATS, hear)


_REASONS: Final[dict[type[Exception], str]] = {
    UnknownWatcherError: "signature_wrong",
    TooManyBeatsError: "too_many",
    StorageUnavailableError: "storage",
}


def _refusal(error: Problem | BridgeError) -> Problem | BridgeError:
    """Why a token opens nothing is not said: whoever made it up would learn from it."""
    match error:
        case UnknownWatcherError():
            return Problem(401, detail="Open the page again from your personal link.")
        case TooManyBeatsError(wait=wait):
            detail = "Your pages tell more than pages do. Let them keep it, and tell it later."
            return Problem(429, detail=detail, headers={"Retry-After": str(ceil(wait))})
    return error


async def _read(request: web.Request) -> BeatsBody:
    """The body, whatever its type: a page that goes can only send text."""
    if (request.content_length or 0) > _LONGEST_BODY:
        raise Problem(413, detail=f"The body is larger than {_LONGEST_BODY} bytes.")
    try:
        return BeatsBody.model_validate_json(await request.read())
    except ValidationError as error:
        raise invalid_body(error) from None
