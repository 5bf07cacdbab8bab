"""The API of what is known of people: all of one's own data, and what participants need to take part."""

from aiohttp import web

from services.chassis.openapi import Api
from services.registration.web.answers import answer
from services.registration.web.people_views import NeedsView, NeedView, OwnDataView
from services.registration.web.registrations_api import require_own
from services.registration.web.use_cases import use_cases

api = Api(tag="people")


@api.route(
    "GET",
    "/api/v1/events/{event_id}/registrations/{participant_id}/data",
    summary="Read all that is known of a participant",
    answers={200: OwnDataView},
    problems=[401, 403],
)
async def read_data(request: web.Request) -> web.Response:
    """For the organizer, and for the participant with their personal token.

    While attendance or the streaming bridge does not answer, what they know is `missing`. That it was read is in the
    audit log.
    """
    event_id, participant_id = request.match_info["event_id"], request.match_info["participant_id"]
    require_own(request, event_id, participant_id)
    return answer(OwnDataView.of(await use_cases(request).personal_exports.take_along(event_id, participant_id)))


@api.route(
    "GET",
    "/api/v1/events/{event_id}/accessibility-needs",
    summary="List accessibility needs",
    roles=[],
    answers={200: NeedsView},
)
async def list_needs(request: web.Request) -> web.Response:
    """For organizers alone: whoever acts on them."""
    event_id, cases = request.match_info["event_id"], use_cases(request)
    await cases.events.find(event_id)
    needs = await cases.people.needs(event_id)
    names = await cases.registrations.names(event_id, list(needs))
    return answer(
        NeedsView(
            items=[
                NeedView(participant_id=whose, name=names.get(whose), accessibility_needs=text)
                for whose, text in needs.items()
            ]
        )
    )
