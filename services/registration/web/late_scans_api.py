"""The API for desks that come back: what they kept while they had no network, in batches."""

from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from services.chassis.access import Role
from services.chassis.http import read_json
from services.chassis.openapi import Api
from services.chassis.problems import Problem, ProblemDocument, invalid_body
from services.registration.application.late_scans import Kept, Taken
from services.registration.domain.tickets import spell
from services.registration.web.answers import answer
from services.registration.web.desk_views import CheckInView
from services.registration.web.errors import problem_of
from services.registration.web.late_scan_bodies import LATE_ITEM, LateScansBody, LateScansView, LateScanView
from services.registration.web.use_cases import use_cases

api = Api(tag="check-ins")


@api.route(
    "POST",
    "/api/v1/events/{event_id}/late-scans",
    summary="Send what a desk kept while it had no network",
    roles=[Role.DESK],
    body=LateScansBody,
    answers={200: LateScansView},
)
async def take_late_scans(request: web.Request) -> web.Response:
    """Up to 200 at once, each answered by itself. Each is known by its `scan_id`: sent again, it is the same one."""
    body = await read_json(request, LateScansBody)
    read = [_read(item) for item in body.items]
    event_id = request.match_info["event_id"]
    kept = [one for one in read if not isinstance(one, Problem)]
    taken = iter(await use_cases(request).late_scans.take(event_id, kept))
    views = [_refused(one) if isinstance(one, Problem) else _view(next(taken)) for one in read]
    return answer(LateScansView(items=views))


def _read(item: object) -> Kept | Problem:
    try:
        return LATE_ITEM.validate_python(item).kept()
    except ValidationError as error:
        return invalid_body(error, item)


def _view(taken: Taken) -> LateScanView:
    if taken.refused is not None:
        return _refused(problem_of(taken.refused))
    if not taken.done:
        return _refused(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail="This could not be recorded just now."))
    return LateScanView(
        check_in=None if taken.result is None else CheckInView.of(taken.result),
        ticket=None if taken.ticket is None else spell(taken.ticket),
        seat=taken.seat,
    )


def _refused(problem: Problem) -> LateScanView:
    return LateScanView(problem=ProblemDocument.model_validate(problem.as_json()))
