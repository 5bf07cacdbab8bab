"""What the worker remembers of a fact: what folding it again and knowing it again need, not its document.

Each kind is a JSON array whose first item tells which. `words` is what its timeline entry told beside the fact, so that
a fact that comes again is told again in the same words.
"""

from typing import Final, TypeAlias

from msgspec import Struct

from services.attendance.application.translation import DIGEST_BYTES, Stamp
from services.attendance.domain.facts import (
    IN_PERSON,
    AnyFact,
    Channel,
    EventFact,
    EventTimeAcceptance,
    LinkChange,
    Mode,
    Movement,
    Place,
    Registration,
    RoomChange,
    SeatChange,
    Snapshot,
    SubjectFact,
    TimeAcceptance,
    Unheard,
    Voiding,
)
from services.attendance.domain.fold import Presence, Status

STATUSES: Final = tuple(status.value for status in Status)


class Words(Struct, array_like=True, frozen=True, gc=False):
    """What an entry tells beside its fact: where it led, in milliseconds; for whom it counted; if its time is suspect.

    `status` is the place in `STATUSES`, None for a fact that concerns nobody.
    """

    status: int | None = None
    in_person: int = 0
    remote: int = 0
    both: int = 0
    counted_for: str | None = None
    suspect: str | None = None


NO_WORDS: Final = Words()


def reached(presence: Presence, *, counted_for: str | None, suspect: str | None = None) -> Words:
    """The words for a presence; `counted_for` is whose it is, where that is not the subject of the fact."""
    lasted = presence.durations
    return Words(
        STATUSES.index(presence.status.value), lasted.in_person, lasted.remote, lasted.both, counted_for, suspect
    )


class ToldEnd(Struct, array_like=True, frozen=True, gc=False):
    """An inferred end that the timeline was told of: whose, the facts it rests on, and the words it was told in."""

    whose: str
    opening: str
    cause: str
    mode: str
    via: str
    start: int
    end: int
    reason: str
    recorded: int
    words: Words
    withdrawn_at: int | None = None


class _Kept(Struct, array_like=True, frozen=True, gc=False):
    id: str
    time: int
    lag: int
    """How long after `time` it was recorded; below 0 if a clock was wrong."""
    digest: int
    source: str
    words: Words

    @property
    def recorded(self) -> int:
        """When it was recorded, in milliseconds."""
        return self.time + self.lag


class KeptMovement(_Kept, frozen=True, gc=False, tag=0):
    """A coming or going; without a room it is in person."""

    opens: bool
    via: str
    room: str | None = None
    session: str | None = None
    connection: str | None = None
    joined_at: int | None = None
    inferred: Unheard | None = None

    @property
    def channel(self) -> Channel:
        """The channel it is of."""
        if self.room is None:
            return IN_PERSON
        return Channel(Mode.REMOTE, self.source, self.session or self.room, self.connection or "")

    @property
    def place(self) -> Place | None:
        """The room of a remote one."""
        return None if self.room is None else Place(self.source, self.room, self.session)


class KeptVoiding(_Kept, frozen=True, gc=False, tag=1):
    """A movement taken back."""

    voided_id: str


class KeptSeat(_Kept, frozen=True, gc=False, tag=2):
    """A registration as it stood."""

    registration: str
    mode: str | None = None


class KeptAcceptance(_Kept, frozen=True, gc=False, tag=3):
    """A suspect time accepted, or not any more."""

    fact_id: str
    accepted: bool


class KeptRoomChange(_Kept, frozen=True, gc=False, tag=4):
    """A room opened or closed."""

    opened: bool
    room: str
    session: str | None = None


class KeptSnapshot(_Kept, frozen=True, gc=False, tag=5):
    """The event as it stood."""

    closes_at: int | None
    day_starts_at: int | None


class KeptLink(_Kept, frozen=True, gc=False, tag=6):
    """A guest linked, or not any more."""

    guest: str
    participant: str
    linked: bool


class KeptNote(_Kept, frozen=True, gc=False, tag=7):
    """A fact from which nothing is folded."""


KeptSubjectFact: TypeAlias = KeptMovement | KeptVoiding | KeptSeat | KeptAcceptance
KeptEventFact: TypeAlias = KeptRoomChange | KeptSnapshot | KeptLink | KeptAcceptance


def canonical(digest: int) -> bytes:
    """The digest of a fact's bytes, as the fold compares copies by it."""
    return digest.to_bytes(DIGEST_BYTES, "big")


def outranks(one: _Kept, other: _Kept) -> bool:
    """Whether a copy of a fact counts, and not another: the rule of `services.attendance.domain.copies`."""
    return (one.recorded, one.digest) < (other.recorded, other.digest)


def keep_subject_fact(fact: SubjectFact, *, digest: int, words: Words) -> KeptSubjectFact:
    """Remember a fact about somebody."""
    stamp = _kept_stamp(fact, digest, words)
    match fact:
        case Movement(place=place):
            if place is None:
                return KeptMovement(*stamp, fact.opens, fact.via)
            where = (place.room, place.session, fact.channel.connection)
            return KeptMovement(*stamp, fact.opens, fact.via, *where, fact.joined_at, fact.inferred)
        case Voiding():
            return KeptVoiding(*stamp, fact.voided_id)
        case SeatChange():
            return KeptSeat(*stamp, fact.registration.value, None if fact.mode is None else fact.mode.value)
        case TimeAcceptance():
            return KeptAcceptance(*stamp, fact.fact_id, fact.accepted)


def keep_event_fact(fact: EventFact, *, digest: int, words: Words) -> KeptEventFact:
    """Remember a fact about an event."""
    stamp = _kept_stamp(fact, digest, words)
    match fact:
        case RoomChange(place=place):
            return KeptRoomChange(*stamp, fact.opened, place.room, place.session)
        case Snapshot():
            return KeptSnapshot(*stamp, fact.closes_at, fact.day_starts_at)
        case LinkChange():
            return KeptLink(*stamp, fact.guest, fact.participant, fact.linked)
        case EventTimeAcceptance():
            return KeptAcceptance(*stamp, fact.fact_id, fact.accepted)


def subject_fact(kept: KeptSubjectFact, subject: str) -> SubjectFact:
    """A fact about somebody, as the fold sees it."""
    match kept:
        case KeptMovement():
            return Movement(
                **_stamp(kept),
                subject=subject,
                channel=kept.channel,
                opens=kept.opens,
                via=kept.via,
                place=kept.place,
                joined_at=kept.joined_at,
                inferred=kept.inferred,
            )
        case KeptVoiding():
            return Voiding(**_stamp(kept), subject=subject, voided_id=kept.voided_id)
        case KeptSeat(registration=registration, mode=mode):
            return SeatChange(
                **_stamp(kept),
                subject=subject,
                registration=Registration(registration),
                mode=None if mode is None else Mode(mode),
            )
        case KeptAcceptance():
            return acceptance(kept, subject)


def acceptance(kept: KeptAcceptance, subject: str) -> TimeAcceptance:
    """What somebody's fact says of another's time, as the fold sees it."""
    return TimeAcceptance(**_stamp(kept), subject=subject, fact_id=kept.fact_id, accepted=kept.accepted)


def event_fact(kept: KeptEventFact) -> EventFact:
    """A fact about an event, as the fold sees it."""
    stamp = _stamp(kept)
    match kept:
        case KeptRoomChange():
            return RoomChange(**stamp, place=Place(kept.source, kept.room, kept.session), opened=kept.opened)
        case KeptSnapshot():
            return Snapshot(**stamp, closes_at=kept.closes_at, day_starts_at=kept.day_starts_at)
        case KeptLink():
            return LinkChange(**stamp, guest=kept.guest, participant=kept.participant, linked=kept.linked)
        case KeptAcceptance():
            return EventTimeAcceptance(**stamp, fact_id=kept.fact_id, accepted=kept.accepted)


def _kept_stamp(fact: AnyFact, digest: int, words: Words) -> tuple[str, int, int, int, str, Words]:
    """What is remembered of every fact, in the order of `_Kept`."""
    return fact.id, fact.time, fact.recorded - fact.time, digest, fact.source, words


def _stamp(kept: _Kept) -> Stamp:
    """The same, as the fold sees it."""
    return {
        "id": kept.id,
        "time": kept.time,
        "recorded": kept.time + kept.lag,
        "source": kept.source,
        "canonical": canonical(kept.digest),
    }
