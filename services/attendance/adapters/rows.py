"""Rows of the read model as values of the domain; rows written before evidence was kept have none.

What a row holds was checked before it was stored, and is not checked again.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Row

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
        intervals=tuple(map(_interval, intervals)),
        durations=_durations(row.seconds),
        linked_to=row.linked_to,
        contradictions=tuple(map(_contradiction, row.contradictions or ())),
        suspect=tuple(row.suspect or ()),
    )
    return Standing(subject=row.subject, presence=presence)


def _reached(kept: dict[str, Any]) -> Reached:
    return Reached(status=Status(kept["status"]), durations=_durations(kept["seconds"]))


def _interval(kept: dict[str, Any]) -> Interval:
    end, reason = kept.get("end"), kept.get("end_inferred") or kept.get("left_inferred")
    return Interval(
        mode=Mode(kept["mode"]),
        start=_instant(kept["start"]),
        end=None if end is None else _instant(end),
        via=kept["via"],
        start_inferred=kept.get("start_inferred", False),
        end_inferred=None if reason is None else EndInferred(reason),
        facts=tuple(kept.get("facts", ())),
        sources=tuple(kept.get("sources", ())),
        contradicted_by=tuple(kept.get("contradicted_by", ())),
    )


def _contradiction(kept: dict[str, Any]) -> Contradiction:
    return Contradiction(fact_id=kept["fact_id"], time=_instant(kept["time"]), kind=ContradictionKind(kept["kind"]))


def _durations(kept: dict[str, float]) -> Durations:
    lengths = {mode: round(kept.get(mode, 0) * 1000) for mode in ("in_person", "remote", "both")}
    return Durations(**lengths)


def _instant(text: str) -> int:
    return to_column(datetime.fromisoformat(text))
