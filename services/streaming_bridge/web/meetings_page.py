"""The page of an event's meetings: who is in which room now, whether the platform says the same, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from aiohttp import web
from pydantic import BaseModel

from services.chassis.access import require
from services.chassis.clock import Clock
from services.chassis.http import read_query
from services.chassis.pages import render, texts_of
from services.streaming_bridge.adapters.former_rooms import SqlFormerRooms
from services.streaming_bridge.adapters.given_up import RoomOfSource
from services.streaming_bridge.adapters.people_names import PeopleNames
from services.streaming_bridge.application.joining import Joining
from services.streaming_bridge.application.meetings import Meetings
from services.streaming_bridge.application.room_control import RoomControl
from services.streaming_bridge.application.room_names import room_digest
from services.streaming_bridge.domain.errors import PlatformAwayError, PlatformRefusedError, UnknownRoomError
from services.streaming_bridge.domain.meetings import HeldEvent, Meeting
from services.streaming_bridge.web.former_rooms_pages import FormerRoomsPages
from services.streaming_bridge.web.meetings_api import known_event
from services.streaming_bridge.web.room_control import control_room
from services.streaming_bridge.web.room_problems import failure_words
from services.streaming_bridge.web.source_words import words_of

_PATH: Final = "/events/{event_id}/meetings"
_STALE: Final = timedelta(minutes=5)
"""How old a check may be to be shown as the platform's number of now."""


class MeetingsQuery(BaseModel):
    """Whether the page refreshes itself."""

    refresh: Literal["", "30"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingPages:
    """What the page needs."""

    meetings: Meetings
    joining: Joining
    control: RoomControl
    names: PeopleNames
    former: SqlFormerRooms
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMeeting:
    """A meeting as it is drawn: `platform_present` only while it is of now, `failure` in the reader's words."""

    meeting: Meeting
    platform: str | None
    platform_present: int | None
    failure: str | None
    controllable: bool
    enterable: bool


def add_meetings_page(app: web.Application, pages: MeetingPages) -> None:
    """Route the page and its two buttons."""

    async def show(request: web.Request) -> web.Response:
        require(request, event_id=request.match_info["event_id"])
        query = read_query(request, MeetingsQuery)
        return await _page(request, pages, await known_event(request, pages.meetings), query=query)

    async def open_room(request: web.Request) -> web.Response:
        return await told(request, opens=True)

    async def close_room(request: web.Request) -> web.Response:
        return await told(request, opens=False)

    async def told(request: web.Request, *, opens: bool) -> web.Response:
        """Tell the platform, and show the page again: with what went wrong, if anything did."""
        event_id = request.match_info["event_id"]
        require(request, event_id=event_id)
        event = await known_event(request, pages.meetings)
        try:
            await control_room(request, pages.control, opens=opens)
        except (PlatformAwayError, PlatformRefusedError) as error:
            status = 503 if isinstance(error, PlatformAwayError) else 409
            return await _page(request, pages, event, wrong=_failure(request, error.reason), status=status)
        except UnknownRoomError:
            return await _page(request, pages, event, wrong=_failure(request, "no_source"), status=404)
        raise web.HTTPSeeOther(f"{_PATH.format(event_id=event_id)}#{request.match_info['room_id']}")

    FormerRoomsPages(meetings=pages.meetings, former=pages.former, clock=pages.clock).route(app)
    app.router.add_get(_PATH, show)
    app.router.add_post(f"{_PATH}/{{room_id}}/open", open_room)
    app.router.add_post(f"{_PATH}/{{room_id}}/close", close_room)


async def _page(
    request: web.Request,
    pages: MeetingPages,
    event: HeldEvent,
    *,
    query: MeetingsQuery | None = None,
    wrong: str | None = None,
    status: int = 200,
) -> web.Response:
    now = pages.clock()
    meetings, shared = await pages.meetings.of(event.event_id), await pages.meetings.shared_ids(event.event_id)
    sources = {source.name: source for source in await pages.meetings.book.all()}
    shown = []
    for meeting in meetings:
        source = sources.get(meeting.room.claimed.source)
        controllable = source is not None and not event.cancelled and pages.control.controls(source)
        enterable = source is not None and not event.cancelled and bool(source.secrets)
        shown.append(_shown(request, meeting, now, controllable=controllable, enterable=enterable))
    return render(
        request,
        "meetings.html",
        status=status,
        event=event,
        query=query or MeetingsQuery(),
        now=now,
        meetings=shown,
        shared_ids=shared,
        without_way_in=await pages.joining.rooms_without_way_in(event.event_id),
        labels={(one.room.claimed.source, one.room.claimed.room_key): one.room.label for one in meetings},
        names=await pages.names.names(event.event_id, _suspected(meetings) | {one.subject for one in shared}),
        wrong=wrong,
        formerly_here=await pages.former.of_event(event.event_id),
        counted_elsewhere=await pages.former.of_rooms(_places(meetings)),
        # That page is for who organizes everything.
        gives_rooms=require(request, event_id=event.event_id).reach is None,
    )


def _shown(
    request: web.Request, meeting: Meeting, now: datetime, *, controllable: bool, enterable: bool
) -> ShownMeeting:
    check = meeting.check if meeting.check is not None and now - meeting.check.checked_at <= _STALE else None
    failure = check.failure if check is not None else None
    return ShownMeeting(
        meeting=meeting,
        platform=None if meeting.platform is None else words_of(meeting.platform).name,
        platform_present=None if check is None else check.theirs,
        failure=None if failure is None else _failure(request, failure),
        controllable=controllable,
        enterable=enterable,
    )


def _suspected(meetings: Sequence[Meeting]) -> set[str]:
    return {suspect.subject for meeting in meetings for drift in meeting.drifts for suspect in drift.suspects}


def _places(meetings: Sequence[Meeting]) -> list[RoomOfSource]:
    """The rooms, under each key that deliveries may name them by."""
    claimed = [meeting.room.claimed for meeting in meetings]
    return [(room.source, key) for room in claimed for key in (room.room_key, room_digest(room.room))]


def _failure(request: web.Request, reason: str) -> str:
    return texts_of(request).gettext(failure_words(reason))
