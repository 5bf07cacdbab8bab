"""Certificates: what is printed of somebody's attendance, and when none is issued."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from services.registration.domain.attendance_records import AttendanceRecord, AttendedTime
from services.registration.domain.documents import DocumentKind
from services.registration.domain.errors import RegistrationError

CERTIFICATES = (DocumentKind.ATTENDANCE_CERTIFICATE, DocumentKind.COMPLETION_CERTIFICATE)
"""The kinds of documents that are about one person."""


class Nature(StrEnum):
    """What kind of action a training is (code du travail, art. L6313-1); the values are kept, and stand in the API."""

    TRAINING = "training"
    SKILLS_ASSESSMENT = "skills_assessment"
    EXPERIENCE_VALIDATION = "experience_validation"
    APPRENTICESHIP = "apprenticeship"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSettings:
    """How certificates of an event are made.

    `handed_out` are the kinds that people get by themselves from their personal link. The answer to
    `employer_question` is who employs them.
    """

    nature: Nature = Nature.TRAINING
    handed_out: frozenset[DocumentKind] = frozenset()
    employer_question: str | None = None


class NoCertificate(StrEnum):
    """Why there is no certificate; the values stand in the API, and name the sentences that tell it."""

    NOT_SEEN = "not_seen"
    """Nothing is known of their attendance."""
    NOT_ELIGIBLE = "not_eligible"
    """They attended too little for the rules of the event."""
    EVENT_OPEN = "event_open"
    """The event goes on: that a training was completed cannot be said yet."""
    ERASED = "erased"
    """Their name is erased."""
    ISSUER_INCOMPLETE = "issuer_incomplete"
    """Something that the document must name is not known of its issuer."""
    NOT_HANDED_OUT = "not_handed_out"
    """The organizer does not let people have it by themselves."""
    REVOKED = "revoked"
    """The organizer revoked the one they had: they do not get another by themselves."""
    NOT_PRINTED = "not_printed"
    """Something in it cannot be set in type."""
    EVENT_CANCELLED = "event_cancelled"
    """The event did not take place."""


class NoCertificateError(RegistrationError):
    """There is no certificate for somebody; `missing` are the fields of the issuer that are needed."""

    def __init__(self, why: NoCertificate, *, missing: Sequence[str] = ()) -> None:
        """Keep why."""
        super().__init__(why)
        self.why = why
        self.missing = tuple(missing)


class BatchState(StrEnum):
    """Where certificates for all stand."""

    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Certificates for everybody at an event, issued one after the other: `actor` asked for them.

    `language` None is each person's own. With `letters` each is told by letter. `done_up_to` is the last participant
    that was dealt with, in the order of their ids; `refused` says why who has none.
    """

    batch_id: str
    event_id: str
    actor: str
    kind: DocumentKind
    language: str | None
    letters: bool
    started_at: datetime
    as_of: datetime
    state: BatchState = BatchState.RUNNING
    total: int
    done_up_to: str | None = None
    issued: int = 0
    refused: Mapping[str, NoCertificate] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many were dealt with."""
        return self.issued + len(self.refused)


class BatchRunningError(RegistrationError):
    """Certificates that were asked for in other words are being issued to everybody at the event."""


class BatchNotFoundError(RegistrationError):
    """The event has no such batch."""

    def __init__(self, batch_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(batch_id)
        self.batch_id = batch_id


def figures_of(record: AttendanceRecord) -> Mapping[str, object]:
    """What is reckoned and printed of somebody's attendance, as JSON: whole seconds, in all and by parts of the event.

    Parts without any are left out: a session that is added later changes nothing. `granted` is there where an organizer
    granted time: its `seconds` are those that nothing measured, and no other figure contains them.
    """
    granted = {"granted": _granted(record)} if record.grants else {}
    return {
        "provisional": record.schedule.open,
        "headcount": record.headcount,
        "whole": _seconds(record.whole),
        "half_days": _parts(record.half_days),
        "sessions": _parts(record.sessions),
        **granted,
    }


def sources_of(record: AttendanceRecord) -> Sequence[str]:
    """What told of somebody's attendance, each once."""
    return sorted({source for interval in record.intervals for source in interval.sources})


def inferred_ends(record: AttendanceRecord) -> Collection[str]:
    """What ends that nobody told follow from."""
    return sorted({interval.end_inferred for interval in record.intervals if interval.end_inferred is not None})


def _granted(record: AttendanceRecord) -> Mapping[str, object]:
    spans = [
        {
            "mode": grant.mode.value,
            "start": _instant(grant.start),
            "end": _instant(grant.end),
            "session_id": grant.session_id,
            "granted_at": _instant(grant.granted_at),
        }
        for grant in record.grants
    ]
    return {"seconds": record.granted_seconds, "spans": spans}


def _instant(at: datetime) -> str:
    """As it stands on the wire."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parts(times: Mapping[str, AttendedTime]) -> Mapping[str, object]:
    return {name: _seconds(time) for name, time in times.items() if time.total}


def _seconds(time: AttendedTime) -> Mapping[str, int]:
    return {
        "in_person": time.in_person,
        "remote": time.remote,
        "both": time.both,
        "total": time.total,
        "inferred": time.inferred,
    }
