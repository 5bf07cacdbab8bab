"""The facts of the properties as records of the topics."""

import json
from typing import Any

from schemas.decode import KnownFact, decode
from schemas.envelope import format_instant
from services.attendance.application.translation import instant
from services.attendance.domain.facts import (
    Act,
    EventTimeAcceptance,
    Fact,
    LinkChange,
    Mode,
    Movement,
    Registration,
    RoomChange,
    SeatChange,
    Snapshot,
    TimeAcceptance,
    Voiding,
)
from tests.properties.fold_strategies import DAY_AFTER

EVENT = "evt_1"
_EVENT_DATA = {"title": "Colloquium", "timezone": "Europe/Paris"}


def wire(fact: Fact) -> KnownFact:
    """The record that tells of a fact."""
    kind, subject, data = _content(fact)
    source = "desk"
    if isinstance(fact, Movement | RoomChange) and fact.place is not None:
        source = fact.place.source
    document = {
        "specversion": "1.0",
        "id": fact.id,
        "source": source,
        "type": f"passerelle.{kind}.v1",
        "time": _time(fact.time),
        "recordedtime": _time(fact.recorded),
        "traceparent": fact.canonical.decode() or None,
        "data": {"event_id": EVENT, **data},
    }
    return decode(json.dumps(document | ({} if subject is None else {"subject": subject})).encode())


def _content(fact: Fact) -> tuple[str, str | None, dict[str, Any]]:  # noqa: C901, PLR0911  (a case a kind)
    match fact:
        case Movement(channel=channel) if channel.mode is Mode.IN_PERSON:
            return f"checkin.checked_{'in' if fact.opens else 'out'}", fact.subject, {"gate": fact.via}
        case Movement():
            joined_at = {} if fact.joined_at is None else {"joined_at": _time(fact.joined_at)}
            inferred = {} if fact.inferred is None else {"inferred": fact.inferred}
            data = {**_room(fact), "connection": fact.channel.connection, **joined_at, **inferred}
            return f"participation.{'joined' if fact.opens else 'left'}", fact.subject, data
        case Voiding():
            return "checkin.voided", fact.subject, {"voided_id": fact.voided_id}
        case SeatChange(registration=Registration.CANCELLED):
            return "registration.participant.cancelled", fact.subject, {}
        case SeatChange():
            data = {"mode": fact.mode or Mode.REMOTE, "status": fact.registration}
            return "registration.participant.registered", fact.subject, data
        case Act():
            return "participation.interaction", fact.subject, {"room": "hall", "kind": "chat"}
        case RoomChange():
            return f"participation.room.{'opened' if fact.opened else 'closed'}", None, _room(fact)
        case Snapshot():
            closed = {"status": "published" if fact.closes_at is None else "closed"}
            ends = {"ends_at": _time(fact.closes_at or 0), "grace_seconds": 0}
            if fact.closes_at is not None and fact.canonical == b"a":  # by hand, before its end and its grace
                ends = {"ends_at": _time(DAY_AFTER), "grace_seconds": 60, "closed_at": _time(fact.closes_at)}
            # No zone has a day that starts within the few milliseconds of these events: it starts before or after all.
            starts = {"starts_at": f"1970-01-0{2 if fact.day_starts_at == DAY_AFTER else 1}T00:00:00Z"}
            return "registration.event.changed", None, {**_EVENT_DATA, **closed, **starts, **ends}
        case TimeAcceptance() | EventTimeAcceptance():
            subject = fact.subject if isinstance(fact, TimeAcceptance) else None
            said = "accepted" if fact.accepted else "acceptance_withdrawn"
            return f"registration.time.{said}", subject, {"fact_id": fact.fact_id}
        case LinkChange():
            ids = {"guest_id": fact.guest, "participant_id": fact.participant}
            return f"registration.identity.{'linked' if fact.linked else 'unlinked'}", fact.participant, ids
        case _:
            return "participation.stream.started", None, {"room": "hall"}


def _room(fact: Movement | RoomChange) -> dict[str, Any]:
    assert fact.place is not None
    session = {} if fact.place.session is None else {"room_session": fact.place.session}
    return {"room": fact.place.room, **session}


def _time(at: int) -> str:
    return format_instant(instant(at))
