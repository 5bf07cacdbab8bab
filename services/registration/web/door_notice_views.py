"""What an organizer has to look at of what happened at the doors, as models."""

from pydantic import BaseModel

from services.registration.domain.double_entries import DoubleEntry
from services.registration.domain.unseated_entries import UnseatedEntry
from services.registration.web.desk_views import ScanView


class DoubleEntryView(BaseModel):
    """A ticket that was let in at more than one desk: one presence, whose holder may have lent the ticket."""

    double_entry_id: str
    participant_id: str
    entries: list[ScanView]
    settled: bool

    @classmethod
    def of(cls, double: DoubleEntry, *, settled: bool) -> "DoubleEntryView":
        """A double entry."""
        return cls(
            double_entry_id=double.fact_id,
            participant_id=double.scans[0].participant_id,
            entries=[ScanView.of(scan) for scan in double.scans],
            settled=settled,
        )


class DoubleEntriesView(BaseModel):
    """The double entries of an event."""

    items: list[DoubleEntryView]


class UnseatedEntryView(BaseModel):
    """Somebody whom a desk without the network let in, and who has no seat in the room, or in `session_id`."""

    unseated_entry_id: str
    participant_id: str
    session_id: str | None
    entry: ScanView
    settled: bool

    @classmethod
    def of(cls, unseated: UnseatedEntry, *, settled: bool) -> "UnseatedEntryView":
        """An unseated entry."""
        return cls(
            unseated_entry_id=unseated.name,
            participant_id=unseated.scan.participant_id,
            session_id=unseated.session_id,
            entry=ScanView.of(unseated.scan),
            settled=settled,
        )


class UnseatedEntriesView(BaseModel):
    """The unseated entries of an event."""

    items: list[UnseatedEntryView]
