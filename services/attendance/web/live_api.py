"""The live stream for programs: entries and figures as JSON."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from services.attendance.domain.reading import Entry
from services.attendance.web import answers, figure_answers
from services.attendance.web.api import READERS, TIMELINE, known_event
from services.attendance.web.feed import Feed
from services.attendance.web.figures import SharedFigures
from services.attendance.web.live import LiveStream
from services.chassis.http import read_query
from services.chassis.openapi import Api

FEED: Final = web.AppKey("feed", Feed)
FIGURES: Final = web.AppKey("figures", SharedFigures)

live_api: Final = Api(tag="attendance")


class LiveQuery(BaseModel):
    """Where to go on from, for readers who cannot send `Last-Event-ID` the first time."""

    after: Annotated[str, Field(max_length=1000, description="The `id` of the last message seen.")] | None = None


class LiveSnapshot(BaseModel):
    """Sent instead of what was missed: read the timeline anew, and go on from here."""

    reason: Literal["start", "unknown", "expired"]
    stats: figure_answers.Now


class JsonItems:
    """The latest entries as JSON, made once for all who watch."""

    def __init__(self, *, most: int = 2000) -> None:
        """Keep at most so many."""
        self._made: OrderedDict[tuple[str, str], tuple[Entry, str]] = OrderedDict()
        self._most = most

    def of(self, entry: Entry) -> str:
        """The item of an entry, as the timeline answers it."""
        key = (entry.event_id, entry.id)
        made = self._made.get(key)
        # Each watcher of a change is handed the same entry.
        if made is None or made[0] is not entry:
            made = self._made[key] = (entry, answers.timeline_item(entry).model_dump_json())
            self._made.move_to_end(key)
            if len(self._made) > self._most:
                self._made.popitem(last=False)
        return made[1]


class JsonTelling:
    """Tells a program: the timeline's items, the figures."""

    def __init__(self, event_id: str, items: JsonItems, figures: SharedFigures) -> None:
        """Tell of one event."""
        self._event_id = event_id
        self._items = items
        self._figures = figures

    async def entries(self, entries: Sequence[Entry]) -> Sequence[tuple[Entry, str]]:
        """All of them."""
        return [(entry, self._items.of(entry)) for entry in entries]

    async def figures(self) -> str:
        """The figures without the curve."""
        return (await self._figures.of(self._event_id)).model_dump_json()

    async def snapshot(self, reason: str) -> str:
        """The figures, and why."""
        stats = await self._figures.of(self._event_id)
        return LiveSnapshot.model_validate({"reason": reason, "stats": stats}).model_dump_json()


ITEMS: Final = web.AppKey("live_items", JsonItems)


@live_api.route(
    "GET",
    "/api/v1/events/{event_id}/live",
    summary="The timeline and the figures as they change (Server-Sent Events)",
    roles=READERS,
    query=LiveQuery,
    answers={200: "text/event-stream"},
    headers=("Last-Event-ID",),
)
async def follow_live(request: web.Request) -> web.StreamResponse:
    """Stream `entry` (an item of the timeline), `stats` (the figures, at most once a second) and `snapshot` messages.

    Each has an opaque `id`. Come back with it in `Last-Event-ID` to get what was missed; if that is too much, or the id
    is none of this stream's, a `snapshot` says so. An entry that changes comes again with the same id of its own.
    """
    read_query(request, LiveQuery)
    event = await known_event(request)
    telling = JsonTelling(event.event_id, request.app[ITEMS], request.app[FIGURES])
    stream = LiveStream(
        timeline=request.app[TIMELINE], feed=request.app[FEED], telling=telling, event_id=event.event_id
    )
    return await stream.answer(request)
