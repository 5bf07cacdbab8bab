"""The web side of attendance: its routes, with what they need."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry

from services.attendance.application.analysis import Analysis
from services.attendance.application.attendance_records import AttendanceRecords
from services.attendance.application.reading import Reading
from services.attendance.settings import AttendanceSettings
from services.attendance.web.analysis_api import ANALYSIS, analysis_api
from services.attendance.web.analysis_page import add_analysis_page
from services.attendance.web.api import READING, TIMELINE, api
from services.attendance.web.changes_api import changes_api
from services.attendance.web.changes_page import add_changes_page
from services.attendance.web.comparison_api import comparison_api
from services.attendance.web.comparison_page import add_comparison_page
from services.attendance.web.evidence_api import evidence_api
from services.attendance.web.feed import Feed
from services.attendance.web.figures import SharedFigures
from services.attendance.web.internal import add_internal
from services.attendance.web.live_api import FEED, FIGURES, ITEMS, JsonItems, live_api
from services.attendance.web.live_page import add_live_page
from services.attendance.web.moments import CLOCK
from services.attendance.web.names import NAMES, Names
from services.attendance.web.people_pages import add_people_pages
from services.attendance.web.person_page import add_person_page
from services.attendance.web.presence_file import add_presence_file
from services.attendance.web.records_internal import RECORDS, add_records_internal
from services.attendance.web.report_api import add_report_api
from services.attendance.web.report_files import add_report_files
from services.attendance.web.report_page import add_report_page
from services.attendance.web.timeline_page import add_timeline_page
from services.attendance.web.xapi_api import add_xapi_api
from services.chassis.access import TokenVerifier
from services.chassis.clock import Clock
from services.chassis.http import ReadinessCheck, create_app
from services.chassis.openapi import add_api

PACKAGE: Final = "services.attendance.web"


def create_attendance_app(
    settings: AttendanceSettings,
    *,
    reading: Reading,
    feed: Feed,
    names: Names,
    verifier: TokenVerifier,
    checks: Mapping[str, ReadinessCheck],
    registry: CollectorRegistry,
    clock: Clock,
) -> web.Application:
    """The application that answers the read API and draws the live page; `feed` lets its watchers go when it stops.

    `clock` tells which instants have come, so that what is asked as of a later one is refused.
    """
    app = create_app(
        settings, service="attendance", verifier=verifier, packages=[PACKAGE], checks=checks, registry=registry
    )
    app[READING] = reading
    app[TIMELINE] = reading.timeline
    app[RECORDS] = AttendanceRecords(reading)
    app[ANALYSIS] = Analysis(reading, secret=settings.secret, smallest=settings.smallest_group)
    app[FEED] = feed
    app[CLOCK] = clock
    app[NAMES] = names
    app[ITEMS] = JsonItems()
    app[FIGURES] = SharedFigures(reading)
    add_api(app, api, analysis_api, changes_api, comparison_api, evidence_api, live_api)
    add_live_page(app)
    add_timeline_page(app)
    add_people_pages(app)
    add_presence_file(app)
    add_person_page(app)
    add_changes_page(app)
    add_analysis_page(app)
    add_comparison_page(app)
    add_internal(app, settings)
    add_records_internal(app, settings)
    add_report_api(app)
    add_report_page(app)
    add_report_files(app)
    add_xapi_api(app, settings)

    async def let_go(_: web.Application) -> None:
        feed.close()

    app.on_shutdown.append(let_go)
    return app
