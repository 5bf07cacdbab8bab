"""Why a request was refused, in plain words, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.chassis.pages.languages import mark
from services.streaming_bridge.application.door_log import UNKNOWN_SOURCE, WRONG_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalWords:
    """What was wrong, and what helps."""

    what: str
    do: str


_SAME_SECRET: Final = mark("Enter the same secret here and at the platform.")
_LOOK_AT_IT: Final = mark("It is kept: look at the deliveries that could not be read.")
_COMPARE: Final = mark("Compare the address that the platform has with the one on this page.")

REFUSALS: Final[Mapping[str, RefusalWords]] = {
    "signature_missing": RefusalWords(
        what=mark("It came without a signature or token."),
        do=mark("Enter the secret at the platform. If it is there, a stranger tried the address: nothing to do."),
    ),
    "signature_wrong": RefusalWords(
        what=mark("Its signature or token is not that of a secret of this source."), do=_SAME_SECRET
    ),
    "signature_malformed": RefusalWords(what=mark("Its signature is not of the form of this platform."), do=_COMPARE),
    "signature_stale": RefusalWords(
        what=mark("It was signed too long ago, or in the future."),
        do=mark("Set the clocks of the platform's machine and of this one."),
    ),
    "not_json": RefusalWords(what=mark("It is not in the form that this platform writes."), do=_LOOK_AT_IT),
    "bad_field": RefusalWords(what=mark("Something in it is missing, or is not as expected."), do=_LOOK_AT_IT),
    "too_large": RefusalWords(
        what=mark("It was larger than 1 MiB."),
        do=mark("No platform sends that much: a stranger tried the address, or another system has it."),
    ),
    "storage": RefusalWords(
        what=mark("It could not be stored: the disk is full, or the database does not answer."),
        do=mark("Make room on the disk. The platform was asked to send it again."),
    ),
    UNKNOWN_SOURCE: RefusalWords(what=mark("Its address names another platform than this source's."), do=_COMPARE),
    WRONG_ADDRESS: RefusalWords(
        what=mark("Its address goes on, or ends, other than the platform's does."), do=_COMPARE
    ),
}
_OTHER: Final = RefusalWords(what=mark("It was refused."), do=mark("Whoever runs Passerelle finds more in its log."))


def refusal_words(reason: str) -> RefusalWords:
    """The words of a reason."""
    return REFUSALS.get(reason, _OTHER)
