"""All pages of sources, and what belongs to them."""

from aiohttp import web

from services.streaming_bridge.settings import BridgeSettings
from services.streaming_bridge.web.help_pages import add_help_pages
from services.streaming_bridge.web.hook_pages import add_hook_pages
from services.streaming_bridge.web.source_cases import SourceCases
from services.streaming_bridge.web.source_change_pages import add_source_change_pages
from services.streaming_bridge.web.source_pages import add_source_pages
from services.streaming_bridge.web.unclaimed_pages import add_unclaimed_pages
from services.streaming_bridge.web.unreadable_pages import add_redriving, add_unreadable_pages


def add_source_site(app: web.Application, cases: SourceCases, settings: BridgeSettings) -> None:
    """Route them."""
    add_source_pages(app, cases)
    add_source_change_pages(app, cases)
    add_hook_pages(app, cases)
    add_unreadable_pages(app, cases)
    add_unclaimed_pages(app, cases)
    add_help_pages(app, public_url=cases.public_url)
    add_redriving(app, cases.reading, settings)
