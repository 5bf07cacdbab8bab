"""What the worker knows, in memory, for tests of the engine."""

from collections.abc import Iterable

from services.attendance.application.engine import Outcome


class MemoryState:
    """Keeps records by key; `apply` may be told to lose some of an outcome, as a crash would."""

    def __init__(self) -> None:
        self.presences: dict[tuple[str, str], bytes] = {}
        self.contexts: dict[str, bytes] = {}

    def presence(self, event_id: str, subject: str) -> bytes | None:
        return self.presences.get((event_id, subject))

    def subjects(self, event_id: str) -> Iterable[str]:
        return [subject for event, subject in self.presences if event == event_id]

    def context(self, key: str) -> bytes | None:
        return self.contexts.get(key)

    def apply(self, event_id: str, outcome: Outcome, *, lost: frozenset[int] = frozenset()) -> bool:
        """Keep what the outcome writes, but for the writes of these numbers; True if none was lost."""
        kept_all = True
        for number, key in enumerate([*outcome.presences, *outcome.contexts]):
            if number in lost:
                kept_all = False
            elif key in outcome.contexts:
                self.contexts[key] = outcome.contexts[key]
            elif (record := outcome.presences[key]) is None:
                self.presences.pop((event_id, key), None)
            else:
                self.presences[event_id, key] = record
        return kept_all
