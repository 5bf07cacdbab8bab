"""What handlers work with: the use cases, put on the application by `bootstrap`."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from services.chassis.retention_job import RetentionJob
from services.registration.adapters.letters.enclosures import Enclosures
from services.registration.adapters.letters.event_card import EventCards
from services.registration.adapters.neighbours import HttpNeighbours
from services.registration.application.account_cases import AccountCases
from services.registration.application.checkins import CheckIns
from services.registration.application.desks import Desks
from services.registration.application.events import Events
from services.registration.application.exports import Exports
from services.registration.application.guests import Guests
from services.registration.application.identities import Identities
from services.registration.application.imports import Imports
from services.registration.application.known_grants import KnownGrants
from services.registration.application.late_scans import LateScans
from services.registration.application.letters import Letters
from services.registration.application.offers import Offers
from services.registration.application.people import People
from services.registration.application.personal_exports import PersonalExports
from services.registration.application.personal_links import PersonalLinks
from services.registration.application.proof_cases import ProofCases
from services.registration.application.recognition import Recognition
from services.registration.application.registrations import Registrations
from services.registration.application.retention import Keeping
from services.registration.application.session_places import SessionPlaces
from services.registration.application.suspect_times import SuspectTimes
from services.registration.application.ticket_shops import TicketShops
from services.registration.application.tokens import Tokens
from services.registration.application.volunteers import Volunteers
from services.registration.application.walk_ins import WalkIns
from services.registration.settings import RegistrationSettings
from services.registration.web.rate_limits import RegistrationLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """All that this service can do."""

    settings: RegistrationSettings
    events: Events
    registrations: Registrations
    exports: Exports
    imports: Imports
    shops: TicketShops
    offers: Offers
    session_places: SessionPlaces
    check_ins: CheckIns
    desks: Desks
    walk_ins: WalkIns
    volunteers: Volunteers
    late_scans: LateScans
    identities: Identities
    guests: Guests
    recognition: Recognition
    suspect_times: SuspectTimes
    tokens: Tokens
    access: AccountCases
    grants: KnownGrants
    links: PersonalLinks
    letters: Letters
    people: People
    personal_exports: PersonalExports
    registration_limits: RegistrationLimits
    enclosures: Enclosures
    keeping: Keeping
    neighbours: HttpNeighbours
    retention: RetentionJob
    cards: EventCards
    proofs: ProofCases


USE_CASES: Final = web.AppKey("use_cases", UseCases)


def use_cases(request: web.Request) -> UseCases:
    """The use cases of the application that got the request."""
    return request.config_dict[USE_CASES]
