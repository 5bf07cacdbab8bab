"""The page of a source's webhook, where the platform can be told by API where to send its deliveries."""

from aiohttp import web

from services.chassis.noted_acts import NotedAct
from services.chassis.pages import render
from services.streaming_bridge.domain.errors import PlatformAwayError, PlatformRefusedError
from services.streaming_bridge.domain.sources import Source
from services.streaming_bridge.web.noting import note_done
from services.streaming_bridge.web.room_problems import failure_words
from services.streaming_bridge.web.source_cases import ONE, SourceCases, path_of


def add_hook_pages(app: web.Application, cases: SourceCases) -> None:
    """Route the page and its two buttons."""
    hooks = cases.hooks

    async def show(request: web.Request) -> web.StreamResponse:
        return await page(request, await cases.source(request))

    async def register(request: web.Request) -> web.StreamResponse:
        source = await cases.source(request)
        try:
            await hooks.register(source)
        except (PlatformAwayError, PlatformRefusedError) as error:
            return await page(request, source, failed=error)
        await note_done(request, NotedAct.HOOK_REGISTERED, subject=source.name)
        raise web.HTTPSeeOther(f"{path_of(source)}/hook")

    async def remove(request: web.Request) -> web.StreamResponse:
        source = await cases.source(request)
        try:
            await hooks.remove(source)
        except (PlatformAwayError, PlatformRefusedError) as error:
            return await page(request, source, failed=error)
        await note_done(request, NotedAct.HOOK_REMOVED, subject=source.name)
        raise web.HTTPSeeOther(f"{path_of(source)}/hook")

    async def back(request: web.Request) -> web.StreamResponse:
        raise web.HTTPSeeOther(f"{path_of(await cases.source(request))}/hook")

    async def page(
        request: web.Request, source: Source, *, failed: PlatformAwayError | PlatformRefusedError | None = None
    ) -> web.Response:
        """The webhook as the platform has it now; `failed` is what was tried, and why it was not done."""
        hook, unknown = None, failed
        try:
            hook = await hooks.find(source)
        except (PlatformAwayError, PlatformRefusedError) as error:
            unknown = failed or error
        return render(
            request,
            "source_hook.html",
            status=409 if failed else 200,
            source=source,
            hook=hook,
            kept=hooks.is_kept(await cases.book.get(source.name)),
            wrong=None if unknown is None else failure_words(unknown.reason),
        )

    app.router.add_get(f"{ONE}/hook", show)
    app.router.add_post(f"{ONE}/hook", register)
    app.router.add_get(f"{ONE}/hook/remove", back)
    app.router.add_post(f"{ONE}/hook/remove", remove)
