"""The audit log as a page: of one event for its organizers, of everything for who runs the installation."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render
from services.chassis.paging import decode_cursor, page_of
from services.registration.application.audit import AuditQuery
from services.registration.application.sessions import ACCOUNT, DESK_LINK
from services.registration.domain.audit import Act, AuditEntry
from services.registration.domain.errors import EventNotFoundError
from services.registration.web.use_cases import use_cases

_LINES_A_PAGE: Final = 25
_LONGEST_ID: Final = 200
_TOPICS: Final = {
    "event": ("event", "volunteers"),
    "people": ("registration", "shop", "seat", "person", "consent", "letter", "retention"),
    "door": ("check_in",),
    "attendance": ("guest", "time", "report", "presence", "document", "signature", "sheets", "eligibility", "contest"),
    "platforms": ("room", "source"),
    "access": ("token", "account", "role", "session", "passkey", "identity", "desk_link"),
}
"""What the log is filtered by, each with the kinds of acts that belong to it."""


async def show_log(request: web.Request) -> web.StreamResponse:
    """A page of the log, the latest first."""
    event_id = request.match_info.get("event_id")
    require(request, event_id=event_id)
    cases, query = use_cases(request), request.query
    after, topic = query.get("after"), query.get("topic", "")
    actor, subject = (query.get(name, "").strip()[:_LONGEST_ID] for name in ("actor", "subject"))
    found = await cases.access.audit.page(
        AuditQuery(
            limit=_LINES_A_PAGE + 1,
            event_id=event_id,
            before=None if after is None else int(decode_cursor(after, int)[0]),
            actor=actor or None,
            subject=subject or None,
            acts=acts_of(topic),
        )
    )
    kept, following = page_of(found, limit=_LINES_A_PAGE, key=lambda entry: (entry.number,))
    filters = {"topic": topic, "actor": actor, "subject": subject}
    return render(
        request,
        "audit.html",
        event=None if event_id is None else await cases.events.find(event_id),
        entries=kept,
        names=await _names(request, kept, event_id),
        titles={} if event_id else await _titles(request, kept),
        topics=list(_TOPICS),
        filters=filters,
        chosen={name: value for name, value in filters.items() if value},
        following=following,
        first=after is None,
    )


def add_audit_pages(app: web.Application) -> None:
    """Route both."""
    app.router.add_get("/audit", show_log)
    app.router.add_get("/events/{event_id}/audit", show_log)


def acts_of(topic: str) -> Collection[Act]:
    """The acts of a topic; none, which is all of them, for what is no topic."""
    kinds = _TOPICS.get(topic, ())
    return [act for act in Act if act.partition(".")[0] in kinds]


async def _titles(request: web.Request, entries: Sequence[AuditEntry]) -> Mapping[str, str]:
    """What the events in some entries are called."""
    titles = {}
    for event_id in {entry.deed.event_id for entry in entries if entry.deed.event_id}:
        with suppress(EventNotFoundError):
            titles[event_id] = (await use_cases(request).events.find(event_id)).title
    return titles


async def _names(request: web.Request, entries: Sequence[AuditEntry], event_id: str | None) -> Mapping[str, str]:
    """What the ids in some entries are called: accounts, and at an event its desk links and participants."""
    cases = use_cases(request)
    ids = {entry.actor for entry in entries} | {entry.deed.subject for entry in entries if entry.deed.subject}
    names = dict(await cases.access.accounts.names([each for each in ids if each.startswith(f"{ACCOUNT}_")]))
    if event_id is not None:
        names |= await cases.registrations.names(event_id, [each for each in ids if each.startswith("par_")])
        if any(each.startswith(f"{DESK_LINK}_") for each in ids):
            names |= {link.link_id: link.label for link, _ in await cases.access.desk_links.of(event_id)}
    return names
