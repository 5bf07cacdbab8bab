"""What is accepted of a report, as what the inbox takes: the joining and the leaving of each stay; and its undoing."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from schemas.identifiers import fact_id, is_guest_id
from schemas.participation import Voided, VoidedData
from services.streaming_bridge.application.arrivals import Arrival
from services.streaming_bridge.application.room_names import room_key, room_name
from services.streaming_bridge.domain.observations import Finding, GuestName, Kind, Room, epoch_milliseconds
from services.streaming_bridge.domain.reconciliation import KnownBy, ReportedPerson, Row, without
from services.streaming_bridge.domain.room_checks import ClaimedRoom
from services.streaming_bridge.domain.sources import Source

_LONGEST_NAME: Final = 200


def report_uri(source: Source) -> str:
    """The envelope's `source` of what a report of a source told."""
    return f"{source.uri}/report"


def arrivals_of(
    row: Row, room: ClaimedRoom, source: Source, *, now: datetime, taken_back: Collection[str]
) -> list[Arrival]:
    """The stays of a row of which something is missing; by the same ids however often they are accepted.

    But for those that were taken back: a voided fact counts no more, so that they are new facts then.
    """
    person = row.person
    if person is None:
        return []
    subject = _subject(row, person)
    uri, name = report_uri(source), room_name(room.room)
    known = () if row.known is None else row.known.spans
    arrivals = []
    for stay in person.stays:
        if not without([(stay.start, stay.end)], known):
            continue
        # A connection of its own: of two devices at once, neither ends what the other began.
        connection = f"{person.key}-{epoch_milliseconds(stay.start)}-{epoch_milliseconds(stay.end)}"
        for kind, instant in ((Kind.JOINED, stay.start), (Kind.LEFT, stay.end)):
            finding = Finding(
                fact_id=_not_voided((uri, room.event_id, room.room_key, kind, connection), taken_back),
                source=source.name,
                source_uri=uri,
                kind=kind,
                room_key=room_key(name),
                room=Room(name=name, key=name),
                time=instant,
                subject=subject,
                connection=connection,
            )
            guest = GuestName(guest_id=subject, source=source.name, display_name=person.name[:_LONGEST_NAME])
            arrivals.append(
                Arrival(
                    fact_id=finding.fact_id,
                    source=source.name,
                    source_uri=uri,
                    received_at=now,
                    event_id=room.event_id,
                    finding=finding,
                    guest=guest if is_guest_id(subject) else None,
                )
            )
    return arrivals


def voiding(voided_id: str, *, source_uri: str, subject: str, event_id: str, now: datetime) -> Voided:
    """What takes a joining or leaving back; the same fact, however often it is taken back."""
    return Voided(
        id=fact_id(source_uri, event_id, "voided", voided_id),
        source=source_uri,
        type="passerelle.participation.voided.v1",
        subject=subject,
        time=now,
        recordedtime=now,
        data=VoidedData(event_id=event_id, voided_id=voided_id),
    )


def _not_voided(parts: tuple[str, ...], taken_back: Collection[str]) -> str:
    """The id of a fact that is accepted for the first time, or again after it was taken back."""
    found, times = fact_id(*parts), 1
    while found in taken_back:
        found, times = fact_id(*parts, f"accepted again {times}"), times + 1
    return found


def _subject(row: Row, person: ReportedPerson) -> str:
    """Whom the facts are about: by a name alone somebody stays a guest, and never becomes a participant."""
    if row.known_by is KnownBy.NAME and row.known is not None:
        guests = [subject for subject in row.known.subjects if is_guest_id(subject)]
        if guests:
            return guests[0]
    return person.subject
