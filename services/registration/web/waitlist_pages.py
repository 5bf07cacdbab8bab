"""The organizer's page of the waiting lists and the seats on offer."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render
from services.chassis.paging import decode_cursor, page_of
from services.registration.application.ports import Participant
from services.registration.domain.seats import Mode
from services.registration.web.use_cases import use_cases

_ROWS_A_PAGE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Some of who waits for a mode; `following` is the cursor of the next ones."""

    waiting: tuple[Participant, ...]
    following: str | None


async def show_waitlists(request: web.Request) -> web.StreamResponse:
    """Who waits for which mode, the next first, and until when a seat is kept for whom."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    event = await use_cases(request).events.find(event_id)
    lists = {mode.value: await _shown(request, event_id, mode) for mode in Mode}
    return render(request, "waitlist.html", event=event, lists=lists)


def add_waitlist_pages(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/events/{event_id}/waitlist", show_waitlists)


async def _shown(request: web.Request, event_id: str, mode: Mode) -> Shown:
    cursor = request.query.get(mode.value)
    after = 0 if cursor is None else int(decode_cursor(cursor, int)[0])
    waiting = await use_cases(request).offers.waitlist(event_id, mode, after=after, limit=_ROWS_A_PAGE + 1)
    kept, following = page_of(
        waiting, limit=_ROWS_A_PAGE, key=lambda participant: (participant.registration.ranks.of(mode) or 0,)
    )
    return Shown(waiting=tuple(kept), following=following)
