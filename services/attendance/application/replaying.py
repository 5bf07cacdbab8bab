"""Play the facts of an event in the order they happened, at a chosen speed, as they were or as they might have been."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.decode import KnownFact
from schemas.registration import EventData
from services.attendance.application.translation import copy_key

_MARK: Final = "whatif"
"""The CloudEvents extension on each fact of a replay that is not what happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """How a replay is to differ from what happened; it is false where it does not."""

    grace_seconds: int | None = None
    reconnect_grace_seconds: int | None = None
    ignored_sources: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self != WhatIf()

    def __str__(self) -> str:
        """In words: `grace_seconds=1800 ignored_source=/bridge/jitsi/main`."""
        said = [f"{name}={seconds}" for name, seconds in self._graces().items()]
        return " ".join([*said, *(f"ignored_source={source}" for source in sorted(self.ignored_sources))])

    def of(self, facts: Iterable[KnownFact]) -> Iterator[KnownFact]:
        """The facts as they would have been: the event says other graces, some sources said nothing."""
        graces = self._graces()
        for fact in facts:
            if fact.source in self.ignored_sources:
                continue
            if graces and isinstance(fact.data, EventData):
                yield fact.model_copy(update={"data": fact.data.model_copy(update=graces)})
            else:
                yield fact

    def line(self, fact: KnownFact) -> bytes:
        """The fact as one line of JSON, with its end of line; a what-if stands in it under `whatif`."""
        whole = fact.to_bytes()
        if not self:
            return whole + b"\n"
        return b'%b,"%b":%b}\n' % (whole[:-1], _MARK.encode(), json.dumps(str(self), ensure_ascii=False).encode())

    def _graces(self) -> dict[str, int]:
        named = {"grace_seconds": self.grace_seconds, "reconnect_grace_seconds": self.reconnect_grace_seconds}
        return {name: seconds for name, seconds in named.items() if seconds is not None}


AS_IT_WAS: Final = WhatIf()


def in_event_time(
    facts: Iterable[KnownFact],
    *,
    from_: datetime | None = None,
    to: datetime | None = None,
    as_of: datetime | None = None,
) -> list[KnownFact]:
    """The facts between two instants (both included) that were known at `as_of`, each once, by (time, id)."""
    kept: dict[tuple[str, str], KnownFact] = {}
    for fact in facts:
        # Of two copies, the one that was known first: the rule of the fold, which the log has applied to the last.
        known = kept.get(copy_key(fact))
        if known is None or fact.recordedtime < known.recordedtime:
            kept[copy_key(fact)] = fact
    wanted = [
        fact
        for fact in kept.values()
        if (from_ is None or fact.time >= from_)
        and (to is None or fact.time <= to)
        and (as_of is None or fact.recordedtime <= as_of)
    ]
    return sorted(wanted, key=lambda fact: (fact.time, fact.id))


def due(facts: Iterable[KnownFact], *, speed: float) -> Iterator[tuple[float, KnownFact]]:
    """Each fact, and how many seconds after the first its time has come at `speed` times the speed it happened at."""
    first: datetime | None = None
    for fact in facts:
        first = first or fact.time
        yield (fact.time - first).total_seconds() / speed, fact
