"""Imports: a list of people from elsewhere, line by line, and what is to become of each line."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.registration.domain.registrations import Person
from services.registration.domain.seats import SeatStatus, Wish

KEPT_FOR: Final = timedelta(hours=24)
"""How long what was uploaded is kept: for who has to look something up before they go on, and no longer."""


class Judgement(StrEnum):
    """What becomes of a line: somebody new, somebody known whom the file tells nothing new of, or something new."""

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why a line is refused."""

    NAME_MISSING = "name_missing"
    NAME_WRONG = "name_wrong"
    EMAIL_MISSING = "email_missing"
    EMAIL_WRONG = "email_wrong"
    MODE_WRONG = "mode_wrong"
    LANGUAGE_WRONG = "language_wrong"
    HEADCOUNT_WRONG = "headcount_wrong"
    NEEDS_WRONG = "needs_wrong"
    ID_WRONG = "id_wrong"
    SESSIONS_WRONG = "sessions_wrong"
    SESSIONS_AT_ONCE = "sessions_at_once"
    TWICE = "twice"
    CANCELLED = "cancelled"
    ERASED = "erased"
    EVENT_NOT_OPEN = "event_not_open"


class ImportState(StrEnum):
    """Where an import stands: looked at, being carried out, done."""

    UPLOADED = "uploaded"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """Somebody as a file tells them; `number` is the line of the file, its heading being the first.

    `key` is what the same line has in another file, or in the same one imported again. `said` are digests of what the
    file says, by field. `by_id` is for a key made of an id given elsewhere; else it is made of the address, and without
    one of the name: `name_key` is what that would be. `ticket` is the code of a ticket that they hold already.
    `sessions` are the ids of those that the file says they come to, None if it says nothing of them.
    """

    number: int
    key: str
    by_id: bool
    person: Person
    mode: Wish
    said: Mapping[str, str]
    headcount: int | None = None
    needs: str | None = None
    ticket: str | None = None
    name_key: str | None = None
    sessions: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table as it was brought: its headings, and its rows under the numbers of their lines."""

    headings: Sequence[str]
    rows: Mapping[int, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How a sheet is read: the field that each column holds ("" for none), and what holds where a cell is empty."""

    columns: Sequence[str]
    mode: Wish = Wish.IN_PERSON
    language: str = "fr"
    letters: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportContent:
    """What is kept of a file: the sheet, how it is read, and once it is carried out the lines that can be."""

    sheet: Sheet
    choices: Choices
    lines: Sequence[ImportLine] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownParticipant:
    """Who is registered already: `key`, `by_id` and `said` as an earlier import left them."""

    participant_id: str
    status: SeatStatus
    person: Person | None
    key: str | None = None
    by_id: bool = False
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def without_address(self) -> bool:
        """Whether they are known by name alone."""
        return self.person is not None and not self.person.email


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is to become of a line, and whom it is about if they are registered."""

    line: ImportLine
    judgement: Judgement
    refusal: Refusal | None = None
    known: KnownParticipant | None = None
    changed: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file that somebody (`actor`) brought: `done` of its good lines are carried out, `counts` says how.

    `refused` are the numbers of lines with why, those that could not be read among them.
    """

    import_id: str
    event_id: str
    actor: str
    state: ImportState
    brought_at: datetime
    done: int = 0
    counts: Mapping[Judgement, int] = field(default_factory=dict)
    refused: Mapping[int, Refusal] = field(default_factory=dict)
    total: int = 0


def without(
    stands: Import, content: ImportContent, *, email: str, keys: Collection[str]
) -> tuple[Import, ImportContent]:
    """An import with nothing left of who has this address, if they have one, or is known by one of these keys.

    Their lines that are still to come are refused; those that were carried out keep their place, without whom they
    were about. The sheet itself goes: it may name people where nobody would look for them, or under no address.
    """
    same = email.casefold()

    def is_theirs(line: ImportLine) -> bool:
        return line.key in keys or (same != "" and line.person.email.casefold() == same)

    theirs = {line.number for line in content.lines if is_theirs(line)}
    mine = {line.number for line in content.lines[stands.done :]} & theirs
    nobody = Person(name="", email="", language="")
    lines = [
        replace(line, person=nobody, needs=None) if line.number in theirs else line
        for line in content.lines
        if line.number not in mine
    ]
    refused = {**stands.refused, **dict.fromkeys(mine, Refusal.ERASED)}
    return replace(stands, refused=refused), replace(content, lines=lines, sheet=replace(content.sheet, rows={}))


def judge(line: ImportLine, known: Sequence[KnownParticipant]) -> Judged:
    """What is to become of a line, of those known who may be meant by it.

    Whoever bears the line's key is meant. Else who has its address; but where the line has an id of its own, only who
    has none yet, and the same name: families share addresses. Else who came without an address under this name: the
    list has it now.
    """
    same = next((each for each in known if each.key == line.key), None)
    if same is None:
        have_an_id = {each.participant_id for each in known if each.by_id}
        alike = [
            each for each in known if _is_meant(each, line) and not (line.by_id and each.participant_id in have_an_id)
        ]
        # One who takes part goes before one who cancelled, then one of the same name before others.
        same = min(
            alike,
            key=lambda each: (each.status is SeatStatus.CANCELLED, not _is_namesake(each, line)),
            default=None,
        )
    if same is None:
        same = next((each for each in known if each.key == line.name_key and each.without_address), None)
    if same is None:
        return Judged(line=line, judgement=Judgement.NEW)
    if same.person is None:
        return Judged(line=line, judgement=Judgement.REFUSED, refusal=Refusal.ERASED, known=same)
    if same.status is SeatStatus.CANCELLED:
        return Judged(line=line, judgement=Judgement.REFUSED, refusal=Refusal.CANCELLED, known=same)
    # What was said under another key, or by somebody themselves, is not what this file said before.
    before = same.said if same.key in {line.key, line.name_key} else {}
    changed = [name for name, digest in line.said.items() if before.get(name, digest) != digest]
    if same.key == line.key and "sessions" in line.said and "sessions" not in before:
        # The agenda often comes after the list of people.
        changed.append("sessions")
    judgement = Judgement.CHANGED if changed else Judgement.KNOWN
    return Judged(line=line, judgement=judgement, known=same, changed=changed)


def _is_meant(known: KnownParticipant, line: ImportLine) -> bool:
    if known.person is None or not line.person.email:
        return False
    if known.person.email.casefold() != line.person.email.casefold():
        return False
    return not line.by_id or _is_namesake(known, line)


def _is_namesake(known: KnownParticipant, line: ImportLine) -> bool:
    return known.person is not None and known.person.name.casefold() == line.person.name.casefold()
