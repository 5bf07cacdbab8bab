"""The pages of what was accepted of reports: look at it again, and take it back."""

from dataclasses import dataclass
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.noted_acts import NotedAct
from services.chassis.pages import render
from services.chassis.pages.forms import read_form
from services.chassis.paging import PageQuery, decode_cursor, page_of
from services.chassis.problems import not_found
from services.streaming_bridge.application.reconciling import Reconciling
from services.streaming_bridge.domain.meetings import HeldEvent
from services.streaming_bridge.web.noting import note_first

_PATH: Final = "/events/{event_id}/reconciliation/accepted"
_A_PAGE: Final = 20


class AcceptedQuery(PageQuery):
    """A page of what was accepted; `taken_back` is what was just done."""

    taken_back: Annotated[int, Field(ge=0)] | None = None


class TakeBackForm(BaseModel):
    """Which stays are taken back; not before it is confirmed."""

    stay: Annotated[list[str], Field(max_length=_A_PAGE)] = []
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedPages:
    """The pages, with the use cases behind them."""

    reconciling: Reconciling

    def route(self, app: web.Application) -> None:
        """Route them: before the pages of single reports."""
        app.router.add_get(_PATH, self.show)
        app.router.add_get(f"{_PATH}/take-back", self.back)
        app.router.add_post(f"{_PATH}/take-back", self.take_back)

    async def show(self, request: web.Request) -> web.Response:
        """What counts since it was accepted, the latest first."""
        event, query = await self._own(request), read_query(request, AcceptedQuery)
        before = None if query.after is None else int(decode_cursor(query.after, int)[0])
        found, names = await self.reconciling.latest_accepted(event.event_id, limit=_A_PAGE + 1, before=before)
        stays, following = page_of(found, limit=_A_PAGE, key=lambda stay: (stay.position,))
        return render(
            request, "reports_accepted.html", event=event, stays=stays, names=names, query=query, following=following
        )

    async def take_back(self, request: web.Request) -> web.Response:
        """Ask whether it is meant; once it is, void it."""
        event = await self._own(request)
        said = (await read_form(request, TakeBackForm)).model or TakeBackForm()
        here = _PATH.format(event_id=event.event_id)
        found, names = await self.reconciling.latest_accepted(event.event_id, limit=_A_PAGE, only=said.stay)
        if not found:
            raise web.HTTPSeeOther(here)
        if not said.confirmed:
            return render(request, "reports_accepted_take_back.html", event=event, stays=found, names=names)
        event_id = event.event_id
        count = await self.reconciling.take_back(
            event_id,
            said.stay,
            noted=lambda: note_first(request, NotedAct.REPORT_TAKEN_BACK, event_id=event_id, subject=event_id),
        )
        raise web.HTTPSeeOther(f"{here}?taken_back={count}")

    async def back(self, request: web.Request) -> web.Response:
        """The address of a button, opened by a link."""
        raise web.HTTPSeeOther(request.path.removesuffix("/take-back"))

    async def _own(self, request: web.Request) -> HeldEvent:
        event_id = request.match_info["event_id"]
        require(request, event_id=event_id)
        event = await self.reconciling.events.event(event_id)
        if event is None:
            raise not_found("There is no such event.")
        return event
