"""The inferred ends that stand on the timeline: a state that was wrong may have told some that are not so.

A worker that builds its state anew knows only of those that it tells then. The others it takes back.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from schemas.decode import UnreadableRecordError, decode
from schemas.envelope import Instant
from schemas.timeline import END_INFERRED, TimelineEntry

_MARK: Final = END_INFERRED.encode()


class ToldEnds:
    """The last word on each inferred end, as far as told; entries of other facts are passed by."""

    def __init__(self) -> None:
        """Nothing is told yet."""
        self._standing: dict[str, bytes] = {}

    def tell(self, entry: bytes) -> None:
        """One more entry, later than all before it."""
        read = _read(entry) if _MARK in entry else None
        if read is not None and read.data.withdrawn_at is None:
            self._standing[read.id] = entry
        elif read is not None:
            self._standing.pop(read.id, None)

    def pass_over(self, entries: Iterable[bytes]) -> None:
        """These are told anew, one way or the other: that is the last word on them."""
        for entry in entries if self._standing else ():
            if _MARK in entry and (read := _read(entry)) is not None:
                self._standing.pop(read.id, None)

    def taken_back(self) -> Iterator[tuple[bytes, bytes]]:
        """Those that stand, as withdrawn from the first: by event, in the order of their ids."""
        for _, entry in sorted(self._standing.items()):
            if (read := _read(entry)) is not None:
                yield read.data.event_id.encode(), withdrawn(read, at=read.recordedtime)


def withdrawn(entry: TimelineEntry, *, at: Instant) -> bytes:
    """The record of an entry that was found untrue."""
    return entry.model_copy(update={"data": entry.data.model_copy(update={"withdrawn_at": at})}).to_bytes()


def _read(entry: bytes) -> TimelineEntry | None:
    try:
        read = decode(entry)
    except UnreadableRecordError:
        return None
    return read if isinstance(read, TimelineEntry) and read.data.fact.get("type") == END_INFERRED else None
