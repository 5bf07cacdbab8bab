"""What changed between two reports, and the facts that changed it, for programs."""

from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Instant
from schemas.presence import Seconds
from services.attendance.application.changes import Changes
from services.attendance.application.timeline_items import change_of
from services.attendance.web import answers
from services.attendance.web.api import READERS, TIMELINE, known_event
from services.attendance.web.moments import WhyEmpty, known_moment, refused, why_empty
from services.chassis.http import read_query
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, decode_cursor, encode_cursor

changes_api: Final = Api(tag="attendance")


class ChangesQuery(PageQuery):
    """Which two instants are compared."""

    from_: Annotated[Instant, Field(alias="from", description="What was known then (RFC 3339)…")]
    to: Annotated[Instant, Field(description="… and what was known then: not before `from`, not after now.")]


class ChangeStep(BaseModel):
    """A fact recorded between the two instants, and the person's seconds without and with it.

    `cause`: it is a fact about them (`fact`), or a sighting of somebody else up to which a presence that goes on is
    counted now (`horizon`).
    """

    cause: Literal["fact", "horizon"]
    fact: answers.TimelineItem
    before: Seconds
    after: Seconds


class ChangedPerson(BaseModel):
    """One participant or guest whose seconds differ: what was known at `from`, at `to`, and what made the difference.

    The `steps` are in the order in which the facts were recorded, and add up. `unweighed` facts were too many to be
    told one by one: then there are no steps.
    """

    participant_id: str | None
    guest_id: str | None
    before: Seconds
    after: Seconds
    steps: list[ChangeStep]
    unweighed: int


class ChangesPage(Page[ChangedPerson]):
    """A page of those whose seconds differ, by id."""

    why_empty: WhyEmpty | None = None


@changes_api.route(
    "GET",
    "/api/v1/events/{event_id}/timeline/changes",
    summary="Whose seconds changed between two instants, and by which facts",
    roles=READERS,
    query=ChangesQuery,
    answers={200: ChangesPage},
)
async def list_changes(request: web.Request) -> web.Response:
    """Compare the report of what was known at `from` with that of what was known at `to`.

    Seconds are those that `presence` answers as of the two instants.
    """
    query = read_query(request, ChangesQuery)
    event_id = (await known_event(request)).event_id
    earlier = known_moment(request, query.from_, parameter="from")
    later = known_moment(request, query.to, parameter="to")
    if later < earlier:
        raise refused("to", "lies before `from`")
    after = "" if query.after is None else str(decode_cursor(query.after, str)[0])
    changed = Changes(request.app[TIMELINE]).between(event_id, earlier=earlier, later=later, after=after)
    items: list[ChangedPerson] = []
    following = None
    async for explained in changed:
        if len(items) == query.limit:
            following = encode_cursor((_id_of(items[-1]),))
            break
        items.append(ChangedPerson.model_validate(change_of(explained)))
    first = await request.app[TIMELINE].first_recorded(event_id)
    page = ChangesPage(items=items, next=following, why_empty=why_empty(first, later))
    return web.Response(body=page.model_dump_json().encode(), content_type="application/json")


def _id_of(person: ChangedPerson) -> str:
    return person.participant_id or person.guest_id or ""
