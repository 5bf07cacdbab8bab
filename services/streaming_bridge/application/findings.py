"""From an observation to the fact on the wire: who it concerns, under which id, for which event."""

from datetime import datetime
from typing import Any, Final

from schemas.envelope import Fact
from schemas.identifiers import fact_id, guest_id, is_participant_id
from schemas.participation import (
    ConnectionData,
    Interaction,
    InteractionData,
    InteractionKind,
    Joined,
    Left,
    LeftData,
    RoomClosed,
    RoomData,
    RoomOpened,
    StreamStarted,
    StreamStopped,
)
from services.streaming_bridge.application.room_names import room_key
from services.streaming_bridge.domain.observations import (
    INTERACTIONS,
    Connection,
    Finding,
    GuestName,
    Kind,
    Observation,
)
from services.streaming_bridge.domain.pseudonyms import connection_pseudonym, name_mark, user_pseudonym
from services.streaming_bridge.domain.recognition import GuestIdentity
from services.streaming_bridge.domain.sources import Source

_ABOUT_ROOMS: Final[dict[Kind, type[RoomOpened | RoomClosed | StreamStarted | StreamStopped]]] = {
    Kind.ROOM_OPENED: RoomOpened,
    Kind.ROOM_CLOSED: RoomClosed,
    Kind.STREAM_STARTED: StreamStarted,
    Kind.STREAM_STOPPED: StreamStopped,
}


def find(observation: Observation, source: Source, *, pseudonym_key: bytes) -> tuple[Finding, GuestName | None]:
    """What is kept of an observation, and the name of the guest it is about, if it is a guest who gave one."""
    connection = observation.connection
    subject = None if connection is None else subject_of(connection, source, pseudonym_key=pseudonym_key)
    finding = Finding(
        fact_id=fact_id(source.uri, *observation.identity),
        source=source.name,
        source_uri=source.uri,
        kind=observation.kind,
        room_key=room_key(observation.room.name),
        room=observation.room,
        time=observation.time,
        subject=subject,
        connection=None if connection is None else connection_pseudonym(connection.key, key=pseudonym_key),
        joined_at=observation.joined_at,
        inferred=observation.inferred,
        heads=observation.heads,
        name_mark=_name_mark(connection, subject, pseudonym_key),
    )
    if connection is None or subject is None or is_participant_id(subject) or connection.display_name is None:
        return finding, None
    return finding, GuestName(guest_id=subject, source=source.name, display_name=connection.display_name)


def identity_of(connection: Connection | None, subject: str | None) -> GuestIdentity | None:
    """By what the guest whom an observation is about may be recognised, if it is one and there is something."""
    if connection is None or subject is None or is_participant_id(subject):
        return None
    if connection.registrant_id is None and connection.email is None:
        return None
    return GuestIdentity(guest_id=subject, registrant_id=connection.registrant_id, email=connection.email)


def subject_of(connection: Connection, source: Source, *, pseudonym_key: bytes) -> str:
    """The participant whose signed link brought them in; else a guest, one for each user id or each connection."""
    user_id = connection.user_id
    if user_id is not None and is_participant_id(user_id):
        return user_id
    if user_id is None:
        person = connection_pseudonym(connection.key, key=pseudonym_key)
    else:
        person = user_pseudonym(user_id, key=pseudonym_key)
    return guest_id(source=source.uri, person=person)


def fact_of(finding: Finding, *, event_id: str, recorded_at: datetime, traceparent: str | None = None) -> Fact:
    """The fact of a finding, once it is known which event it belongs to."""
    data: dict[str, Any] = {"event_id": event_id, "room": finding.room.key, "room_session": finding.room.session}
    envelope: dict[str, Any] = {
        "id": finding.fact_id,
        "source": finding.source_uri,
        "subject": finding.subject,
        "time": finding.time,
        "recordedtime": recorded_at,
        "traceparent": traceparent,
    }
    match finding.kind:
        case Kind.JOINED:
            return Joined(**envelope, data=ConnectionData(**data, connection=finding.connection or ""))
        case Kind.LEFT:
            data |= {"joined_at": finding.joined_at, "inferred": finding.inferred}
            return Left(**envelope, data=LeftData(**data, connection=finding.connection or ""))
        case kind if kind in INTERACTIONS:
            act = InteractionKind(kind.rpartition(".")[2])
            return Interaction(**envelope, data=InteractionData(**data, connection=finding.connection, kind=act))
        case kind:
            return _ABOUT_ROOMS[kind](**envelope, data=RoomData(**data))


def _name_mark(connection: Connection | None, subject: str | None, pseudonym_key: bytes) -> str | None:
    """Only somebody with an id of their own can be taken for somebody else."""
    if connection is None or subject is None or connection.user_id is None or connection.display_name is None:
        return None
    return name_mark(connection.display_name, subject=subject, key=pseudonym_key)
