"""The facts that come by the thousand, read in a microsecond.

`read` takes a record's value only if it is written as our own services write it: a type that is common, no field that
is not known, instants as `2026-11-22T09:00:00.000Z`. Whatever else a value may be, valid or not, is for
`schemas.decode` to say. What is accepted here, `schemas.decode` reads as the same fact: a property holds the two equal.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from services.attendance.application.translation import DIGEST_BYTES, instant
from services.attendance.application.translation import milliseconds as parsed_milliseconds
from services.attendance.domain.facts import Unheard

_Identifier = Annotated[str, Meta(min_length=1, max_length=200)]
"""Its characters are looked at by `is_identifier`, and only where the id is not one that is known already."""
_Room = Annotated[str, Meta(min_length=1, max_length=600)]
_Session = Annotated[str, Meta(min_length=1, max_length=300)]
_Label = Annotated[str, Meta(max_length=100)]

is_identifier: Final = re.compile(r"[A-Za-z0-9_.:~-]+").fullmatch
is_plain: Final = re.compile(r"[ !#-\[\]-~]*").fullmatch
"""Whether a text stands in JSON as it is: no quotation mark, no backslash, nothing beyond ASCII."""


class DoorData(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Where a ticket was seen."""

    event_id: str
    gate: _Label | None = None
    device: _Label | None = None


class ConnectionData(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One connection to a room."""

    event_id: str
    room: _Room
    connection: _Room
    room_session: _Session | None = None


class LeftData(ConnectionData, forbid_unknown_fields=True, gc=False):
    """One that ended."""

    joined_at: str | None = None
    inferred: Unheard | None = None


class SeatData(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A registration as it stands after the fact."""

    event_id: str
    mode: Literal["in_person", "remote"]
    status: Literal["confirmed", "waitlisted"]


class _Envelope(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False, tag_field="type"):
    specversion: Literal["1.0"] = "1.0"
    id: _Identifier
    source: Annotated[str, Meta(min_length=1, max_length=300)]
    subject: _Identifier
    time: str
    recordedtime: str
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: Annotated[str, Meta(max_length=100)] | None = None


class CheckedIn(_Envelope, gc=False, tag="passerelle.checkin.checked_in.v1"):
    """Somebody came in through a door."""

    data: DoorData


class CheckedOut(_Envelope, gc=False, tag="passerelle.checkin.checked_out.v1"):
    """Somebody went out."""

    data: DoorData


class Joined(_Envelope, gc=False, tag="passerelle.participation.joined.v1"):
    """A connection was let in."""

    data: ConnectionData


class Left(_Envelope, gc=False, tag="passerelle.participation.left.v1"):
    """A connection ended."""

    data: LeftData


class Registered(_Envelope, gc=False, tag="passerelle.registration.participant.registered.v1"):
    """Somebody registered."""

    data: SeatData


class Confirmed(_Envelope, gc=False, tag="passerelle.registration.participant.confirmed.v1"):
    """A seat was given to somebody on the waitlist."""

    data: SeatData


class ModeChanged(_Envelope, gc=False, tag="passerelle.registration.participant.mode_changed.v1"):
    """Somebody changed between in person and remote."""

    data: SeatData


QuickFact: TypeAlias = CheckedIn | CheckedOut | Joined | Left | Registered | Confirmed | ModeChanged
_read: Final[Callable[[bytes], QuickFact]] = msgspec.json.Decoder(QuickFact).decode


def read(value: bytes) -> QuickFact | None:
    """A common fact as its canonical value says it; None where `schemas.decode` has to look.

    Its instants and the characters of its ids are not looked at yet: see `milliseconds` and `is_identifier`.
    """
    if b"\\" in value:  # an escape may stand for what no database can hold (U+0000)
        return None
    try:
        return _read(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last: of lists in lists in lists
        return None


def digest(value: bytes) -> int:
    """The digest of a record's value, as a number: see `services.attendance.application.translation.digest`."""
    return int.from_bytes(blake2b(value, digest_size=DIGEST_BYTES).digest(), "big")


_SECONDS: Final = {f"{second:02}.": second * 1000 for second in range(60)}
_THOUSANDTHS: Final = {f"{thousandth:03}Z": thousandth for thousandth in range(1000)}
_MINUTES: Final[dict[str, int]] = {}
_MOST_MINUTES: Final = 50_000
_CANONICAL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]\.[0-9]{3}Z").fullmatch


def milliseconds(text: str) -> int:
    """An instant of the wire as whole milliseconds since the epoch. Most share their minute with others.

    Raises:
        ValueError: if it is none, or not written in the one canonical way.
    """
    try:
        return _MINUTES[text[:17]] + _SECONDS[text[17:20]] + _THOUSANDTHS[text[20:]]
    except KeyError:
        return _learned(text)


def instants(time: str, recordedtime: str) -> tuple[int, int]:
    """When a fact happened, in milliseconds since the epoch, and how many later it was recorded.

    Raises:
        ValueError: as `milliseconds` does.
    """
    try:
        at = _MINUTES[time[:17]] + _SECONDS[time[17:20]] + _THOUSANDTHS[time[20:]]
        recorded = _MINUTES[recordedtime[:17]] + _SECONDS[recordedtime[17:20]] + _THOUSANDTHS[recordedtime[20:]]
    except KeyError:
        at, recorded = milliseconds(time), milliseconds(recordedtime)
    return at, recorded - at


def _learned(text: str) -> int:
    if _CANONICAL(text) is None:
        raise ValueError("instant: is not written in the canonical way")
    at = parsed_milliseconds(text)
    if len(_MINUTES) >= _MOST_MINUTES:
        _MINUTES.clear()
    _MINUTES[text[:17]] = at - at % 60_000
    return at


def instant_text(at: int) -> str:
    """Milliseconds since the epoch as an instant of the wire."""
    minute, rest = divmod(at, 60_000)
    second, thousandth = divmod(rest, 1000)
    return f"{_minute_text(minute)}{second:02}.{thousandth:03}Z"


@lru_cache(maxsize=4096)
def _minute_text(minute: int) -> str:
    return instant(minute * 60_000).isoformat()[:17]


def quoted(text: str) -> str:
    """A text as JSON."""
    return f'"{text}"' if is_plain(text) else msgspec.json.encode(text).decode()
