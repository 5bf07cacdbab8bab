"""`passerelle-registration`: places in the sessions of an agenda that people register for.

Owner: registration. Retention: forever. Beside `schemas.registration`, which has the sessions themselves.
"""

from typing import Literal

from schemas.envelope import Fact, FactData, Identifier
from schemas.registration import Mode, SeatStatus


class SessionPlaceData(FactData):
    """A place in a session as it stands after the fact: a seat of `mode`, or one among those who wait for it."""

    session_id: Identifier
    mode: Mode
    status: SeatStatus


class SessionLeftData(FactData):
    """The session that was left."""

    session_id: Identifier


class SessionPlaceTaken(Fact):
    """A participant registered for a session."""

    type: Literal["passerelle.registration.session_place.taken.v1"]
    subject: Identifier
    data: SessionPlaceData


class SessionPlaceChanged(Fact):
    """A seat in a session was given to who waited for it, or the place moved to the other mode."""

    type: Literal["passerelle.registration.session_place.changed.v1"]
    subject: Identifier
    data: SessionPlaceData


class SessionPlaceLeft(Fact):
    """A participant is registered for a session no more."""

    type: Literal["passerelle.registration.session_place.left.v1"]
    subject: Identifier
    data: SessionLeftData
