"""The API of events."""

from typing import Final, cast

from aiohttp import web

from services.chassis.access import Role, grant_of
from services.chassis.http import read_json, read_query
from services.chassis.idempotency import pending_reply
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, page_of
from services.registration.application.event_drafts import EventChanges, EventDraft, RoomDraft, SessionDraft
from services.registration.application.ports import EventQuery
from services.registration.application.question_drafts import QuestionDraft
from services.registration.domain.agenda import Conference
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.errors import EventNotFoundError
from services.registration.domain.event import EventStatus
from services.registration.domain.seats import Capacity, Mode
from services.registration.web.actors import organizes_all
from services.registration.web.answers import answer
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.event_answers import (
    answer_with_version,
    event_view,
    event_views,
    telling_what_changed,
    versions_seen,
)
from services.registration.web.event_bodies import (
    DataContactBody,
    EventPatch,
    NewEvent,
    QuestionBody,
    RoomBody,
    SessionBody,
)
from services.registration.web.use_cases import use_cases
from services.registration.web.views import EventView

api = Api(tag="events")
_AS_SENT: Final = frozenset(
    {
        "title",
        "starts_at",
        "ends_at",
        "timezone",
        "grace_minutes",
        "reconnect_grace_seconds",
        "offer_minutes",
        "no_show_minutes",
        "series",
    }
)
"""The fields that the use case takes as they come."""


class EventsQuery(PageQuery):
    """Which events; with `archived`, those in the archive instead of the others."""

    archived: bool = False


@api.route(
    "POST", "/api/v1/events", summary="Create an event", roles=[Role.ORGANIZER], body=NewEvent, answers={201: EventView}
)
async def create_event(request: web.Request) -> web.Response:
    """The event is a draft until it is published."""
    body = await read_json(request, NewEvent)
    reply = pending_reply(request)
    event = await use_cases(request).events.create(draft_of(body), retry_key=reply.scope if reply else None)
    return answer(await event_view(request, event), status=201, location=f"/api/v1/events/{event.event_id}")


@api.route("GET", "/api/v1/events", summary="List events", query=EventsQuery, answers={200: Page[EventView]})
async def list_events(request: web.Request) -> web.Response:
    """The latest first. Without a token, those that are published; whoever manages some sees the archive as well."""
    query = read_query(request, EventsQuery)
    grant = grant_of(request)
    manages = grant is not None and grant.reach != frozenset()
    statuses = tuple(EventStatus) if manages else (EventStatus.PUBLISHED,)
    only = grant.reach if grant is not None and manages else None
    events = await use_cases(request).events.page(
        EventQuery(
            limit=query.limit + 1,
            after=read_cursor(query.after),
            statuses=statuses,
            only=only,
            archived=query.archived,
        )
    )
    kept, following = page_of(events, limit=query.limit, key=lambda event: cursor_key(event.starts_at, event.event_id))
    return answer(Page[EventView](items=await event_views(request, kept), next=following))


@api.route("GET", "/api/v1/events/{event_id}", summary="Read an event", answers={200: EventView})
async def read_event(request: web.Request) -> web.Response:
    """Without a token that reaches it, a draft is not found, and the conferences of rooms are left out.

    The `ETag` is the version: a change that names it in `If-Match` overwrites nothing that its author did not see.
    """
    event = await use_cases(request).events.find(request.match_info["event_id"])
    if event.status is EventStatus.DRAFT and not _reaches(request, event.event_id):
        raise EventNotFoundError(event.event_id)
    return await answer_with_version(request, event)


@api.route(
    "PATCH",
    "/api/v1/events/{event_id}",
    summary="Change an event",
    roles=[Role.ORGANIZER],
    body=EventPatch,
    answers={200: EventView},
    problems=[409, 412],
    headers=["If-Match"],
)
async def change_event(request: web.Request) -> web.Response:
    """What is left out stays; `sessions`, `rooms` and `questions` are replaced as a whole.

    Seats added go to the waitlist. With an `If-Match` that is no more the event's `ETag`, nothing changes: 412 names
    each field that is no more as it was read, with what it is `now`.
    """
    body = await read_json(request, EventPatch)
    events, event_id = use_cases(request).events, request.match_info["event_id"]
    change = events.edit(event_id, _changes(body), seen=versions_seen(request), connects=organizes_all(request))
    return await answer_with_version(request, await telling_what_changed(request, change))


def draft_of(body: NewEvent) -> EventDraft:
    """The command in a body."""
    return EventDraft(
        title=body.title,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        timezone=body.timezone,
        capacity=Capacity(in_person=body.capacity.in_person, remote=body.capacity.remote),
        grace_minutes=body.grace_minutes,
        reconnect_grace_seconds=body.reconnect_grace_seconds,
        offer_minutes=body.offer_minutes,
        no_show_minutes=body.no_show_minutes,
        description=body.description or None,
        series=body.series,
        rooms=tuple(room_draft(room) for room in body.rooms),
        sessions=tuple(session_draft(session) for session in body.sessions),
        data_contact=_contact(body.data_contact),
        questions=tuple(_question(question) for question in body.questions),
    )


def room_draft(body: RoomBody) -> RoomDraft:
    """A room as the use case takes it."""
    conference = body.conference
    return RoomDraft(
        name=body.name,
        conference=Conference(source=conference.source, room=conference.room) if conference else None,
        address=body.address,
        stream=body.stream.stream() if body.stream else None,
        room_id=body.room_id,
    )


def session_draft(body: SessionBody) -> SessionDraft:
    """A session as the use case takes it."""
    return SessionDraft(
        title=body.title,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        room=body.room,
        description=body.description or None,
        speakers=tuple(body.speakers),
        capacity=Capacity(in_person=body.capacity.in_person, remote=body.capacity.remote),
        cancelled=body.cancelled,
        registration_needed=body.registration_needed,
        session_id=body.session_id,
    )


def _changes(body: EventPatch) -> EventChanges:
    """Only what was sent."""
    sent = body.model_fields_set
    changes = cast("EventChanges", {name: getattr(body, name) for name in sorted(sent & _AS_SENT)})
    if "capacity" in sent:
        changes["seats"] = {Mode(name): getattr(body.capacity, name) for name in body.capacity.model_fields_set}
    if "description" in sent:
        changes["description"] = body.description or None
    if "rooms" in sent:
        changes["rooms"] = tuple(room_draft(room) for room in body.rooms)
    if "sessions" in sent:
        changes["sessions"] = tuple(session_draft(session) for session in body.sessions)
    if "data_contact" in sent:
        changes["data_contact"] = _contact(body.data_contact)
    if "questions" in sent:
        changes["questions"] = tuple(_question(question) for question in body.questions)
    return changes


def _question(body: QuestionBody) -> QuestionDraft:
    return QuestionDraft(**{**dict(body), "choices": tuple(body.choices)})


def _contact(body: DataContactBody | None) -> DataContact | None:
    return None if body is None else DataContact(**dict(body))


def _reaches(request: web.Request, event_id: str) -> bool:
    grant = grant_of(request)
    return grant is not None and grant.allows(Role.DESK, Role.ANALYST, event_id=event_id)
