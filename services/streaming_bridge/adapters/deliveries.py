"""How deliveries stand in their table, and as which facts they are told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemas.envelope import Fact
from schemas.topics import PARTICIPATION
from services.chassis import outbox
from services.chassis.kafka import record_headers
from services.chassis.outbox import OutboxRecord
from services.streaming_bridge.adapters.retelling import told_at
from services.streaming_bridge.adapters.storage import insert_if_new
from services.streaming_bridge.adapters.tables import DELIVERIES, OUTBOX
from services.streaming_bridge.application.arrivals import Arrival, Outcome
from services.streaming_bridge.application.findings import fact_of
from services.streaming_bridge.domain.observations import Finding, Kind, Room

Settled = tuple[Arrival, str | None]
"""A delivery that is new, and the event it belongs to, if that is known."""
Told = tuple[sa.Row[Any], Finding, str]
"""A row that waited for its room to be claimed, the finding as it is told, and to which event."""


def keep(connection: Connection, settled: Sequence[Settled]) -> None:
    """Store deliveries, and the outbox rows of what belongs to an event, in the caller's transaction."""
    if not settled:
        return
    rows = [_row(arrival, event_id) for arrival, event_id in settled]
    connection.execute(insert_if_new(connection, DELIVERIES), rows)
    records = [record for arrival, event_id in settled if (record := _published(arrival, event_id)) is not None]
    outbox.store(connection, OUTBOX, records, now=settled[0][0].received_at)


def tell(connection: Connection, told: Sequence[Told], *, now: datetime) -> None:
    """Have what waited told to events, in the caller's transaction; each finding as it is told there."""
    records = [_record(finding, event_id, now) for _, finding, event_id in told]
    outbox.store(connection, OUTBOX, records, now=now)
    connection.execute(_TELL, [_telling(row, finding, event_id) for row, finding, event_id in told])


def finding_from(row: sa.Row[Any]) -> Finding:
    """A row of `deliveries` that tells of participation; under the id of the delivery, whatever it is told as."""
    return Finding(
        fact_id=row.fact_id,
        source=row.source,
        source_uri=row.source_uri,
        kind=Kind(row.kind),
        room_key=row.room_key,
        room=Room(name=row.room_name, key=row.room, session=row.room_session),
        time=row.happened_at,
        subject=row.subject,
        connection=row.connection,
        joined_at=row.joined_at,
        inferred=row.inferred,
        heads=row.heads,
        name_mark=row.name_mark,
    )


def _published(arrival: Arrival, event_id: str | None) -> OutboxRecord | None:
    finding = _told(arrival, event_id)
    if finding is not None and event_id is not None:
        return _record(finding, event_id, arrival.received_at, traceparent=arrival.traceparent)
    return arrival.dead_letter


def _told(arrival: Arrival, event_id: str | None) -> Finding | None:
    """What is told of it, or waits to be."""
    finding = arrival.finding
    if finding is None or arrival.of_event is None:
        return finding
    return told_at(event_id, finding, subject=finding.subject, first=arrival.of_event)


def _record(finding: Finding, event_id: str, recorded_at: datetime, *, traceparent: str | None = None) -> OutboxRecord:
    fact = fact_of(finding, event_id=event_id, recorded_at=recorded_at, traceparent=traceparent)
    return to_publish(fact, event_id)


def to_publish(fact: Fact, event_id: str) -> OutboxRecord:
    """A fact about an event, on its way to the topic."""
    return OutboxRecord(topic=PARTICIPATION.name, key=event_id.encode(), value=fact.to_bytes(), headers=_HEADERS)


def _row(arrival: Arrival, event_id: str | None) -> dict[str, object]:
    finding = _told(arrival, event_id) or arrival.machine
    return {
        "fact_id": arrival.fact_id,
        "source": arrival.source,
        "source_uri": arrival.source_uri,
        "state": arrival.outcome if event_id is None else Outcome.ACCEPTED,
        "event_id": event_id,
        "received_at": arrival.received_at,
        "kind": finding.kind if finding else arrival.ignored_type,
        "room_key": finding and finding.room_key,
        "room_name": finding and finding.room.name,
        "room": finding and finding.room.key,
        "room_session": finding and finding.room.session,
        "happened_at": finding and finding.time,
        "subject": finding and finding.subject,
        "connection": finding and finding.connection,
        "joined_at": finding and finding.joined_at,
        "inferred": finding and finding.inferred,
        "heads": finding and finding.heads,
        "name_mark": finding and finding.name_mark,
        "told_as": finding.fact_id if finding and arrival.of_event and finding.fact_id != arrival.fact_id else None,
        "first_told_to": arrival.of_event,
        "first_subject": arrival.finding.subject if arrival.finding and arrival.of_event else None,
    }


def _telling(row: sa.Row[Any], finding: Finding, event_id: str) -> dict[str, object]:
    told_as = None if finding.fact_id == row.fact_id else finding.fact_id
    return {"at": row.position, "event": event_id, "as": told_as, "whom": finding.subject}


_TELL: Final = (
    sa.update(DELIVERIES)
    .where(DELIVERIES.c.position == sa.bindparam("at"))
    .values(
        state=Outcome.ACCEPTED,
        event_id=sa.bindparam("event"),
        told_as=sa.bindparam("as"),
        subject=sa.bindparam("whom"),
    )
)


_HEADERS: Final = {name: value.decode() for name, value in record_headers()}
