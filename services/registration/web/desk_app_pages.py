"""What makes the desk an app: its manifest, and the service worker that opens it without the network."""

import json
from typing import Final

from aiohttp import web

from services.chassis.pages import PAGES, texts_of
from services.registration.web.desk_pages import own_event

_OWNER: Final = "registration"
_MODULES: Final = ("desk/page", "desk/camera")
"""Those the page needs without the network, each with what it imports."""
_DECODER: Final = ("desk/decoder", "vendor/qr/decode", "vendor/qr/index")
"""What the camera needs besides, in a browser that reads no codes itself."""
_ICON_SIDES: Final = (192, 512)


async def show_manifest(request: web.Request) -> web.StreamResponse:
    """The web app manifest of one event's desk: it opens that desk and nothing beside it."""
    event = await own_event(request)
    texts, static = texts_of(request), request.config_dict[PAGES].static
    desk = f"/events/{event.event_id}/desk"
    manifest = {
        "id": desk,
        "name": texts.gettext("Check-in desk: %(title)s") % {"title": event.title},
        "short_name": texts.gettext("Check-in desk"),
        "start_url": desk,
        "scope": desk,
        "display": "standalone",
        "background_color": "#f8f6f1",
        "theme_color": "#0e5a5f",
        "icons": [
            {
                "src": static.address(f"desk/icon-{side}.png", _OWNER),
                "sizes": f"{side}x{side}",
                "type": "image/png",
                "purpose": purpose,
            }
            for side in _ICON_SIDES
            for purpose in ("any", "maskable")
        ],
    }
    return web.json_response(manifest, content_type="application/manifest+json")


async def show_worker(request: web.Request) -> web.StreamResponse:
    """The service worker of one event's desk: its scope is that page, and no other page of this site."""
    event = await own_event(request)
    static = request.config_dict[PAGES].static
    desk = f"/events/{event.event_id}/desk"
    files = [
        static.address("site.css"),
        static.address("logo.svg"),
        static.address("registration.css", _OWNER),
        *(static.address(f"{name}.js", _OWNER) for name in _MODULES),
    ]
    decoder = [static.address(f"{name}.js", _OWNER) for name in _DECODER]
    version = "-".join(sorted(static.digests.values()))
    settings = {"path": desk, "shell": f"{desk}/shell", "files": files, "decoder": decoder, "version": version}
    code = static.files[_OWNER, "desk/worker.js"].body.decode()
    return web.Response(
        text=f"const DESK = {json.dumps(settings)};\n{code}",
        content_type="text/javascript",
        headers={"Service-Worker-Allowed": desk, "Cache-Control": "no-cache"},
    )


def add_desk_app_pages(app: web.Application) -> None:
    """Route both."""
    app.router.add_get("/events/{event_id}/desk/app.webmanifest", show_manifest)
    app.router.add_get("/events/{event_id}/desk/worker.js", show_worker)
