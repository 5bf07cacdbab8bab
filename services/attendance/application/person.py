"""One person at one event as the worker holds them: ready to take the next fact, and to be written.

The record is made of texts that were written when something happened and are only joined later: an interval and the
state of its facts are one text each. So a fact costs the same however many came before it.
"""

from hashlib import sha1
from typing import Final, TypeAlias

from msgspec import Struct

from services.attendance.application.kept import STATUSES, KeptAcceptance, ToldEnd
from services.attendance.application.records import record_id, whom

ChannelKey: TypeAlias = tuple[str, str, str]
IN_PERSON_KEY: Final[ChannelKey] = ("", "", "")
NO_SECONDS: Final = '{"in_person":0.0,"remote":0.0,"both":0.0,"total":0.0}'
EVER: Final = -(10**15)
"""Before all instants."""
_ON_SITE, _REMOTE, _BOTH, _AWAY, _ABSENT = range(5)


class Unclosed(Struct, gc=False):
    """A channel that no fact has closed, and how long the person was here before it opened, by mode."""

    index: int
    """The place of its interval in `Person.parts`."""
    start: int
    source: str
    room: str | None
    session: str | None
    cut: int
    """Where in the text of its interval the id of what closes it belongs."""
    in_person: int = 0
    remote: int = 0
    both: int = 0
    ongoing: bool = True
    """False where its end is inferred."""


class Sealed(Struct, gc=False):
    """Earlier intervals that stand in a record of their own, as that record's bytes."""

    record: bytes
    until: int
    """Nothing in it is later: neither a fact nor an end."""
    written: bool = False


class Person(Struct, gc=False):
    """A participant or guest. What is unsaid is that of somebody of whom nothing is known."""

    event_id: str
    subject: str
    key: bytes
    whom: str
    """How an entry names them, as JSON."""
    plain: bool = True
    """Whether a fact that comes in order can be added as it is: nobody is linked, and nothing yet to come is voided."""
    whole: bool = True
    """Whether the record is known to be the fold of the facts that are known, as far as it is one of own facts."""
    parts: list[str] = []
    """The intervals as JSON, in order, without those that are sealed."""
    items: list[str] = []
    """The state of the facts of each interval as JSON, null where they stand among `others`."""
    others: list[str] = []
    facts: dict[str, None] = {}
    """The ids of all own facts; as a dict, which takes half of the memory of a set."""
    unclosed: dict[ChannelKey, Unclosed] = {}
    was_here: bool = False
    here_in_person: int = 0
    here_remote: int = 0
    in_person: int = 0
    remote: int = 0
    both: int = 0
    seconds: str = NO_SECONDS
    last: int = EVER
    """Nothing that counts is later: neither a coming or going nor an end."""
    time: str = ""
    recorded: str = ""
    mark: int = 0
    """A digest of the set of facts that count."""
    registered_mode: str | None = None
    registration: str | None = None
    seated_at: int = EVER
    extra: str = ""
    """What few records have, as JSON: whom a guest is linked to, contradictions, suspect facts."""
    voided: dict[str, None] = {}
    """The ids of the facts that own facts take back."""
    acceptances: list[KeptAcceptance] = []
    """What own facts say of suspect times."""
    told: list[ToldEnd] = []
    told_text: str = ""
    sealed: list[Sealed] = []
    dirty: bool = False
    flushed: int = 0
    """The number of the last output they stand in."""

    @property
    def status(self) -> int:
        """Where they are: the place in `STATUSES`."""
        return status_of(self.here_in_person, self.here_remote, was_here=self.was_here)

    @property
    def sealed_until(self) -> int:
        """Nothing in a sealed record is later."""
        return max((sealed.until for sealed in self.sealed), default=EVER)

    def write(self) -> bytes | None:
        """The presence record; None if no fact speaks of this person (any more).

        Its id follows from what it says and from the facts that count, not from when it is written.
        """
        if not self.time:
            return None
        status = STATUSES[status_of(self.here_in_person, self.here_remote, was_here=self.was_here)]
        seat = "" if self.registered_mode is None else f',"registered_mode":"{self.registered_mode}"'
        if self.registration is not None:
            seat += f',"registration":"{self.registration}"'
        earlier = f',"earlier":{len(self.sealed)}' if self.sealed else ""
        content = (
            f'","source":"/attendance","type":"passerelle.presence.changed.v1","subject":"{self.subject}"'
            f',"time":"{self.time}","recordedtime":"{self.recorded}","datacontenttype":"application/json"'
            f',"data":{{"event_id":"{self.event_id}","status":"{status}"{seat}'
            f',"intervals":[{",".join(self.parts)}],"seconds":{self.seconds}{self.extra}{earlier}'
        ).encode()
        said = sha1(content, usedforsecurity=False)
        said.update(str(self.mark).encode())
        mark = "" if self.plain else f',"mark":{self.mark}'
        stays, facts = ",".join(self.items), ",".join(self.others)
        state = f',"state":{{"stays":[{stays}],"facts":[{facts}]{self.told_text}{mark}}}}}}}'
        head = f'{{"specversion":"1.0","id":"{record_id(said.hexdigest())}'
        return b"".join((head.encode(), content, state.encode()))

    def write_sealed(self) -> dict[bytes, bytes | None]:
        """The records of earlier intervals that changed; whoever asks has them written."""
        records: dict[bytes, bytes | None] = {}
        for number, sealed in enumerate(self.sealed):
            if not sealed.written:
                records[b"%b/%04d" % (self.key, number)] = sealed.record
                sealed.written = True
        return records

    def become(self, other: "Person") -> None:
        """Take over all that is known of the same person elsewhere, but for when it was written."""
        for name in _TAKEN_OVER:
            setattr(self, name, getattr(other, name))


_TAKEN_OVER: Final = tuple(
    name for name in Person.__struct_fields__ if name not in {"event_id", "subject", "key", "whom", "dirty", "flushed"}
)


def status_of(in_person: int, remote: int, *, was_here: bool) -> int:
    """Where somebody is who is here through so many channels: the place in `STATUSES`."""
    if in_person:
        return _BOTH if remote else _ON_SITE
    if remote:
        return _REMOTE
    return _AWAY if was_here else _ABSENT


def new_person(event_id: str, subject: str, *, plain: bool) -> Person:
    """Somebody of whom nothing is known yet."""
    return Person(event_id, subject, f"{event_id}/{subject}".encode(), whom=whom(subject), plain=plain)
