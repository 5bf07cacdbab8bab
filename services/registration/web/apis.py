"""The parts of the API of this service, in the order in which it is described."""

from aiohttp import web

from services.chassis.openapi import add_api
from services.registration.web import (
    access_api,
    check_ins_api,
    desk_passes_api,
    desks_api,
    documents_api,
    eligibility_api,
    event_steps_api,
    events_api,
    exports_api,
    guests_api,
    imports_api,
    late_scans_api,
    people_api,
    processing_api,
    registrations_api,
    seats_api,
    session_pages,
    sessions_api,
    sheets_api,
    shop_notices_api,
    suspect_times_api,
    verify_api,
    volunteers_api,
)


def add_apis(app: web.Application) -> None:
    """Route all of them."""
    add_api(
        app,
        events_api.api,
        event_steps_api.api,
        registrations_api.api,
        exports_api.api,
        imports_api.api,
        people_api.api,
        processing_api.api,
        seats_api.api,
        session_pages.api,
        sessions_api.api,
        shop_notices_api.api,
        check_ins_api.api,
        guests_api.api,
        late_scans_api.api,
        desks_api.api,
        eligibility_api.api,
        desk_passes_api.api,
        suspect_times_api.api,
        documents_api.api,
        verify_api.api,
        sheets_api.api,
        volunteers_api.api,
        access_api.api,
    )
