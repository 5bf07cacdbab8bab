"""How long somebody was here in all, and up to any instant, without adding up everything for each."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from services.attendance.domain.intervals import Span, intersection, union


class Lasting:
    """The milliseconds in person, remote, and both at once, of presences that have ended."""

    def __init__(self, in_person: Iterable[Span], remote: Iterable[Span]) -> None:
        """Spans may overlap, and stand in any order."""
        ours, theirs = union(in_person), union(remote)
        self._sums = _Sums(ours), _Sums(theirs), _Sums(intersection(ours, theirs) if ours and theirs else ())

    def in_all(self) -> tuple[int, int, int]:
        """All of it."""
        in_person, remote, both = self._sums
        return in_person.total, remote.total, both.total

    def until(self, instant: int) -> tuple[int, int, int]:
        """What of it lies before an instant."""
        in_person, remote, both = self._sums
        return in_person.until(instant), remote.until(instant), both.until(instant)


class _Sums:
    """Disjoint spans in order, and how long those before each of them last together."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._before = []
        self.total = 0
        for start, end in spans:
            self._before.append(self.total)
            self.total += end - start

    def until(self, instant: int) -> int:
        later = bisect_left(self._spans, (instant, 0))
        if later == 0:
            return 0
        start, end = self._spans[later - 1]
        return self._before[later - 1] + min(end, instant) - start
