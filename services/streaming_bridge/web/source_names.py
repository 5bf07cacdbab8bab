"""Which sources there are, for registration: it warns an organizer whose event names another."""

from aiohttp import web

from services.chassis.access import require_internal
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.settings import BridgeSettings


def add_source_names(app: web.Application, book: SourceBook, settings: BridgeSettings) -> None:
    """`POST /internal/source-names` → `{names: […]}`, for the other services alone."""

    async def source_names(request: web.Request) -> web.StreamResponse:
        require_internal(request, settings)
        return web.json_response({"names": [source.name for source in await book.all()]})

    app.router.add_post("/internal/source-names", source_names)
