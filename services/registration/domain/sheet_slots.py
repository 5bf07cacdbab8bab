"""What an attendance sheet is about: a half-day or a session, with its hours, its place and who teaches in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registration.domain.agenda import Session
from services.registration.domain.event import Event
from services.registration.domain.half_days import HalfDay, half_days, sessions_in
from services.registration.domain.signatures import SheetSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What a sheet is about: a half-day, or else a session."""

    half: HalfDay | None = None
    session: Session | None = None

    @property
    def slot_id(self) -> str:
        """The name of the half-day, or the id of the session."""
        return self.half.half_day_id if self.half else self.session.session_id if self.session else ""

    @property
    def starts_at(self) -> datetime:
        """When its hours begin."""
        return self._timed.starts_at

    @property
    def ends_at(self) -> datetime:
        """When its hours end."""
        return self._timed.ends_at

    @property
    def window(self) -> tuple[datetime, datetime]:
        """From when to when comings and goings are told."""
        if self.half is not None:
            return self.half.window_starts_at, self.half.window_ends_at
        return self.starts_at, self.ends_at

    @property
    def _timed(self) -> HalfDay | Session:
        timed = self.half or self.session
        if timed is None:
            msg = "a slot is a half-day or a session"
            raise ValueError(msg)
        return timed


def slots_of(event: Event, slot_id: str | None) -> Sequence[Slot]:
    """The half-day or session of this name, none if there is none; without a name all half-days."""
    halves = [Slot(half=half) for half in half_days(event)]
    if slot_id is None:
        return halves
    sessions = [Slot(session=session) for session in event.sessions if not session.cancelled]
    return [slot for slot in (*halves, *sessions) if slot.slot_id == slot_id]


def trainers_of(event: Event, settings: SheetSettings, slot: Slot) -> Sequence[str]:
    """Who is named as trainer or speaker of a slot, each once."""
    speakers = [name for session in _sessions(event, slot) for name in session.speakers]
    return list(dict.fromkeys((*settings.trainers, *speakers)))


def place_of(event: Event, slot: Slot) -> str:
    """Where it is: the places of its sessions, else all places of the event."""
    named = {session.room for session in _sessions(event, slot)}
    places = [room for room in event.rooms if room.physical]
    there = [room for room in places if room.name in named] or places
    return " · ".join(room.whereabouts for room in there)


def _sessions(event: Event, slot: Slot) -> Sequence[Session]:
    if slot.session is not None:
        return [slot.session]
    return sessions_in(event, slot.half) if slot.half else []
