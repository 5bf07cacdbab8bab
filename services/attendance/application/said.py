"""A record for which no short way was found: read and checked in full."""

from dataclasses import dataclass, replace
from typing import Final

import msgspec

from schemas.decode import decode
from services.attendance.application.kept import (
    NO_WORDS,
    KeptMovement,
    KeptSeat,
    KeptSubjectFact,
    Words,
    canonical,
)
from services.attendance.application.records import Head, whom, write_entry
from services.attendance.application.translation import document, domain_fact
from services.attendance.application.wire import (
    CheckedIn,
    CheckedOut,
    Confirmed,
    Joined,
    Left,
    ModeChanged,
    QuickFact,
    Registered,
    digest,
    instants,
    milliseconds,
)
from services.attendance.domain.errors import AttendanceError
from services.attendance.domain.facts import Fact

_LARGEST: Final = 1920 * 1024
"""Bytes of a fact that fit a record of 2 MiB with what is told beside them."""


class UnfitRecordError(AttendanceError, ValueError):
    """A record that can be read and does not fit; `reason` says what is wrong without quoting it."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an entry tells of a fact; `document` is JSON, as it stands in the entry."""

    head: Head
    """With the fact's own subject."""
    linked: tuple[str, str] | None
    """The participant and the guest of a link."""
    document: bytes
    digest: int

    def entry(self, words: Words) -> bytes:
        """The timeline entry of the fact in these words.

        Raises:
            UnfitRecordError: if it would be larger than Kafka takes.
        """
        if len(self.document) > _LARGEST:
            raise UnfitRecordError("data: is larger than a timeline entry can hold")
        subject = self.head.subject
        if self.linked is not None:
            subject, guest = self.linked
            named = f',"participant_id":"{subject}","guest_id":"{guest}"'
        elif subject is None:
            named = ""
        else:
            named = whom(subject, words.counted_for)
            subject = words.counted_for or subject
        head = self.head if subject == self.head.subject else replace(self.head, subject=subject)
        return write_entry(head, fact=self.document, named=named, words=words)


def at_first_sight(quick: QuickFact, value: bytes) -> tuple[Said, KeptSubjectFact]:
    """What a common fact says, without its words.

    Raises:
        ValueError: if an instant is not canonical: then it has to be looked into.
    """
    mark = digest(value)
    head = Head(
        event_id=quick.data.event_id,
        id=quick.id,
        subject=quick.subject,
        time=quick.time,
        recordedtime=quick.recordedtime,
        traceparent=quick.traceparent,
    )
    return Said(head=head, linked=None, document=value, digest=mark), _kept(quick, mark)


def _kept(quick: QuickFact, mark: int) -> KeptSubjectFact:
    time, lag = instants(quick.time, quick.recordedtime)
    stamp = quick.id, time, lag, mark, quick.source, NO_WORDS
    match quick:
        case CheckedIn() | CheckedOut():
            return KeptMovement(*stamp, isinstance(quick, CheckedIn), quick.data.gate or quick.source)
        case Joined(data=data):
            via, opens = f"{quick.source}/{data.room}", True
            return KeptMovement(*stamp, opens, via, data.room, data.room_session, data.connection)
        case Left(data=data):
            via, opens = f"{quick.source}/{data.room}", False
            joined_at = None if data.joined_at is None else milliseconds(data.joined_at)
            return KeptMovement(
                *stamp, opens, via, data.room, data.room_session, data.connection, joined_at, data.inferred
            )
        case Registered(data=data) | Confirmed(data=data) | ModeChanged(data=data):
            return KeptSeat(*stamp, data.status, data.mode)


def look_into(value: bytes, quick: QuickFact | None) -> tuple[Said, Fact]:
    """What a record says, to be told and to be folded; `quick` is what was made of it at first sight.

    Raises:
        UnreadableRecordError: if it is no fact of a known type.
        NotAnInputError: if it is one that attendance tells.
    """
    read = decode(value)
    found, mark = document(read), digest(value)
    data = found["data"]
    linked = (data["participant_id"], data["guest_id"]) if "guest_id" in data and "participant_id" in data else None
    said = Said(
        head=Head(
            event_id=data["event_id"],
            id=found["id"],
            subject=found.get("subject"),
            time=found["time"],
            recordedtime=found["recordedtime"],
            traceparent=found.get("traceparent"),
        ),
        linked=linked,
        # One fact is told in the same words whichever way it is read.
        document=value if quick is not None and _is_canonical(quick) else msgspec.json.encode(found),
        digest=mark,
    )
    return said, domain_fact(found, canonical=canonical(mark))


def _is_canonical(quick: QuickFact) -> bool:
    try:
        milliseconds(quick.time)
        milliseconds(quick.recordedtime)
        if isinstance(quick, Left) and quick.data.joined_at is not None:
            milliseconds(quick.data.joined_at)
    except ValueError:
        return False
    return True
