"""What was told to one event and is told to another: under which id, and about whom.

A fact that was taken back counts never again, so what is told anew has an id made of the one before it: the same one,
whoever tells it and however often.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemas.identifiers import fact_id, guest_id, is_participant_id
from services.streaming_bridge.adapters.tables import DELIVERIES
from services.streaming_bridge.application.arrivals import Arrival
from services.streaming_bridge.domain.observations import PERSONAL_KINDS, Finding

_KEPT: Final = DELIVERIES.c
TOLD_ID: Final = sa.func.coalesce(_KEPT.told_as, _KEPT.fact_id)
"""The id of the fact by which a delivery is told now."""

_OWN_EVENTS: Final = (
    sa.select(_KEPT.source, _KEPT.room_key, _KEPT.first_subject, _KEPT.first_told_to)
    .where(_KEPT.first_subject.in_(sa.bindparam("subjects", expanding=True)))
    .distinct()
)


def next_id(row: sa.Row[Any]) -> str:
    """Under which id something that is taken back now is told the next time."""
    return fact_id(row.source_uri, "told again", row.told_as or row.fact_id)


def retold(finding: Finding, row: sa.Row[Any], event_id: str) -> Finding:
    """A finding as it is told to an event, which need not be the one that it was told to first."""
    first, subject = row.first_told_to, row.first_subject or finding.subject
    return finding if first is None else told_at(event_id, finding, subject=subject, first=first, told_as=row.told_as)


def told_at(
    event_id: str | None, finding: Finding, *, subject: str | None, first: str, told_as: str | None = None
) -> Finding:
    """A finding, whose id is that of its delivery, as it is told to an event that it was not told to `first`.

    `subject` is whom the delivery is about. Told to nobody yet, it stays as it is.
    """
    if event_id is None:
        return finding
    # What is about a room, or was done in it, is never taken back: it still stands where it was told.
    if finding.kind not in PERSONAL_KINDS:
        told_as = None if event_id == first else fact_id(finding.source_uri, "told to", event_id, finding.fact_id)
    if subject is not None and is_participant_id(subject) and event_id != first:
        # A participant of another event is nobody at this one.
        subject = guest_id(source=finding.source_uri, person=subject)
    return replace(finding, fact_id=told_as or finding.fact_id, subject=subject)


def with_own_events(
    connection: Connection, settled: Sequence[tuple[Arrival, str | None]]
) -> Sequence[tuple[Arrival, str | None]]:
    """Deliveries about participants whose room was their event's when they came and is another's by now, marked so.

    Who they are there was told with what was taken along: what comes later of them is told of the same.
    """
    about = [each.finding for each, _ in settled if each.finding is not None and _is_participant(each.finding.subject)]
    if not about:
        return settled
    rows = connection.execute(_OWN_EVENTS, {"subjects": sorted({str(one.subject) for one in about})})
    if not (known := {(row.source, row.room_key, row.first_subject): row.first_told_to for row in rows}):
        return settled
    own = {one.fact_id: known.get((one.source, one.room_key, one.subject)) for one in about}
    return [(replace(each, of_event=own.get(each.fact_id)), event_id) for each, event_id in settled]


def _is_participant(subject: str | None) -> bool:
    return subject is not None and is_participant_id(subject)
