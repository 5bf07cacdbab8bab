"""What is known of the facts that count for one person, looked up where it is needed and no further.

`Alone` reads it from the texts of a person to whom nobody is linked: a few of them, wherever they stand but in sealed
records. `Circle` holds the facts of a person and of the guests linked to them, which stand in several records.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from services.attendance.application.kept import (
    KeptAcceptance,
    KeptMovement,
    KeptSubjectFact,
    KeptVoiding,
)
from services.attendance.application.person import IN_PERSON_KEY, ChannelKey, Person
from services.attendance.application.recall import kept_of, kept_sealed, remembered
from services.attendance.application.stays import (
    Stay,
    WrittenInterval,
    fact_of,
    movements_of,
    start_of,
)
from services.attendance.application.wire import instant_text, milliseconds, quoted

_REMOTE: Final = '{"mode":"remote"'
_IN_PERSON: Final = '{"mode":"in_person"'
_read_interval: Final = msgspec.json.Decoder(WrittenInterval).decode
_read_stay: Final = msgspec.json.Decoder(Stay | None).decode


class UncommonError(Exception):
    """What is asked is not known without more ado: the whole fold has to decide."""


class Row(NamedTuple):
    """An interval of a presence record; `place` is where it stands there, `facts` those of which its stay tells."""

    place: int
    start: int
    end: int | None
    interval: WrittenInterval
    facts: tuple[KeptMovement, ...]

    @property
    def is_closed(self) -> bool:
        """Whether a fact tells its end."""
        return self.end is not None and self.interval.end_inferred is None


class Known(Protocol):
    """The facts that count for one person, the `owner`; each is told with whose it is."""

    owner: Person

    def person(self, subject: str) -> Person:
        """The owner, or a guest linked to them."""

    def people(self) -> Collection[str]:
        """Who these are."""

    def learn(self, subject: str, kept: KeptSubjectFact) -> None:
        """One more fact is known."""

    def find(self, fact_id: str) -> tuple[str, KeptSubjectFact] | None:
        """One of the facts; None if it is not known."""

    def moves(self, channel: ChannelKey) -> Mapping[str, tuple[str, KeptMovement]]:
        """The comings and goings of a channel by id, but perhaps for those that stand in a row."""

    def rows(self, channel: ChannelKey) -> Iterator[Row]:
        """The intervals of a channel that stand in the presence record, the last first."""

    def is_sealed(self, channel: ChannelKey) -> bool:
        """Whether anything of a channel may stand in a sealed record of the owner."""

    def voided(self) -> Collection[str]:
        """The ids of the facts that are taken back."""

    def acceptances(self) -> Sequence[KeptAcceptance]:
        """What was said of suspect times."""

    def seated_at(self) -> int:
        """When the last seat was told of."""


class Alone:
    """Somebody to whom nobody is linked, and who is linked to nobody."""

    def __init__(self, owner: Person) -> None:
        """Nothing is read yet."""
        self.owner = owner
        self._moves: dict[ChannelKey, Mapping[str, tuple[str, KeptMovement]]] = {}

    def person(self, subject: str) -> Person:
        """Nobody but the owner is asked for."""
        if subject != self.owner.subject:
            raise UncommonError
        return self.owner

    def people(self) -> Collection[str]:
        """The owner."""
        return {self.owner.subject}

    def learn(self, subject: str, kept: KeptSubjectFact) -> None:
        """It is one of the owner's own."""
        self.person(subject).facts[kept.id] = None
        self.owner.plain = self.owner.facts.keys() >= self.owner.voided.keys()

    def find(self, fact_id: str) -> tuple[str, KeptSubjectFact] | None:
        """It may stand in a sealed record."""
        owner, hint = self.owner, f'"{fact_id}"'.encode()
        if fact_id not in owner.facts:
            return None
        found = remembered(owner, fact_id)
        if found is None:
            pages = (kept_sealed(sealed) for sealed in owner.sealed if hint in sealed.record)
            found = next((kept for page in pages for kept in page if kept.id == fact_id), None)
        if found is None:
            raise UncommonError
        return owner.subject, found

    def moves(self, channel: ChannelKey) -> Mapping[str, tuple[str, KeptMovement]]:
        """Those that stand in no row."""
        found = self._moves.get(channel)
        if found is None:
            found = self._moves[channel] = self._read_moves(channel)
        return found

    def _read_moves(self, channel: ChannelKey) -> Mapping[str, tuple[str, KeptMovement]]:
        hint = "" if channel == IN_PERSON_KEY else quoted(channel[2])
        texts = [text for text in self.owner.others if text.startswith("[0,") and hint in text]
        if not texts:
            return {}
        found = (kept for kept in kept_of((), (), texts) if isinstance(kept, KeptMovement))
        return {kept.id: (self.owner.subject, kept) for kept in found if kept.channel[1:] == channel}

    def rows(self, channel: ChannelKey) -> Iterator[Row]:
        """Raises UncommonError where the facts of a row stand in a sealed record."""
        owner, in_person = self.owner, channel == IN_PERSON_KEY
        mode, hint = (_IN_PERSON, "") if in_person else (_REMOTE, quoted(channel[2]))
        loose = self.moves(channel)
        for index in range(len(owner.parts) - 1, -1, -1):
            part, item = owner.parts[index], owner.items[index]
            if not part.startswith(mode) or (hint not in item and item != "null"):
                continue
            if item == "null":
                first = fact_of(part)
                if owner.sealed and not any(text.startswith(f'"{first}",', 3) for text in owner.others):
                    raise UncommonError
                if first in loose:
                    yield row_of(index, part, "null")
                continue
            row = row_of(index, part, item)
            if row.facts[0].channel[1:] == channel:
                yield row

    def is_sealed(self, channel: ChannelKey) -> bool:
        """It is looked for by the text of its connection; an interval may be sealed whose facts are not."""
        if channel == IN_PERSON_KEY:
            return bool(self.owner.sealed)
        hints = [quoted(channel[2]).encode(), *(f'"{one}"'.encode() for one in self.moves(channel))]
        return any(hint in sealed.record for sealed in self.owner.sealed for hint in hints)

    def voided(self) -> Collection[str]:
        """What own facts take back."""
        return self.owner.voided

    def acceptances(self) -> Sequence[KeptAcceptance]:
        """What own facts say."""
        return self.owner.acceptances

    def seated_at(self) -> int:
        """The same, of an own fact."""
        return self.owner.seated_at


class Circle:
    """Somebody and the guests linked to them. All of their facts are held ready, and come in by `learn`."""

    def __init__(self, owner: str, members: Mapping[str, Person]) -> None:
        """Nothing is learnt yet; the owner is one of the members."""
        self.owner = members[owner]
        self._members = members
        self._facts: dict[str, tuple[str, KeptSubjectFact]] = {}
        self._moves: dict[ChannelKey, dict[str, tuple[str, KeptMovement]]] = {}
        self._voided: dict[str, None] = {}
        self._acceptances: list[KeptAcceptance] = []

    def learn(self, subject: str, kept: KeptSubjectFact) -> None:
        """Add one more fact.

        Raises:
            UncommonError: if there is one of its id about another of them.
        """
        if kept.id in self._facts:
            raise UncommonError
        self._members[subject].facts[kept.id] = None
        self._facts[kept.id] = subject, kept
        if isinstance(kept, KeptMovement):
            self._moves.setdefault(kept.channel[1:], {})[kept.id] = subject, kept
        elif isinstance(kept, KeptVoiding):
            self._voided[kept.voided_id] = None
        elif isinstance(kept, KeptAcceptance):
            self._acceptances.append(kept)

    def person(self, subject: str) -> Person:
        """One of the members."""
        return self._members[subject]

    def people(self) -> Collection[str]:
        """All members."""
        return self._members.keys()

    def find(self, fact_id: str) -> tuple[str, KeptSubjectFact] | None:
        """One of all the facts."""
        return self._facts.get(fact_id)

    def moves(self, channel: ChannelKey) -> Mapping[str, tuple[str, KeptMovement]]:
        """All of them."""
        return self._moves.get(channel, {})

    def rows(self, channel: ChannelKey) -> Iterator[Row]:
        """They are those that rest on a fact of the channel; none begins before the first of these."""
        owner, moves = self.owner, self.moves(channel)
        starts = (kept.time if kept.joined_at is None else min(kept.time, kept.joined_at) for _, kept in moves.values())
        first = instant_text(min(starts, default=0))
        mode = _IN_PERSON if channel == IN_PERSON_KEY else _REMOTE
        for index in range(len(owner.parts) - 1 if moves else -1, -1, -1):
            part = owner.parts[index]
            if part.startswith(mode) and fact_of(part) in moves:
                yield row_of(index, part, owner.items[index])
            if start_of(part) < first:
                return

    def is_sealed(self, channel: ChannelKey) -> bool:
        """It is not if all of its facts are later than what is sealed."""
        until = self.owner.sealed_until
        return any(kept.time <= until for _, kept in self.moves(channel).values())

    def voided(self) -> Collection[str]:
        """What facts of any of them take back."""
        return self._voided

    def acceptances(self) -> Sequence[KeptAcceptance]:
        """What facts of any of them say."""
        return self._acceptances

    def seated_at(self) -> int:
        """The same, of a fact of any of them."""
        return max(member.seated_at for member in self._members.values())


def row_of(index: int, part: str, item: str) -> Row:
    """What a presence record says of one interval."""
    interval, stay = _read_interval(part), _read_stay(item)
    facts = () if stay is None else tuple(movements_of(interval, stay))
    end = None if interval.end is None else milliseconds(interval.end)
    return Row(index, milliseconds(interval.start), end, interval, facts)
