"""Who was let in by a desk without the network, and had no seat when it told: a notice to the organizer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.registration.domain.checkins import Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseatedEntry:
    """The first entry of somebody without a seat in the room, or in the session `session_id`. They are present."""

    scan: Scan
    session_id: str | None

    @property
    def name(self) -> str:
        """What names it. An earlier entry that is told later makes it another one, to be looked at again."""
        return f"{self.scan.fact_id}.{self.session_id or 'room'}"


def unseated_entries(entries: Iterable[UnseatedEntry]) -> Sequence[UnseatedEntry]:
    """One for each person and session, the latest first."""
    first: dict[tuple[str, str | None], UnseatedEntry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.scan.at, entry.scan.fact_id)):
        first.setdefault((entry.scan.participant_id, entry.session_id), entry)
    return list(first.values())[::-1]
