"""How long the bridge keeps what, for the register of processing that registration shows."""

from aiohttp import web

from services.chassis.access import require_internal
from services.chassis.retention_job import RetentionJob
from services.chassis.retention_views import RetentionView
from services.streaming_bridge.settings import BridgeSettings


def add_retention(app: web.Application, job: RetentionJob, settings: BridgeSettings) -> None:
    """`POST /internal/retention` → the rules in force and the last run, for the other services alone."""

    async def retention(request: web.Request) -> web.StreamResponse:
        require_internal(request, settings)
        return web.json_response(text=(await RetentionView.of(job)).model_dump_json())

    app.router.add_post("/internal/retention", retention)
