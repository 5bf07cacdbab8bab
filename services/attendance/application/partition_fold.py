"""The fold of one partition: records in, what is to be told and kept out.

It reads what is kept through `Stored` and writes nothing. What it has folded it knows, delivered or not; so it is
dropped, and built anew from what is kept, when a delivery failed or the partition is given away.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from schemas.decode import decode
from services.attendance.application.engine import process
from services.attendance.domain.errors import AttendanceError

_LARGEST_PRESENCE: Final = 960 * 1024


class Stored(Protocol):
    """What is delivered and kept of one partition."""

    def presence(self, key: bytes) -> bytes | None:
        """A presence record, by `event_id/subject`, or an earlier chunk of one, by `event_id/subject/NNNN`."""

    def subjects(self, event_id: str) -> Iterable[str]:
        """All who have a presence record at an event."""

    def context(self, key: bytes) -> bytes | None:
        """A record about a whole event."""


class UnfitRecordError(AttendanceError, ValueError):
    """A record that can be read and does not fit; `reason` says what is wrong without quoting it."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOutput:
    """What changed between two flushes. None removes a record. Entries are (event_id, timeline entry)."""

    presences: dict[bytes, bytes | None] = field(default_factory=dict)
    contexts: dict[bytes, bytes | None] = field(default_factory=dict)
    entries: list[tuple[bytes, bytes]] = field(default_factory=list)


class PartitionFold:
    """Folds the records of one partition, one on top of the other."""

    def __init__(self, stored: Stored, *, cache: int = 100_000) -> None:
        """At most about `cache` people are held decoded, and those that are not settled."""
        self._stored = stored
        self._cache = cache
        self._output = RoundOutput()
        self._presences: dict[bytes, bytes | None] = {}
        self._contexts: dict[bytes, bytes | None] = {}

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Fold one record on top of the others.

        Raises:
            UnreadableRecordError, NotAnInputError, UnfitRecordError: if it never can be; nothing has changed then.
        """
        if value is None:
            raise UnfitRecordError("value: is missing")
        fact = decode(value)
        event_id = fact.data.event_id
        if key != event_id.encode():
            raise UnfitRecordError("key: is not data.event_id")
        try:
            outcome = process(self, fact)
        except (ArithmeticError, LookupError, TypeError) as error:
            raise UnfitRecordError(f"fold: {type(error).__name__}") from error
        if any(len(presence or b"") > _LARGEST_PRESENCE for presence in outcome.presences.values()):
            raise UnfitRecordError("subject: has more facts than one presence record can hold")
        for subject, record in outcome.presences.items():
            place = f"{event_id}/{subject}".encode()
            self._presences[place] = self._output.presences[place] = record
        for name, written in outcome.contexts.items():
            place = name.encode()
            self._contexts[place] = self._output.contexts[place] = written
        self._output.entries.append((key, outcome.entry.value))

    def flush(self) -> RoundOutput:
        """What changed since the last flush; the fold goes on on top of it, delivered or not."""
        output, self._output = self._output, RoundOutput()
        return output

    def settled(self, output: RoundOutput) -> None:
        """An output of `flush` is delivered and kept: what it holds can be read from `Stored` again."""
        for known, told in ((self._presences, output.presences), (self._contexts, output.contexts)):
            for key, record in told.items():
                if key in known and known[key] is record:
                    del known[key]

    def presence(self, event_id: str, subject: str) -> bytes | None:
        """The presence record of a participant or guest."""
        key = f"{event_id}/{subject}".encode()
        return self._presences[key] if key in self._presences else self._stored.presence(key)

    def subjects(self, event_id: str) -> Iterable[str]:
        """All who have a presence record at an event."""
        prefix = f"{event_id}/".encode()
        subjects = set(self._stored.subjects(event_id))
        for key, record in self._presences.items():
            if key.startswith(prefix):
                (subjects.discard if record is None else subjects.add)(key[len(prefix) :].decode())
        return sorted(subjects)

    def context(self, key: str) -> bytes | None:
        """A record about a whole event."""
        encoded = key.encode()
        return self._contexts[encoded] if encoded in self._contexts else self._stored.context(encoded)
