"""Compute the presence of an event anew from its facts, and compare it with what the read model tells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.decode import KnownFact
from services.attendance.application.translation import document, domain_fact
from services.attendance.domain.fold import Presence, fold_event
from services.attendance.domain.reading import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One person of whom the log and the read model say different things; None where one does not know them."""

    subject: str
    from_log: Presence | None
    in_read_model: Presence | None


def compare_presence(facts: Iterable[KnownFact], standings: Sequence[Standing]) -> list[Discrepancy]:
    """Everybody whose presence folded from `facts` is not the one that stands, by id; none if all agree."""
    folded = fold_event(domain_fact(document(fact)) for fact in facts).people
    standing = {one.subject: one.presence for one in standings}
    return [
        Discrepancy(subject=subject, from_log=folded.get(subject), in_read_model=standing.get(subject))
        for subject in sorted({*folded, *standing})
        if folded.get(subject) != standing.get(subject)
        # Those who are linked stand with their participant alone.
        and not (subject not in standing and folded[subject].linked_to is not None)
    ]
