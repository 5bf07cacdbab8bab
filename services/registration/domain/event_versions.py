"""Versions of an event: a word for what an editor saw, which also tells what became different since."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from services.registration.domain.errors import EventChangedMeanwhileError
from services.registration.domain.event import Event

_PARTS: Final = (
    "title",
    "description",
    "status",
    "starts_at",
    "ends_at",
    "timezone",
    "capacity",
    "grace_minutes",
    "reconnect_grace_seconds",
    "offer_minutes",
    "no_show_minutes",
    "rooms",
    "sessions",
    "data_contact",
    "questions",
    "series",
)
_DIGITS: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(event: Event) -> str:
    """The version without its parts: when the event last changed. Facts of one event never share an instant."""
    return f"{_milliseconds(event.changed_at):x}"


def version_of(event: Event) -> str:
    """The version as it stands: the instant, a point, and a digest of each part."""
    values = asdict(event)
    return f"{instant_of(event)}." + "".join(_digest(values[part]) for part in _PARTS)


def require_seen(event: Event, versions: Collection[str]) -> None:
    """Refuse an edit by somebody who saw none but other versions of the event.

    Raises:
        EventChangedMeanwhileError: naming the parts that differ from the version seen.
    """
    if instant_of(event) in {version.partition(".")[0] for version in versions}:
        return
    seen = next(iter(versions), "")
    raise EventChangedMeanwhileError(event_id=event.event_id, parts=_changed_since(event, seen))


def _changed_since(event: Event, version: str) -> Sequence[str]:
    """The parts that differ; all of them where the version does not tell."""
    then, now = (text.partition(".")[2] for text in (version, version_of(event)))
    if len(then) != len(now):
        return _PARTS
    places = range(0, len(now), _DIGITS)
    differ = [then[place : place + _DIGITS] != now[place : place + _DIGITS] for place in places]
    return [part for part, differs in zip(_PARTS, differ, strict=True) if differs]


def _digest(value: object) -> str:
    text = json.dumps(value, default=_milliseconds)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _milliseconds(instant: datetime) -> int:
    """Whole ones, whatever the time zone and the fractions that an instant was typed with: as it is stored."""
    return int((instant - _EPOCH).total_seconds() * 1000)
