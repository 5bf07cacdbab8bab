"""`passerelle-checkin`: what happened at the doors. Owner: registration (the desk). Retention: forever."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.envelope import Fact, FactData, Identifier

Label = Annotated[str, Field(max_length=100)]


class CheckInData(FactData):
    """Where the ticket was seen: `gate` is the name that a desk gives its door.

    `device` is told no more since what a desk calls itself may name somebody; it stands in facts of before.
    `place_id` is the room or session that was entered; without it, a door of the event. `clock_offset_ms` is what a
    desk that was offline had to add to its own clock to tell the time of the scan.
    """

    gate: Label | None = None
    device: Label | None = None
    place_id: Identifier | None = None
    clock_offset_ms: Annotated[int, Field(ge=-(2**53), le=2**53)] | None = None


class CheckedIn(Fact):
    """A participant came in; `subject` is the participant id, `time` the instant of the scan."""

    type: Literal["passerelle.checkin.checked_in.v1"]
    subject: Identifier
    data: CheckInData


class CheckedOut(Fact):
    """A participant went out."""

    type: Literal["passerelle.checkin.checked_out.v1"]
    subject: Identifier
    data: CheckInData


class VoidData(FactData):
    """The fact that is taken back."""

    voided_id: Identifier


class CheckInVoided(Fact):
    """A check-in or check-out was a mistake: it is as if it had never been."""

    type: Literal["passerelle.checkin.voided.v1"]
    subject: Identifier
    data: VoidData
