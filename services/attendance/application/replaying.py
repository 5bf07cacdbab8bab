"""Play the facts of an event in the order they happened, at a chosen speed."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from schemas.decode import KnownFact


def in_event_time(
    facts: Iterable[KnownFact],
    *,
    from_: datetime | None = None,
    to: datetime | None = None,
    as_of: datetime | None = None,
) -> list[KnownFact]:
    """The facts between two instants (both included) that were known at `as_of`, each once, by (time, id)."""
    kept: dict[str, KnownFact] = {}
    for fact in facts:
        # Of two copies, the one that was known first: the rule of the fold.
        known = kept.get(fact.id)
        if known is None or (fact.recordedtime, fact.to_bytes()) < (known.recordedtime, known.to_bytes()):
            kept[fact.id] = fact
    wanted = [
        fact
        for fact in kept.values()
        if (from_ is None or fact.time >= from_)
        and (to is None or fact.time <= to)
        and (as_of is None or fact.recordedtime <= as_of)
    ]
    return sorted(wanted, key=lambda fact: (fact.time, fact.id))


async def paced(facts: Iterable[KnownFact], *, speed: float | None) -> AsyncIterator[KnownFact]:
    """Give each fact when its time has come, `speed` times as fast as it happened; at once without a speed."""
    loop = asyncio.get_running_loop()
    began, first = loop.time(), None
    for fact in facts:
        first = first or fact.time
        if speed is not None:
            due = began + (fact.time - first).total_seconds() / speed
            await asyncio.sleep(max(0.0, due - loop.time()))
        yield fact
