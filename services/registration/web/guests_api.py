"""The API of guests: who was in a meeting without being known, and whose registrations are like theirs by name."""

from aiohttp import web
from pydantic import BaseModel

from schemas.envelope import Instant
from services.chassis.http import read_query
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, encode_cursor
from services.registration.application.guests import Guest, GuestState
from services.registration.web.answers import answer
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.use_cases import use_cases

api = Api(tag="guests")
_ALL = "/api/v1/events/{event_id}/guests"


class GuestsQuery(PageQuery):
    """Those of a state alone."""

    state: GuestState | None = None


class LikelyView(BaseModel):
    """A registration whose name is like the guest's; `likeness` is of 100. Never more than a proposal."""

    participant_id: str
    name: str
    likeness: int


class GuestView(BaseModel):
    """Somebody in a meeting whom no registration claims; `name` is what they called themselves, while it is kept.

    `participant_id` is set once they are linked. `seconds` are those of all their connections, what overlaps once.
    """

    guest_id: str
    name: str | None
    source: str
    room: str
    first_seen: Instant
    last_seen: Instant
    seconds: int
    here: bool
    state: GuestState
    participant_id: str | None
    suggestions: list[LikelyView]

    @classmethod
    def of(cls, guest: Guest) -> "GuestView":
        """A guest."""
        return cls(
            **guest.seen.model_dump(),
            state=guest.state,
            participant_id=guest.participant_id,
            suggestions=[LikelyView.model_validate(one, from_attributes=True) for one in guest.likely],
        )


@api.route(
    "GET", _ALL, summary="List guests", roles=[], query=GuestsQuery, answers={200: Page[GuestView]}, problems=[503]
)
async def list_guests(request: web.Request) -> web.Response:
    """The first seen first. `POST …/links` says who one of them is, `DELETE …/links` takes it back."""
    query = read_query(request, GuestsQuery)
    page = await use_cases(request).guests.page(
        request.match_info["event_id"], state=query.state, after=read_cursor(query.after), limit=query.limit
    )
    last = page.guests[-1].seen if page.more else None
    following = None if last is None else encode_cursor(cursor_key(last.first_seen, last.guest_id))
    return answer(Page[GuestView](items=[GuestView.of(guest) for guest in page.guests], next=following))


@api.route(
    "PUT", f"{_ALL}/{{guest_id}}/set-aside", summary="Set a guest aside", roles=[], answers={204: None}, problems=[409]
)
async def set_aside(request: web.Request) -> web.Response:
    """An organizer says that the guest is nobody who registered; their presence stays, as a guest's."""
    await use_cases(request).guests.set_aside(request.match_info["event_id"], request.match_info["guest_id"])
    return web.Response(status=204)


@api.route(
    "DELETE", f"{_ALL}/{{guest_id}}/set-aside", summary="Undo that", roles=[], answers={204: None}, problems=[409]
)
async def take_back(request: web.Request) -> web.Response:
    """The guest is to be looked at again."""
    await use_cases(request).guests.take_back(request.match_info["event_id"], request.match_info["guest_id"])
    return web.Response(status=204)
