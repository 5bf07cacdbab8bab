"""What is said of ticket shops: why they cannot be asked, and what became of their tickets."""

from collections.abc import Mapping
from typing import Final

from services.chassis.pages.languages import mark
from services.registration.domain.imports import Refusal
from services.registration.domain.ticket_shops import WELL, Fate, Platform, Trouble
from services.registration.web.import_views import REASONS

PLATFORMS: Final[Mapping[Platform, str]] = {Platform.PRETIX: "pretix", Platform.HELLOASSO: "HelloAsso"}
"""Their names, which are no words of a language."""

TROUBLES: Final[Mapping[Trouble, str]] = {
    Trouble.UNREACHABLE: mark("The shop does not answer: check its address, or try again later."),
    Trouble.TOO_SLOW: mark("The shop takes too long to answer: try again later."),
    Trouble.ADDRESS_REFUSED: mark(
        "This address may not be asked: it must begin with https:// and be on the public network."
    ),
    Trouble.CREDENTIALS_REFUSED: mark("The shop refuses the token, or the identifier and its secret: copy them anew."),
    Trouble.NOT_ALLOWED: mark("What you entered is valid, but may not read orders: give it this right in the shop."),
    Trouble.NOT_FOUND: mark("The shop knows no such organizer, event or form: check how they are written."),
    Trouble.TOO_MANY_REQUESTS: mark("The shop asks to be left alone for a while."),
    Trouble.FAILING: mark("The shop has a fault of its own."),
    Trouble.UNREADABLE: mark("What answers there does not answer as this platform does: check the address."),
    Trouble.SEALED_OTHERWISE: mark(
        "The key of this installation was changed: enter the token, or the identifier and its secret, again."
    ),
}
FATES: Final[Mapping[Fate, str]] = {
    **{fate: REASONS[Refusal(fate.value)] for fate in Fate if fate not in WELL and fate.value in set(Refusal)},
    Fate.REGISTERED: mark("Registered here"),
    Fate.WAITLISTED: mark("On the waiting list"),
    Fate.RECOGNISED: mark("Registered here before"),
    Fate.PENDING: mark("Not yet paid"),
    Fate.WITHDRAWN: mark("Cancelled in the shop"),
    Fate.LEFT_OUT: mark("Not for taking part"),
    Fate.KEPT: mark(
        "The ticket is void or not for taking part, but the person had registered here by themselves: look at the "
        "registration."
    ),
    Fate.KIND_UNKNOWN: mark("This kind of ticket is new: say above how its holders take part."),
    Fate.NAME_MISSING: mark("The order says no name: have the shop ask for the name of each participant."),
    Fate.EMAIL_MISSING: mark("The order says no e-mail address."),
}
"""A few words for what needs no look; a sentence for what does."""
