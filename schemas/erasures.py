"""`passerelle-registration`: people who were forgotten, so that every service forgets them.

Owner: registration. Retention: forever. Beside `schemas.registration`, which has the registrations themselves.
"""

from typing import Literal

from schemas.envelope import Fact, FactData, Identifier


class ErasureData(FactData):
    """The guests who are known to be this person: what they called themselves is to be forgotten too."""

    guests: tuple[Identifier, ...] = ()


class PersonErased(Fact):
    """What was known of a participant is deleted; whoever keeps a name of theirs deletes it for good."""

    type: Literal["passerelle.registration.person.erased.v1"]
    subject: Identifier
    data: ErasureData
