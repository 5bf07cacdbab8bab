"""The API that registers the webhook of a source on its platform."""

from aiohttp import web
from pydantic import BaseModel, Field

from services.chassis.access import Role
from services.chassis.noted_acts import NotedAct
from services.chassis.openapi import Api
from services.streaming_bridge.adapters.platforms.bigbluebutton_hooks import Hook
from services.streaming_bridge.application.hooks import Hooks
from services.streaming_bridge.domain.sources import Source
from services.streaming_bridge.web.noting import note_done


class HookView(BaseModel):
    """The webhook of a source, as its platform has it."""

    callback_url: str
    registered: bool = Field(description="Whether it is there now, and tells all that counts.")
    permanent: bool = Field(description="Whether the platform's administrator set it, so that failures do not end it.")
    kept: bool = Field(description="Whether the bridge registers it again when the platform has thrown it away.")


def hooks_api(hooks: Hooks) -> Api:
    """Three operations on a platform that can be told by API where to send its deliveries."""
    api = Api(tag="sources")
    organizer = [Role.ORGANIZER]
    path = "/api/v1/sources/{source}/hook"
    problems = (404, 409, 503)

    async def source_of(request: web.Request) -> Source:
        return await hooks.book.get(request.match_info["source"])

    async def view(source: Source, hook: Hook | None) -> web.Response:
        now = await hooks.book.get(source.name)
        shown = HookView(
            callback_url=hooks.callback_of(source),
            registered=hook is not None,
            permanent=hook is not None and hook.is_permanent,
            kept=hooks.is_kept(now),
        )
        return web.json_response(text=shown.model_dump_json())

    @api.route(
        "POST",
        path,
        summary="Register the webhook on the platform",
        roles=organizer,
        answers={200: HookView},
        problems=problems,
    )
    async def register_hook(request: web.Request) -> web.StreamResponse:
        """For BigBlueButton. Nothing changes if it is there; 409 says by `reason` why the platform will not."""
        source = await source_of(request)
        hook = await hooks.register(source)
        await note_done(request, NotedAct.HOOK_REGISTERED, subject=source.name)
        return await view(source, hook)

    @api.route(
        "GET",
        path,
        summary="Ask the platform for the webhook",
        roles=organizer,
        answers={200: HookView},
        problems=problems,
    )
    async def show_hook(request: web.Request) -> web.StreamResponse:
        source = await source_of(request)
        return await view(source, await hooks.find(source))

    @api.route(
        "DELETE",
        path,
        summary="Remove the webhook from the platform",
        roles=organizer,
        answers={204: None},
        problems=problems,
    )
    async def remove_hook(request: web.Request) -> web.StreamResponse:
        """Nothing changes if there is none; one that the administrator set for good stays (409 `permanent_hook`)."""
        source = await source_of(request)
        await hooks.remove(source)
        await note_done(request, NotedAct.HOOK_REMOVED, subject=source.name)
        return web.Response(status=204)

    return api
