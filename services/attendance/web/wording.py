"""What facts and intervals say, in plain words: English sentences, keys of the French catalog."""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.timeline import END_INFERRED
from services.attendance.domain.evidence import Contradiction, ContradictionKind, Grade
from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import EndInferred, Interval
from services.attendance.domain.reading import Entry
from services.attendance.domain.suspicion import SuspectTime
from services.chassis.pages.languages import mark

Gettext = Callable[[str], str]

_OF_A_REPORT: Final = "report/"
"""What stands before a room that a report tells of, since its source is `/bridge/<platform>/<name>/report`."""

_OWN_PAGE: Final = "player"
_PLATFORMS: Final[Mapping[str, str]] = {
    "bigbluebutton": "BigBlueButton",
    "jaas": "JaaS",
    "jitsi": "Jitsi",
    "livekit": "LiveKit",
    "owncast": "Owncast",
    "zoom": "Zoom",
}
"""What platforms are called; one that is not here yet is called as it is written."""

_ACCEPTED: Final = "passerelle.registration.time.accepted.v1"
_ACCEPTANCE_WITHDRAWN: Final = "passerelle.registration.time.acceptance_withdrawn.v1"
_DID: Final[Mapping[str, str]] = {
    "passerelle.registration.event.created.v1": mark("The event was created"),
    "passerelle.registration.event.changed.v1": mark("The event was changed"),
    "passerelle.registration.event.published.v1": mark("The event was published"),
    "passerelle.registration.event.closed.v1": mark("The event was closed"),
    "passerelle.registration.event.cancelled.v1": mark("The event was cancelled"),
    "passerelle.registration.participant.registered.v1": mark("registered"),
    "passerelle.registration.participant.confirmed.v1": mark("got a seat"),
    "passerelle.registration.participant.mode_changed.v1": mark("changed how they take part"),
    "passerelle.registration.participant.cancelled.v1": mark("cancelled their registration"),
    "passerelle.registration.seat.offered.v1": mark("was offered a seat"),
    "passerelle.registration.seat.offer_withdrawn.v1": mark("did not take the seat that was offered"),
    "passerelle.registration.seat.released.v1": mark("lost the seat in the room, not having come"),
    "passerelle.registration.seat.changed.v1": mark("changed what their registration says"),
    "passerelle.registration.session_place.taken.v1": mark("registered for a session"),
    "passerelle.registration.session_place.changed.v1": mark(
        "got a seat in a session, or waits for one in another mode"
    ),
    "passerelle.registration.session_place.left.v1": mark("left a session they had registered for"),
    "passerelle.registration.person.erased.v1": mark("had their name and address erased"),
    "passerelle.registration.identity.linked.v1": mark("was recognised behind a guest"),
    "passerelle.registration.identity.unlinked.v1": mark("is no longer taken for a guest"),
    "passerelle.registration.eligibility.changed.v1": mark("The rules of eligibility were changed"),
    "passerelle.registration.attendance.contested.v1": mark("contested their attendance"),
    "passerelle.registration.attendance.contest_answered.v1": mark("had what they contested answered"),
    "passerelle.checkin.checked_in.v1": mark("came in"),
    "passerelle.checkin.checked_out.v1": mark("went out"),
    "passerelle.checkin.voided.v1": mark("had a scan taken back"),
    "passerelle.participation.room.opened.v1": mark("The online room opened"),
    "passerelle.participation.room.closed.v1": mark("The online room closed"),
    "passerelle.participation.joined.v1": mark("joined online"),
    "passerelle.participation.left.v1": mark("left the online room"),
    "passerelle.participation.voided.v1": mark("had online presence taken back, which was told of them by mistake"),
    "passerelle.participation.stream.started.v1": mark("The broadcast started"),
    "passerelle.participation.stream.stopped.v1": mark("The broadcast stopped"),
    _ACCEPTED: mark("had an impossible time accepted"),
    _ACCEPTANCE_WITHDRAWN: mark("had the acceptance of a time taken back"),
}
_DID_OF_EVENT: Final[Mapping[str, str]] = {
    _ACCEPTED: mark("An impossible time of a room was accepted"),
    _ACCEPTANCE_WITHDRAWN: mark("The acceptance of a room's time was taken back"),
}
_ENDED: Final[Mapping[str, str]] = {
    EndInferred.ROOM_CLOSED: mark("left, as we infer: the room closed"),
    EndInferred.ROOM_REOPENED: mark("left, as we infer: the room broke down and opened again"),
    EndInferred.EVENT_CLOSED: mark("left, as we infer: the event ended"),
}
_UNHEARD: Final[Mapping[str, str]] = {
    EndInferred.SILENCE: mark("left, as we infer: nothing more was heard of them"),
}
_DOUBTS: Final[Mapping[SuspectTime, str]] = {
    SuspectTime.FUTURE: mark("Its time lies more than ten minutes after it was recorded."),
    SuspectTime.BEFORE_EVENT: mark("Its time lies before the day of the event."),
}
_CONTRADICTIONS: Final[Mapping[ContradictionKind, str]] = {
    ContradictionKind.EXIT_WITHOUT_ENTRY: mark(
        "An exit was scanned, but no entry before it. No time was added or taken."
    ),
    ContradictionKind.LEAVE_WITHOUT_JOIN: mark(
        "The platform told of a leave, but of no join before it. No time was added or taken."
    ),
}
_GRADES: Final[Mapping[Grade, str]] = {
    Grade.OBSERVED: mark("Observed"),
    Grade.INFERRED: mark("Inferred"),
    Grade.CONTRADICTED: mark("Contradicted"),
}
_ACTED: Final[Mapping[str, str]] = {
    "chat": mark("wrote a message"),
    "raised_hand": mark("raised a hand"),
    "reaction": mark("reacted"),
    "poll_answered": mark("answered a poll"),
}
_INFERRED_ENDS: Final[Mapping[EndInferred, str]] = {
    EndInferred.ROOM_CLOSED: mark("Inferred: no leave came, the room closed then"),
    EndInferred.ROOM_REOPENED: mark("Inferred: no leave came, the room broke down and opened again"),
    EndInferred.EVENT_CLOSED: mark("Inferred: no exit was seen, the event ended then"),
    EndInferred.SILENCE: mark("Inferred: no leave came, and nothing more was heard from then on"),
}
_MOVEMENTS: Final = frozenset(
    {
        "passerelle.checkin.checked_in.v1",
        "passerelle.checkin.checked_out.v1",
        "passerelle.participation.joined.v1",
        "passerelle.participation.left.v1",
    }
)

_CORRECTIONS: Final = frozenset(
    {
        "passerelle.checkin.voided.v1",
        "passerelle.participation.voided.v1",
        "passerelle.registration.identity.linked.v1",
        "passerelle.registration.identity.unlinked.v1",
        _ACCEPTED,
        _ACCEPTANCE_WITHDRAWN,
    }
)


def said(entry: Entry, gettext: Gettext) -> str:
    """What an entry says of its subject, or of the event: a verb, or a whole sentence."""
    sentence = (
        _ACTED.get(entry.told("kind") or "")
        or (_ENDED.get(entry.told("reason") or "") if entry.type == END_INFERRED else None)
        or _UNHEARD.get(entry.told("inferred") or "")
        or (_DID_OF_EVENT.get(entry.type) if entry.subject is None else None)
        or _DID.get(entry.type)
    )
    return gettext(sentence) if sentence else entry.type


def moved(entry: Entry) -> bool:
    """Whether somebody came or went, so that where they are now is worth saying."""
    return entry.type in _MOVEMENTS


def corrects(entry: Entry) -> bool:
    """Whether an entry tells something that can change somebody's time, and was not inferred."""
    return entry.subject is not None and entry.type in _MOVEMENTS | _CORRECTIONS


def doubt(entry: Entry, gettext: Gettext) -> str | None:
    """What is wrong with the time of an entry; None if nothing is."""
    return None if entry.suspect is None else gettext(_DOUBTS[entry.suspect])


def contradiction(found: Contradiction, gettext: Gettext) -> str:
    """What does not fit, and that it changed nothing."""
    return gettext(_CONTRADICTIONS[found.kind])


def grade(interval: Interval, gettext: Gettext) -> str:
    """How good the evidence of an interval is, in a word."""
    return gettext(_GRADES[interval.grade])


def where(entry: Entry, places: Mapping[str, str]) -> str | None:
    """The session or room of the event by its name in `places`, the gate, or the online room by its own name."""
    place_id = entry.told("place_id") or entry.told("session_id") or ""
    told = (places.get(place_id), entry.told("gate") or _room(entry.told("room")))
    return " · ".join(part for part in told if part) or None


def place(interval: Interval, gettext: Gettext) -> str:
    """What saw an interval: the gate, or the room and its platform, as people call it."""
    if not interval.via.startswith("/bridge/"):
        return interval.via if not interval.via.startswith("/") else ""
    _, _, platform, source, *room = interval.via.split("/", 4)
    told = "/".join(room).removeprefix(_OF_A_REPORT)
    if platform == _OWN_PAGE:
        seen_by = gettext(mark("the event’s own page"))
    else:
        seen_by = f"{_PLATFORMS.get(platform, platform)} ({source})"
    return " · ".join(part for part in (_room(told) or "", seen_by) if part)


def start_known(interval: Interval, gettext: Gettext) -> str:
    """How the start of an interval is known."""
    if interval.start_inferred:
        return gettext(mark("Inferred: no join came, the platform told it with the leave"))
    if interval.mode is Mode.IN_PERSON:
        return gettext(mark("Scanned at the door"))
    return gettext(_told(interval))


def end_known(interval: Interval, gettext: Gettext) -> str:
    """How the end of an interval is known, or that it goes on."""
    if interval.end is None:
        return gettext(mark("Goes on"))
    if interval.end_inferred is not None:
        return gettext(_INFERRED_ENDS[interval.end_inferred])
    if interval.mode is Mode.IN_PERSON:
        return gettext(mark("Scanned at the door"))
    return gettext(_told(interval))


def _told(interval: Interval) -> str:
    """Which word of the platform's a remote interval rests on: one of the moment, or its report afterwards."""
    *_, room = interval.via.split("/", 4)
    if room.startswith(_OF_A_REPORT):
        return mark("Accepted from the platform's report")
    return mark("Told by the platform")


def _room(key: str | None) -> str | None:
    """The part of a room's key that people know it by: a Jitsi room is an address."""
    return key and key.partition("@")[0]
