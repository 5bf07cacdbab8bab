"""What the worker keeps of a partition, in memory, for tests of its fold."""

from collections.abc import Iterable

from services.attendance.application.partition_fold import RoundOutput


class MemoryStored:
    """Keeps records by key; `keep` may be told to lose the last ones of an output, as a crash would."""

    def __init__(self) -> None:
        self.presences: dict[bytes, bytes] = {}
        self.contexts: dict[bytes, bytes] = {}

    def presence(self, key: bytes) -> bytes | None:
        return self.presences.get(key)

    def subjects(self, event_id: str) -> Iterable[str]:
        prefix = f"{event_id}/".encode()
        subjects = [key[len(prefix) :] for key in self.presences if key.startswith(prefix)]
        return [subject.decode() for subject in subjects if b"/" not in subject]

    def context(self, key: bytes) -> bytes | None:
        return self.contexts.get(key)

    def keep(self, output: RoundOutput, *, presences: int | None = None, contexts: int | None = None) -> None:
        """Keep an output, or only the first so many records of it: those of one topic are delivered in their order."""
        for kept, records, count in (
            (self.presences, output.presences, presences),
            (self.contexts, output.contexts, contexts),
        ):
            for key, record in list(records.items())[:count]:
                if record is None:
                    kept.pop(key, None)
                else:
                    kept[key] = record
