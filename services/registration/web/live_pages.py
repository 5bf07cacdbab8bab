"""The page by which somebody follows an event while it is held, opened by a personal link."""

from typing import Final

from aiohttp import web

from services.chassis.middlewares import policy_allowing
from services.chassis.pages import render
from services.registration.application.personal_links import DOORS_OPEN
from services.registration.domain.event import EventStatus
from services.registration.web.live_views import OnNow, Way, rooms_from_afar, sources_of, ways_of
from services.registration.web.public_pages import public_event, why_not
from services.registration.web.use_cases import use_cases

_HERE: Final = "/e/{event_id}/live"
_WELCOME: Final = frozenset({None, "no_meeting", "event_closed"})
"""Of the reasons for which nobody is let into a meeting, those for which there is something to see here still."""


async def follow_event(request: web.Request) -> web.StreamResponse:
    """What is on now, streams and meetings, help; for who has a seat, in the room or remote."""
    event_id, token, cases = request.match_info["event_id"], request.match_info["token"], use_cases(request)
    participant_id = cases.links.read_join_token(token, event_id=event_id)
    if participant_id is None:
        return render(request, "not_yet.html", status=404, event=None, reason="unknown_link")
    event = await cases.events.find(event_id)
    participant = await cases.registrations.find(event_id, participant_id)
    reason, now = why_not(event, participant), cases.session_places.clock()
    if reason not in _WELCOME:
        return render(request, "not_yet.html", status=409, event=event, reason=reason)
    over = event.status is EventStatus.CLOSED or now >= event.over_at
    light = request.query.get("light")
    way = Way.TEXT if over else Way(light) if light in set(Way) else Way.VIDEO
    on = OnNow.at(event, now)
    rooms = rooms_from_afar(event, on, way=way, shown=request.query.get("show"))
    page = render(
        request,
        "live.html",
        event=event,
        over=over,
        now=now,
        on=on,
        rooms=rooms,
        way=way,
        ways=ways_of(event.rooms_from_afar),
        here=f"/e/{event_id}/live/{token}",
        join_path=f"/e/{event_id}/join/{token}" if reason is None else None,
        counts_from=event.starts_at - DOORS_OPEN,
        tokens={
            each.room.room_id: cases.links.watch_token(event, each.room, participant_id=participant_id)
            for each in rooms
            if each.player is not None
        },
    )
    page.headers["Content-Security-Policy"] = policy_allowing(sources_of(rooms))
    return page


async def say_how(request: web.Request) -> web.StreamResponse:
    """The page without a personal link: how to get one."""
    event = await public_event(request)
    return render(request, "live_how.html", event=event)


def add_live_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, say_how)
    app.router.add_get(f"{_HERE}/{{token}}", follow_event)
