"""What a desk sends that had no network: a batch of what it kept meanwhile, and what it is answered."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SkipValidation, TypeAdapter

from schemas.envelope import Identifier, Instant
from services.chassis.problems import ProblemDocument
from services.registration.application.late_scans import Kept, KeptScan, KeptUndoing, KeptWalkIn, Seat
from services.registration.domain.checkins import Action, CheckIn
from services.registration.domain.registrations import Person
from services.registration.web.bodies import Body, CheckInBody, ScanId, WalkInBody
from services.registration.web.desk_views import CheckInView


class LateScanBody(CheckInBody):
    """A ticket or a participant. `let_in` is for who had no seat there: they get one if one is left.

    `undone` is for one that was taken back on the device: it ends as one that was recorded and voided.
    """

    kind: Literal["check_in"]
    at: Instant
    scan_id: ScanId
    let_in: bool = False
    undone: bool = False

    def kept(self) -> Kept:
        """What it says."""
        check_in = _check_in(self, self.action, let_in=self.let_in)
        who = {"ticket": self.ticket, "participant_id": self.participant_id}
        return KeptScan(scan_id=self.scan_id, check_in=check_in, undone=self.undone, **who)


class LateWalkInBody(WalkInBody):
    """Somebody without a ticket. With `look_first`, who has registered with this name and address is not again."""

    kind: Literal["walk_in"]
    at: Instant
    undone: bool = False

    def kept(self) -> Kept:
        """What it says."""
        return KeptWalkIn(
            scan_id=self.scan_id,
            check_in=_check_in(self, Action.IN),
            person=Person(name=self.name, email=self.email or "", language=self.language),
            look_first=self.look_first,
            undone=self.undone,
        )


class LateUndoingBody(Body):
    """A scan that the server knows (`fact_id`) was taken back."""

    kind: Literal["void"]
    scan_id: ScanId
    fact_id: Identifier

    def kept(self) -> Kept:
        """What it says."""
        return KeptUndoing(fact_id=self.fact_id)


LateItem = Annotated[LateScanBody | LateWalkInBody | LateUndoingBody, Field(discriminator="kind")]
LATE_ITEM: TypeAdapter[LateItem] = TypeAdapter(LateItem)


class LateScansBody(Body):
    """A batch, the oldest first. Each is read by itself: one that is not valid is answered so, in its place."""

    items: Annotated[list[SkipValidation[LateItem]], Field(min_length=1, max_length=200)]


class LateScanView(BaseModel):
    """What became of one of them; with a `problem` of status 500 or more it may be sent again.

    `seat` tells whether somebody whom the volunteer let in without a seat has one now. `ticket` is a walk-in's.
    """

    check_in: CheckInView | None = None
    ticket: str | None = None
    seat: Seat | None = None
    problem: ProblemDocument | None = None


class LateScansView(BaseModel):
    """In the order of the batch."""

    items: list[LateScanView]


def _check_in(body: LateScanBody | LateWalkInBody, action: Action, *, let_in: bool = False) -> CheckIn:
    return CheckIn(
        action=action,
        scanned_at=body.at,
        gate=body.gate,
        device=body.device,
        place_id=body.place_id,
        clock_offset_ms=body.clock_offset_ms,
        let_in=let_in,
    )
