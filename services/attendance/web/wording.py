"""What facts and intervals say, in plain words: English sentences, keys of the French catalog."""

from collections.abc import Callable, Mapping
from typing import Final

from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import EndInferred, Interval
from services.attendance.domain.reading import Entry
from services.chassis.pages.languages import mark

Gettext = Callable[[str], str]

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
    "passerelle.registration.identity.linked.v1": mark("was recognised behind a guest"),
    "passerelle.registration.identity.unlinked.v1": mark("is no longer taken for a guest"),
    "passerelle.checkin.checked_in.v1": mark("came in"),
    "passerelle.checkin.checked_out.v1": mark("went out"),
    "passerelle.checkin.voided.v1": mark("had a scan taken back"),
    "passerelle.participation.room.opened.v1": mark("The online room opened"),
    "passerelle.participation.room.closed.v1": mark("The online room closed"),
    "passerelle.participation.joined.v1": mark("joined online"),
    "passerelle.participation.left.v1": mark("left the online room"),
    "passerelle.participation.stream.started.v1": mark("The broadcast started"),
    "passerelle.participation.stream.stopped.v1": mark("The broadcast stopped"),
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
}
_MOVEMENTS: Final = frozenset(
    {
        "passerelle.checkin.checked_in.v1",
        "passerelle.checkin.checked_out.v1",
        "passerelle.participation.joined.v1",
        "passerelle.participation.left.v1",
    }
)


def said(entry: Entry, gettext: Gettext) -> str:
    """What an entry says of its subject, or of the event: a verb, or a whole sentence."""
    sentence = _ACTED.get(entry.told("kind") or "") or _DID.get(entry.type)
    return gettext(sentence) if sentence else entry.type


def moved(entry: Entry) -> bool:
    """Whether somebody came or went, so that where they are now is worth saying."""
    return entry.type in _MOVEMENTS


def where(entry: Entry) -> str | None:
    """The gate, or the online room, by its own name."""
    return entry.told("gate") or _room(entry.told("room"))


def place(interval: Interval) -> str:
    """What saw an interval: the gate, or the room and its platform."""
    if not interval.via.startswith("/bridge/"):
        return interval.via if not interval.via.startswith("/") else ""
    _, _, platform, source, *room = interval.via.split("/", 4)
    return " · ".join(part for part in (_room("/".join(room)) or "", f"{platform} {source}") if part)


def start_known(interval: Interval, gettext: Gettext) -> str:
    """How the start of an interval is known."""
    if interval.start_inferred:
        return gettext(mark("Inferred: no join came, the platform told it with the leave"))
    if interval.mode is Mode.IN_PERSON:
        return gettext(mark("Scanned at the door"))
    return gettext(mark("Told by the platform"))


def end_known(interval: Interval, gettext: Gettext) -> str:
    """How the end of an interval is known, or that it goes on."""
    if interval.end is None:
        return gettext(mark("Goes on"))
    if interval.end_inferred is not None:
        return gettext(_INFERRED_ENDS[interval.end_inferred])
    if interval.mode is Mode.IN_PERSON:
        return gettext(mark("Scanned at the door"))
    return gettext(mark("Told by the platform"))


def _room(key: str | None) -> str | None:
    """The part of a room's key that people know it by: a Jitsi room is an address."""
    return key and key.partition("@")[0]
