"""The API of sources, for organizers. Secrets go in and never come out."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Union

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from schemas.envelope import Instant
from services.chassis.access import Role
from services.chassis.clock import Clock
from services.chassis.http import read_json, read_query
from services.chassis.noted_acts import NotedAct
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, decode_cursor, page_of
from services.chassis.problems import Problem, invalid_body
from services.streaming_bridge.adapters.platforms.anatomy import Platform, SourceForm
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.sources import PlatformName, Source
from services.streaming_bridge.web.noting import note_done
from services.streaming_bridge.web.source_forms import changed_source, new_source, webhook_address

_KEPT_FIELDS = ("platform", "name")


class SourceChange(BaseModel):
    """The fields of the platform's form that change; those left out stay, null takes one away."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    keep_previous: bool = Field(
        default=True,
        description="Whether the webhook secrets valid so far stay valid beside a new one; false ends them.",
    )


class SourceView(BaseModel):
    """A source as it may be seen."""

    name: str
    platform: PlatformName
    webhook_url: str = Field(description="What to enter at the platform.")
    webhook_secrets: int = Field(description="How many webhook secrets are valid at this moment.")
    makes_join_links: bool = Field(description="Whether participants are sent in by signed links.")
    settings: dict[str, str]
    created_at: Instant
    updated_at: Instant


class _Platform(BaseModel):
    """Which form to read by."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    platform: PlatformName


def sources_api(book: SourceBook, platforms: Mapping[PlatformName, Platform], *, clock: Clock, public_url: str) -> Api:
    """The operations on sources."""
    api = Api(tag="sources")
    organizer = [Role.ORGANIZER]

    @api.route(
        "POST",
        "/api/v1/sources",
        summary="Add a conferencing platform",
        roles=organizer,
        body=_any_form(platforms.values()),
        answers={201: SourceView},
        problems=(409, 503),
    )
    async def create_source(request: web.Request) -> web.StreamResponse:
        """Its name is what events claim its rooms by; `secret` is accepted for the field of the webhook secret."""
        given = await read_json(request, _Platform)
        form = _read_form(platforms[given.platform], given.model_dump(mode="json"))
        source = new_source(platforms[given.platform], form, now=clock())
        await book.add(source)
        await note_done(request, NotedAct.SOURCE_ADDED, subject=source.name)
        location = {"Location": f"/api/v1/sources/{source.name}"}
        return web.json_response(
            text=_view(source, platforms[source.platform], public_url).model_dump_json(), status=201, headers=location
        )

    @api.route(
        "GET",
        "/api/v1/sources",
        summary="List the sources",
        roles=organizer,
        query=PageQuery,
        answers={200: Page[SourceView]},
    )
    async def list_sources(request: web.Request) -> web.StreamResponse:
        query = read_query(request, PageQuery)
        (after,) = ("",) if query.after is None else decode_cursor(query.after, str)
        sources = [source for source in await book.all() if source.name > str(after)]
        rows, following = page_of(sources[: query.limit + 1], limit=query.limit, key=lambda source: (source.name,))
        page = Page[SourceView](
            items=[_view(source, platforms[source.platform], public_url) for source in rows], next=following
        )
        return web.json_response(text=page.model_dump_json())

    @api.route("GET", "/api/v1/sources/{source}", summary="Show a source", roles=organizer, answers={200: SourceView})
    async def show_source(request: web.Request) -> web.StreamResponse:
        source = await book.get(request.match_info["source"])
        return web.json_response(text=_view(source, platforms[source.platform], public_url).model_dump_json())

    @api.route(
        "PATCH",
        "/api/v1/sources/{source}",
        summary="Change a source, or its secrets",
        roles=organizer,
        body=SourceChange,
        answers={200: SourceView},
        problems=(503,),
    )
    async def change_source(request: web.Request) -> web.StreamResponse:
        """A new webhook secret is valid beside the old ones, until a change with `keep_previous: false` ends them."""
        source = await book.get(request.match_info["source"])
        platform = platforms[source.platform]
        change = await read_json(request, SourceChange)
        given = dict(change.model_extra or {})
        form = _read_form(platform, _merged(source, platform, given))
        secret = form.delivery_secret()
        new_secret = secret if secret not in source.webhook_secrets[:1] else None
        changed = await book.change(
            changed_source(source, form), new_secret=new_secret, keep_previous=change.keep_previous
        )
        if given:
            await note_done(request, NotedAct.SOURCE_CHANGED, subject=source.name)
        if not change.keep_previous:
            await note_done(request, NotedAct.SOURCE_SECRETS_ENDED, subject=source.name)
        return web.json_response(text=_view(changed, platform, public_url).model_dump_json())

    @api.route("DELETE", "/api/v1/sources/{source}", summary="Remove a source", roles=organizer, answers={204: None})
    async def remove_source(request: web.Request) -> web.StreamResponse:
        """Its secrets are forgotten and its deliveries refused; what came before stays."""
        name = request.match_info["source"]
        await book.remove(name)
        await note_done(request, NotedAct.SOURCE_REMOVED, subject=name)
        return web.Response(status=204)

    return api


def _any_form(platforms: Iterable[Platform]) -> type[BaseModel]:
    """What a new source is described as: the form of any of the platforms."""
    forms: Any = Union[tuple(platform.form for platform in platforms)]  # noqa: UP007  (known at run time)

    class NewSource(RootModel[Annotated[forms, Field(discriminator="platform")]]):
        """A source, in the form of its platform."""

    return NewSource


def _read_form(platform: Platform, given: Mapping[str, Any]) -> SourceForm:
    try:
        return platform.form.model_validate(given)
    except ValidationError as error:
        raise invalid_body(error) from None


def _merged(source: Source, platform: Platform, given: dict[str, Any]) -> dict[str, Any]:
    """The whole form as it would be after a change, so that it is checked as a whole."""
    changes = dict(given)
    if "secret" in changes:
        changes[platform.proof_field] = changes.pop("secret")
    whole = {
        **source.settings,
        **source.secrets,
        platform.proof_field: next(iter(source.webhook_secrets), None),
        **changes,
    }
    # A name cannot change: events know the source by it.
    wrong = [field for field in _KEPT_FIELDS if field in given and given[field] != str(getattr(source, field))]
    if wrong:
        raise Problem(400, detail=f"A source keeps its {' and '.join(wrong)}: make another one.")
    return {**whole, "platform": source.platform.value, "name": source.name}


def _view(source: Source, platform: Platform, public_url: str) -> SourceView:
    return SourceView(
        name=source.name,
        platform=source.platform,
        webhook_url=webhook_address(source, platform, public_url),
        webhook_secrets=len(source.webhook_secrets),
        makes_join_links=bool(source.secrets),
        settings=dict(source.settings),
        created_at=source.created_at,
        updated_at=source.updated_at,
    )
