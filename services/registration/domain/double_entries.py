"""One ticket let in at two desks that did not know of each other: one presence, and one notice to the organizer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.registration.domain.checkins import Action, Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleEntry:
    """Entries with one ticket, at more than one desk and without an exit in between, the first first."""

    scans: tuple[Scan, ...]

    @property
    def fact_id(self) -> str:
        """What names it: its last entry. One more entry makes it another one, to be looked at again."""
        return self.scans[-1].fact_id


def double_entries(scans: Iterable[Scan]) -> Sequence[DoubleEntry]:
    """The double entries among the scans of one participant, given in any order; voided ones do not count.

    Entries into a room do not count either: who is at the event is seen at many rooms.
    """
    counted = [scan for scan in scans if scan.voided_by is None and scan.place_id is None]
    runs: list[list[Scan]] = [[]]
    for scan in sorted(counted, key=lambda scan: (scan.at, scan.recorded_at, scan.fact_id)):
        if scan.action is Action.OUT:
            runs.append([])
        elif not runs[-1] or _desk(scan) != _desk(runs[-1][-1]):
            runs[-1].append(scan)
    return [DoubleEntry(scans=tuple(run)) for run in runs if len(run) > 1]


def _desk(scan: Scan) -> tuple[str | None, str | None]:
    """The device and the gate: a desk that says neither is a desk too."""
    return scan.device, scan.gate
