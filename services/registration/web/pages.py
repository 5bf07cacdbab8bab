"""All pages of registration."""

from aiohttp import web

from services.registration.web.access_pages import add_access_pages
from services.registration.web.account_address_pages import add_account_address_pages
from services.registration.web.account_letter_pages import add_account_letter_pages
from services.registration.web.account_pages import add_account_pages
from services.registration.web.attesting_pages import add_attesting_pages
from services.registration.web.audit_pages import add_audit_pages
from services.registration.web.certificate_pages import add_certificate_pages
from services.registration.web.contest_pages import add_contest_pages
from services.registration.web.desk_app_pages import add_desk_app_pages
from services.registration.web.desk_choice_pages import add_desk_choice_pages
from services.registration.web.desk_link_pages import add_desk_link_pages
from services.registration.web.desk_pages import add_desk_pages
from services.registration.web.document_pages import add_document_pages
from services.registration.web.door_pages import add_door_pages
from services.registration.web.duplicate_pages import add_duplicate_pages
from services.registration.web.eligibility_pages import add_eligibility_pages
from services.registration.web.event_pages import add_event_pages
from services.registration.web.exports_api import add_export_pages
from services.registration.web.group_pages import add_group_pages
from services.registration.web.guest_pages import add_guest_pages
from services.registration.web.hand_over_pages import add_hand_over_pages
from services.registration.web.home_pages import add_home_pages
from services.registration.web.import_pages import add_import_pages
from services.registration.web.letter_pages import add_letter_pages
from services.registration.web.live_pages import add_live_pages
from services.registration.web.needs_pages import add_needs_pages
from services.registration.web.own_attendance_pages import add_own_attendance_pages
from services.registration.web.own_data_pages import add_own_data_pages
from services.registration.web.passkey_pages import add_passkey_pages
from services.registration.web.personal_pages import add_personal_pages
from services.registration.web.privacy_pages import add_privacy_pages
from services.registration.web.processing_pages import add_processing_pages
from services.registration.web.public_pages import add_public_pages
from services.registration.web.room_claim_pages import add_room_claim_pages
from services.registration.web.session_pages import add_session_pages
from services.registration.web.sheet_pages import add_sheet_pages
from services.registration.web.shop_connection_pages import add_shop_connection_pages
from services.registration.web.shop_pages import add_shop_pages
from services.registration.web.sign_in_pages import add_sign_in_pages
from services.registration.web.signature_pages import add_signature_pages
from services.registration.web.suspect_time_pages import add_suspect_time_pages
from services.registration.web.verify_pages import add_verify_pages
from services.registration.web.volunteer_pages import add_volunteer_pages
from services.registration.web.waitlist_pages import add_waitlist_pages


def add_pages(app: web.Application) -> None:
    """Route them."""
    add_home_pages(app)
    add_sign_in_pages(app)
    add_passkey_pages(app)
    add_hand_over_pages(app)
    add_account_pages(app)
    add_account_address_pages(app)
    add_account_letter_pages(app)
    add_access_pages(app)
    add_desk_link_pages(app)
    add_audit_pages(app)
    add_public_pages(app)
    add_live_pages(app)
    add_privacy_pages(app)
    # Before the pages whose last part is any word: theirs would be one.
    add_own_data_pages(app)
    add_own_attendance_pages(app)
    add_attesting_pages(app)
    add_certificate_pages(app)
    add_personal_pages(app)
    add_group_pages(app)
    add_event_pages(app)
    add_duplicate_pages(app)
    add_eligibility_pages(app)
    add_contest_pages(app)
    add_room_claim_pages(app)
    add_session_pages(app)
    add_export_pages(app)
    add_processing_pages(app)
    add_import_pages(app)
    add_shop_connection_pages(app)
    add_shop_pages(app)
    add_document_pages(app)
    add_verify_pages(app)
    add_letter_pages(app)
    add_needs_pages(app)
    add_desk_pages(app)
    add_desk_app_pages(app)
    add_desk_choice_pages(app)
    add_door_pages(app)
    add_signature_pages(app)
    add_sheet_pages(app)
    add_suspect_time_pages(app)
    add_waitlist_pages(app)
    add_volunteer_pages(app)
    add_guest_pages(app)
