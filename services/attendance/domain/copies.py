"""Facts are a set by id: which copy of a fact counts when several came."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Final, TypeVar

from services.attendance.domain.facts import AnyFact

F = TypeVar("F", bound=AnyFact)
_order: Final = attrgetter("time", "id")


def distinct(facts: Iterable[F]) -> list[F]:
    """One copy of each fact, by (time, id). Of copies that differ, the smallest (recorded, canonical) counts."""
    kept: dict[str, F] = {}
    for fact in facts:
        known = kept.get(fact.id)
        if known is None or (fact.recorded, fact.canonical) < (known.recorded, known.canonical):
            kept[fact.id] = fact
    return sorted(kept.values(), key=_order)
