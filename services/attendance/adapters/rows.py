"""Rows of the read model as values of the domain; rows written before evidence was kept have none."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Row

from schemas.presence import PresenceContradiction, PresenceInterval, Seconds
from services.attendance.adapters.tables import to_column
from services.attendance.domain.evidence import Contradiction, ContradictionKind
from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.fold import Presence, Status
from services.attendance.domain.intervals import Durations, EndInferred, Interval
from services.attendance.domain.reading import Entry, Reached, Standing


def entry_of(row: Row[Any]) -> Entry:
    """An entry of the timeline; nothing is said of its time."""
    data = row.fact.get("data")
    return Entry(
        event_id=row.event_id,
        id=row.id,
        position=row.position,
        time=row.time,
        recorded=row.recorded,
        type=row.type,
        source=row.source,
        participant_id=row.participant_id,
        guest_id=row.guest_id,
        mode=None if row.mode is None else Mode(row.mode),
        data=data if isinstance(data, dict) else {},
        reached=None if row.reached is None else _reached(row.reached),
        withdrawn=row.withdrawn_at,
    )


def standing_of(row: Row[Any], earlier: Sequence[Sequence[object]]) -> Standing:
    """Where one person stands; `earlier` holds what comes before the intervals of the row, perhaps more than counts."""
    intervals = [*chain.from_iterable(earlier[: row.earlier]), *row.intervals]
    presence = Presence(
        status=Status(row.status),
        registered_mode=None if row.registered_mode is None else Mode(row.registered_mode),
        registration=None if row.registration is None else Registration(row.registration),
        intervals=tuple(_interval(PresenceInterval.model_validate(interval)) for interval in intervals),
        durations=_durations(row.seconds),
        linked_to=row.linked_to,
        contradictions=tuple(
            _contradiction(PresenceContradiction.model_validate(found)) for found in row.contradictions or ()
        ),
        suspect=tuple(row.suspect or ()),
    )
    return Standing(subject=row.subject, presence=presence)


def _reached(kept: dict[str, Any]) -> Reached:
    return Reached(status=Status(kept["status"]), durations=_durations(kept["seconds"]))


def _interval(wire: PresenceInterval) -> Interval:
    return Interval(
        mode=Mode(wire.mode),
        start=to_column(wire.start),
        end=None if wire.end is None else to_column(wire.end),
        via=wire.via,
        start_inferred=wire.start_inferred,
        end_inferred=None if wire.end_inferred is None else EndInferred(wire.end_inferred),
        facts=wire.facts,
        sources=wire.sources,
        contradicted_by=wire.contradicted_by,
    )


def _contradiction(wire: PresenceContradiction) -> Contradiction:
    return Contradiction(fact_id=wire.fact_id, time=to_column(wire.time), kind=ContradictionKind(wire.kind))


def _durations(kept: dict[str, Any]) -> Durations:
    wire = Seconds.model_validate(kept)
    return Durations(
        in_person=round(wire.in_person * 1000), remote=round(wire.remote * 1000), both=round(wire.both * 1000)
    )
