"""The audit log: who did what, in ids alone. What is told of an event or of a participant is an act by itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.registration.domain.checkins import Action
from services.registration.domain.contests import Outcome
from services.registration.domain.facts import (
    AttendanceContested,
    ContestAnswered,
    EligibilityChanged,
    EventMoved,
    EventStep,
    Fact,
    GuestIdentified,
    OfferEnded,
    PersonErased,
    PlaceStep,
    ScanVoided,
    SeatMoved,
    SeatStep,
    SessionPlaceMoved,
    TicketScanned,
    TimeJudged,
)

PUBLIC: Final = "public"
"""The actor of what nobody signed in did: a participant with their own link, or the public."""
SYSTEM: Final = "system"
"""The actor of what this installation did by itself: the clock, or somebody at its command line."""

BRIDGE: Final = "streaming_bridge"
"""The actor of what the bridge did by itself: it recognised a guest."""


class Act(StrEnum):
    """What somebody did."""

    EVENT_CREATED = "event.created"
    EVENT_CHANGED = "event.changed"
    EVENT_PUBLISHED = "event.published"
    EVENT_CLOSED = "event.closed"
    EVENT_CANCELLED = "event.cancelled"
    EVENT_ARCHIVED = "event.archived"
    EVENT_UNARCHIVED = "event.unarchived"
    REGISTERED = "registration.registered"
    CONFIRMED = "registration.confirmed"
    MODE_CHANGED = "registration.mode_changed"
    REGISTRATION_CHANGED = "registration.changed"
    REGISTRATION_CANCELLED = "registration.cancelled"
    REGISTRATIONS_EXPORTED = "registration.exported"
    PRESENCE_EXPORTED = "presence.exported"
    REGISTRATIONS_IMPORTED = "registration.imported"
    SHOP_CONNECTED = "shop.connected"
    SHOP_CHANGED = "shop.changed"
    SHOP_DISCONNECTED = "shop.disconnected"
    SEAT_OFFERED = "seat.offered"
    OFFER_ENDED = "seat.offer_ended"
    SEAT_RELEASED = "seat.released"
    PLACE_TAKEN = "session_place.taken"
    PLACE_CHANGED = "session_place.changed"
    PLACE_LEFT = "session_place.left"
    CHECKED_IN = "check_in.in"
    CHECKED_OUT = "check_in.out"
    CHECK_IN_VOIDED = "check_in.voided"
    DOUBLE_ENTRY_SETTLED = "check_in.double_entry_settled"
    GUEST_LINKED = "guest.linked"
    GUEST_UNLINKED = "guest.unlinked"
    GUEST_SET_ASIDE = "guest.set_aside"
    GUEST_TAKEN_BACK = "guest.taken_back"
    TIME_ACCEPTED = "time.accepted"
    TIME_LEFT_OUT = "time.left_out"
    REPORT_ACCEPTED = "report.accepted"
    REPORT_TAKEN_BACK = "report.taken_back"
    ELIGIBILITY_CHANGED = "eligibility.changed"
    ELIGIBILITY_EXPORTED = "eligibility.exported"
    ATTENDANCE_CONTESTED = "contest.made"
    CONTEST_UPHELD = "contest.upheld"
    CONTEST_REFUSED = "contest.refused"
    CONTEST_ANSWER_TAKEN_BACK = "contest.answer_taken_back"
    ROOM_ENTERED = "room.entered"
    ROOM_OPENED = "room.opened"
    ROOM_CLOSED = "room.closed"
    ROOM_COUNT_TAKEN_BACK = "room.count_taken_back"
    SOURCE_ADDED = "source.added"
    SOURCE_CHANGED = "source.changed"
    SOURCE_SECRETS_ENDED = "source.secrets_ended"
    SOURCE_REMOVED = "source.removed"
    HOOK_REGISTERED = "source.hook_registered"
    HOOK_REMOVED = "source.hook_removed"
    SIGNED = "signature.taken"
    SHEETS_CHANGED = "sheets.changed"
    SHEETS_EXPORTED = "sheets.exported"
    DOCUMENT_ISSUED = "document.issued"
    DOCUMENT_REVOKED = "document.revoked"
    DOCUMENTS_EXPORTED = "document.exported"
    DOCUMENT_SETTINGS_CHANGED = "document.settings_changed"
    VOLUNTEERS_CHANGED = "volunteers.changed"
    VOLUNTEERS_EXPORTED = "volunteers.exported"
    KEEPING_CHANGED = "retention.period_changed"
    RETENTION_APPLIED = "retention.applied"
    PERSON_CHANGED = "person.changed"
    PERSON_ERASED = "person.erased"
    PERSON_EXPORTED = "person.exported"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    LETTER_SENT_AGAIN = "letter.sent_again"
    TOKEN_CREATED = "token.created"  # noqa: S105  (the name of an act)
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_ADDRESS_CHANGED = "account.address_changed"
    ACCOUNT_ADDRESS_RESTORED = "account.address_restored"
    ACCOUNT_DELETED = "account.deleted"
    ROLE_GIVEN = "role.given"
    ROLE_TAKEN = "role.taken"
    SESSION_OPENED = "session.opened"
    SESSION_ENDED = "session.ended"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_REMOVED = "passkey.removed"
    IDENTITY_LINKED = "identity.linked"
    DESK_LINK_CREATED = "desk_link.created"
    DESK_LINK_REVOKED = "desk_link.revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An act: at which event, if at one, and on whom or what, by id."""

    act: Act
    event_id: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A line of the log; `number` is its place in it. `actor` is an account, a desk link, a token or a session."""

    number: int
    at: datetime
    actor: str
    deed: Deed


_EVENT_ACTS: Final = {
    EventStep.CREATED: Act.EVENT_CREATED,
    EventStep.CHANGED: Act.EVENT_CHANGED,
    EventStep.PUBLISHED: Act.EVENT_PUBLISHED,
    EventStep.CLOSED: Act.EVENT_CLOSED,
    EventStep.CANCELLED: Act.EVENT_CANCELLED,
}
_SEAT_ACTS: Final = {
    SeatStep.REGISTERED: Act.REGISTERED,
    SeatStep.CONFIRMED: Act.CONFIRMED,
    SeatStep.MODE_CHANGED: Act.MODE_CHANGED,
    SeatStep.CANCELLED: Act.REGISTRATION_CANCELLED,
    SeatStep.OFFERED: Act.SEAT_OFFERED,
    SeatStep.RELEASED: Act.SEAT_RELEASED,
    SeatStep.CHANGED: Act.REGISTRATION_CHANGED,
}


_CONTEST_ACTS: Final = {
    Outcome.UPHELD: Act.CONTEST_UPHELD,
    Outcome.REFUSED: Act.CONTEST_REFUSED,
    None: Act.CONTEST_ANSWER_TAKEN_BACK,
}
_PLACE_ACTS: Final = {
    PlaceStep.TAKEN: Act.PLACE_TAKEN,
    PlaceStep.CHANGED: Act.PLACE_CHANGED,
    PlaceStep.LEFT: Act.PLACE_LEFT,
}


def deed_of(fact: Fact) -> Deed:  # noqa: C901, PLR0911  (one for each kind of fact)
    """What was done, as a fact tells it."""
    match fact:
        case EventMoved(step=step, event=event):
            return Deed(act=_EVENT_ACTS[step], event_id=event.event_id)
        case SeatMoved(registration=seat) | OfferEnded(registration=seat):
            act = _SEAT_ACTS[fact.step] if isinstance(fact, SeatMoved) else Act.OFFER_ENDED
            return Deed(act=act, event_id=seat.event_id, subject=seat.participant_id)
        case SessionPlaceMoved(place=place):
            return Deed(act=_PLACE_ACTS[fact.step], event_id=place.event_id, subject=place.participant_id)
        case TicketScanned(scan=scan):
            act = Act.CHECKED_IN if scan.action is Action.IN else Act.CHECKED_OUT
            return Deed(act=act, event_id=scan.event_id, subject=scan.participant_id)
        case ScanVoided(scan=scan):
            return Deed(act=Act.CHECK_IN_VOIDED, event_id=scan.event_id, subject=scan.participant_id)
        case GuestIdentified(linked=linked):
            act = Act.GUEST_LINKED if linked else Act.GUEST_UNLINKED
            return Deed(act=act, event_id=fact.event_id, subject=fact.participant_id)
        case PersonErased():
            return Deed(act=Act.PERSON_ERASED, event_id=fact.event_id, subject=fact.participant_id)
        case EligibilityChanged():
            return Deed(act=Act.ELIGIBILITY_CHANGED, event_id=fact.event_id, subject=str(fact.version))
        case AttendanceContested(contest=contest):
            return Deed(act=Act.ATTENDANCE_CONTESTED, event_id=contest.event_id, subject=contest.participant_id)
        case ContestAnswered(contest=contest):
            act = _CONTEST_ACTS[None if contest.answer is None else contest.answer.outcome]
            return Deed(act=act, event_id=contest.event_id, subject=contest.participant_id)
        case TimeJudged(acceptance=said):
            act = Act.TIME_ACCEPTED if said.accepted else Act.TIME_LEFT_OUT
            return Deed(act=act, event_id=said.event_id, subject=said.subject or said.fact_id)
