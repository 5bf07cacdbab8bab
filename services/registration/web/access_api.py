"""The API of who may do what: members of an event, desk links, the audit log."""

from datetime import date
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Instant
from services.chassis.access import Role
from services.chassis.http import read_json, read_query
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, decode_cursor, page_of
from services.registration.application.account_ports import Account
from services.registration.application.accounts import Somebody
from services.registration.application.audit import AuditQuery
from services.registration.domain.audit import Act, AuditEntry
from services.registration.domain.desk_days import DeskLink, LinkState
from services.registration.web.answers import answer
from services.registration.web.bodies import Body, Email, Label, Language, PersonName
from services.registration.web.use_cases import use_cases

api = Api(tag="access")
_MEMBERS = "/api/v1/events/{event_id}/members"
_LINKS = "/api/v1/events/{event_id}/desk-links"


class NewMember(Body):
    """Whom to invite to an event, and as what."""

    name: PersonName
    email: Email
    role: Role
    language: Language = "fr"


class NewDeskLink(Body):
    """For which day of the event, in its time zone; for whom, which stays here; and for which door, which is told."""

    day: date
    label: Label
    gate: Label | None = None


class AuditParameters(PageQuery):
    """Which entries: all that are left out are not asked about."""

    actor: Annotated[str, Field(max_length=200)] | None = None
    subject: Annotated[str, Field(max_length=200)] | None = None
    act: Act | None = None


class MemberView(BaseModel):
    """An account that has a role at the event."""

    account_id: str
    name: str
    email: str
    role: Role

    @classmethod
    def of(cls, account: Account, role: Role) -> "MemberView":
        """A member."""
        return cls(account_id=account.account_id, name=account.name, email=account.email, role=role)


class MembersView(BaseModel):
    """Who has a role at the event."""

    items: list[MemberView]


class DeskLinkView(BaseModel):
    """A desk link; `url` is what volunteers open, null once it is over or revoked."""

    link_id: str
    day: date
    label: str
    gate: str | None
    state: LinkState
    opens_at: Instant
    ends_at: Instant
    url: str | None


class DeskLinksView(BaseModel):
    """The desk links of an event, by day."""

    items: list[DeskLinkView]


class AuditEntryView(BaseModel):
    """Who did what: ids alone. `actor` may be `public` or `system`."""

    number: int
    at: Instant
    actor: str
    act: Act
    event_id: str | None
    subject: str | None

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryView":
        """An entry."""
        deed = entry.deed
        return cls(
            number=entry.number,
            at=entry.at,
            actor=entry.actor,
            act=deed.act,
            event_id=deed.event_id,
            subject=deed.subject,
        )


@api.route("GET", _MEMBERS, summary="List who has a role at an event", roles=[], answers={200: MembersView})
async def list_members(request: web.Request) -> web.Response:
    """By name. Who has a role at all events is not listed."""
    members = await use_cases(request).access.accounts.members(request.match_info["event_id"])
    return answer(MembersView(items=[MemberView.of(account, role) for account, role in members]))


@api.route("POST", _MEMBERS, summary="Invite somebody to an event", roles=[], body=NewMember, answers={201: MemberView})
async def invite_member(request: web.Request) -> web.Response:
    """A link that signs them in is sent to the address. If it has an account, that one gets the role."""
    body = await read_json(request, NewMember)
    somebody = Somebody(name=body.name, email=body.email, language=body.language)
    accounts = use_cases(request).access.accounts
    account = await accounts.invite(somebody, body.role, event_id=request.match_info["event_id"])
    return answer(MemberView.of(account, body.role), status=201)


@api.route("DELETE", f"{_MEMBERS}/{{account_id}}", summary="Take somebody's role", roles=[], answers={204: None})
async def remove_member(request: web.Request) -> web.Response:
    """The account stays."""
    match = request.match_info
    await use_cases(request).access.accounts.take_role(match["account_id"], event_id=match["event_id"])
    return web.Response(status=204)


@api.route("GET", _LINKS, summary="List the desk links of an event", roles=[], answers={200: DeskLinksView})
async def list_desk_links(request: web.Request) -> web.Response:
    """By day, those that are over or revoked too."""
    links = await use_cases(request).access.desk_links.of(request.match_info["event_id"])
    return answer(DeskLinksView(items=[_link_view(request, link, state) for link, state in links]))


@api.route("POST", _LINKS, summary="Make a desk link", roles=[], body=NewDeskLink, answers={201: DeskLinkView})
async def create_desk_link(request: web.Request) -> web.Response:
    """It opens the check-in desk without an account, on one day."""
    body = await read_json(request, NewDeskLink)
    links = use_cases(request).access.desk_links
    link = await links.create(request.match_info["event_id"], day=body.day, label=body.label, gate=body.gate)
    return answer(_link_view(request, link, link.state(links.clock())), status=201)


@api.route("DELETE", f"{_LINKS}/{{link_id}}", summary="Revoke a desk link", roles=[], answers={204: None})
async def revoke_desk_link(request: web.Request) -> web.Response:
    """The desks that were opened with it are closed within ten seconds."""
    match = request.match_info
    await use_cases(request).access.desk_links.revoke(match["event_id"], match["link_id"])
    return web.Response(status=204)


@api.route(
    "GET",
    "/api/v1/events/{event_id}/audit-log",
    summary="Read the audit log of an event",
    roles=[],
    query=AuditParameters,
    answers={200: Page[AuditEntryView]},
)
async def read_event_log(request: web.Request) -> web.Response:
    """Who did what at the event, the latest first."""
    return await _log(request, request.match_info["event_id"])


@api.route(
    "GET",
    "/api/v1/audit-log",
    summary="Read the whole audit log",
    roles=[],
    query=AuditParameters,
    answers={200: Page[AuditEntryView]},
)
async def read_log(request: web.Request) -> web.Response:
    """Who did what at all events and outside them, the latest first."""
    return await _log(request, None)


async def _log(request: web.Request, event_id: str | None) -> web.Response:
    query = read_query(request, AuditParameters)
    entries = await use_cases(request).access.audit.page(
        AuditQuery(
            limit=query.limit + 1,
            event_id=event_id,
            before=None if query.after is None else int(decode_cursor(query.after, int)[0]),
            actor=query.actor,
            subject=query.subject,
            acts=() if query.act is None else (query.act,),
        )
    )
    kept, following = page_of(entries, limit=query.limit, key=lambda entry: (entry.number,))
    return answer(Page[AuditEntryView](items=[AuditEntryView.of(entry) for entry in kept], next=following))


def _link_view(request: web.Request, link: DeskLink, state: LinkState) -> DeskLinkView:
    good = state in {LinkState.TO_COME, LinkState.OPEN}
    return DeskLinkView(
        link_id=link.link_id,
        day=link.day,
        label=link.label,
        gate=link.gate,
        state=state,
        opens_at=link.opens_at,
        ends_at=link.ends_at,
        url=use_cases(request).access.desk_links.url(link) if good else None,
    )
