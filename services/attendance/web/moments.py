"""The instants that questions are asked as of: never after now, for nobody knows yet what will be known then."""

from datetime import datetime
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Instant, format_instant
from services.attendance.application.translation import instant
from services.chassis.clock import Clock
from services.chassis.problems import FieldError, Problem, bad_request

CLOCK: Final[web.AppKey[Clock]] = web.AppKey("clock")

AsOf = Annotated[
    Instant | None,
    Field(
        description="Answer from the facts recorded up to this instant (RFC 3339), not after now; without it, from all."
    ),
]


class WhyEmpty(BaseModel):
    """Why an answer as of an instant has nothing in it: it lies before anything was known of the event."""

    reason: Literal["nothing_recorded_yet"] = "nothing_recorded_yet"
    first_recorded: Annotated[Instant, Field(description="When the event's first fact was recorded.")]
    detail: str


def known_moment(request: web.Request, moment: datetime, *, parameter: str = "as_of") -> datetime:
    """The instant, if it has come.

    Raises:
        Problem: 400 naming the parameter.
    """
    now = request.app[CLOCK]()
    if moment > now:
        detail = f"lies in the future: here it is {format_instant(now)}"
        raise refused(parameter, detail)
    return moment


def refused(parameter: str, detail: str) -> Problem:
    """400: what is wrong with one instant of the query."""
    return bad_request(
        f"The query is not valid: see {parameter}.", errors=[FieldError(parameter=parameter, detail=detail)]
    )


def why_empty(first_recorded: int | None, as_of: datetime | None) -> WhyEmpty | None:
    """The reason why nothing was known at an instant; None if something was, or if all is asked for."""
    if as_of is None or first_recorded is None or instant(first_recorded) <= as_of:
        return None
    first = instant(first_recorded)
    detail = (
        f"At {format_instant(as_of)} nothing was known of this event: "
        f"its first fact was recorded at {format_instant(first)}."
    )
    return WhyEmpty(first_recorded=first, detail=detail)
