"""What the read model holds, as it is read: entries of the timeline, and where everybody stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.fold import Presence, Status
from services.attendance.domain.intervals import Durations
from services.attendance.domain.suspicion import SuspectTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The presence of an entry's subject once its fact was known."""

    status: Status
    durations: Durations


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One fact of an event's timeline; `position` grows with each new or changed entry.

    Instants are milliseconds since the Unix epoch; `data` is what the fact says. `suspect` is what is wrong with its
    time, and `accepted` whether an organizer takes it for right (None where nothing is wrong). `withdrawn` is when an
    inferred end was found untrue: such an entry stands no longer.
    """

    event_id: str
    id: str
    position: int
    time: int
    recorded: int
    type: str
    source: str
    participant_id: str | None
    guest_id: str | None
    mode: Mode | None
    data: Mapping[str, object]
    reached: Reached | None
    withdrawn: int | None = None
    suspect: SuspectTime | None = None
    accepted: bool | None = None

    @property
    def subject(self) -> str | None:
        """Whom it concerns; None if it is about the event."""
        return self.participant_id or self.guest_id

    def told(self, name: str) -> str | None:
        """What the fact says under a name, if that is a text."""
        value = self.data.get(name)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One participant or guest, and their presence."""

    subject: str
    presence: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """How many have a seat, by mode, and how many wait for one."""

    in_person: int = 0
    remote: int = 0
    waitlisted: int = 0

    @property
    def total(self) -> int:
        """All who have a seat."""
        return self.in_person + self.remote


def registered(standings: Iterable[Standing]) -> Registered:
    """Count the seats; a cancelled registration has none."""
    seats = {Mode.IN_PERSON: 0, Mode.REMOTE: 0}
    waiting = 0
    for standing in standings:
        presence = standing.presence
        if presence.registration is Registration.WAITLISTED:
            waiting += 1
        elif presence.registration is Registration.CONFIRMED and presence.registered_mode is not None:
            seats[presence.registered_mode] += 1
    return Registered(in_person=seats[Mode.IN_PERSON], remote=seats[Mode.REMOTE], waitlisted=waiting)
