"""The people of an event as a page shows them: their names for organizers, their random ids for everybody else."""

import asyncio
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiohttp import web

from schemas.identifiers import is_guest_id
from services.attendance.application.reading import OnRoll, Reading
from services.attendance.domain.fold import Status
from services.attendance.domain.reading import Standing
from services.attendance.web.names import NAMES
from services.chassis.access import grant_of

_ORDER: Final = {
    status: place
    for place, status in enumerate((Status.BOTH, Status.ON_SITE, Status.REMOTE, Status.AWAY, Status.ABSENT))
}
_HERE: Final = frozenset({Status.ON_SITE, Status.REMOTE, Status.BOTH})
_SHOWN_OF_ID: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on a page; `name` is None where it is not known, or not for the reader to know."""

    standing: Standing
    name: str | None

    @property
    def label(self) -> str:
        """The name, or the beginning of the id."""
        return self.name or short_id(self.standing.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Somebody who was looked for; `name` is None where it is not known, or not for the reader to know."""

    entry: OnRoll
    name: str | None


def short_id(subject: str) -> str:
    """An id that fits a line and still tells people apart."""
    kind, _, digits = subject.partition("_")
    return f"{kind}_{digits[:_SHOWN_OF_ID]}"


def sees_names(request: web.Request) -> bool:
    """Whether the reader is an organizer of the event."""
    grant = grant_of(request)
    return grant is not None and grant.allows(event_id=request.match_info.get("event_id"))


async def names_for(request: web.Request, event_id: str, subjects: Collection[str]) -> Mapping[str, str]:
    """The names that this reader may see, of some people."""
    if not sees_names(request) or not subjects:
        return {}
    return await request.app[NAMES].names(event_id, subjects)


async def search(
    request: web.Request,
    reading: Reading,
    event_id: str,
    *,
    words: str,
    status: str,
    as_of: datetime | None = None,
    among: Collection[str] | None = None,
) -> list[Found]:
    """The people whose name or id holds every word and who are in a status, and in `among` if that is given.

    `here` is any of the three present ones; `contradicted` and `suspect` are those of whom such facts are known. Who is
    present comes first, then by name; `words` and `status` may be empty.
    """
    roll = [one for one in await reading.roll(event_id, as_of=as_of) if _in_status(one, status)]
    if among is not None:
        wanted = frozenset(among)
        roll = [one for one in roll if one.subject in wanted]
    names = await names_for(request, event_id, [one.subject for one in roll])
    # Among thousands of names this takes a while, in which this process has others to answer.
    return await asyncio.to_thread(_chosen, roll, names, words)


def find_subjects(people: Sequence[Found]) -> frozenset[str]:
    """Their ids."""
    return frozenset(person.entry.subject for person in people)


def is_guest(person: Person) -> bool:
    """Whether no registration claims them."""
    return is_guest_id(person.standing.subject)


def is_present(person: Person) -> bool:
    """Whether they are here, in any way."""
    return person.standing.presence.status in _HERE


def _in_status(one: OnRoll, status: str) -> bool:
    match status:
        case "":
            return True
        case "here":
            return one.status in _HERE
        case "contradicted":
            return one.contradicted
        case "suspect":
            return one.suspect
        case _:
            return one.status.value == status


def _chosen(roll: Sequence[OnRoll], names: Mapping[str, str], words: str) -> list[Found]:
    wanted = [folded for folded in _folded(words).split() if folded]
    found = [(one, names.get(one.subject)) for one in roll]
    sorted_by = {
        one.subject: (_ORDER[one.status], _folded(name or short_id(one.subject)), one.subject) for one, name in found
    }
    chosen = [Found(entry=one, name=name) for one, name in found if _holds(one, name, wanted)]
    return sorted(chosen, key=lambda person: sorted_by[person.entry.subject])


def _holds(one: OnRoll, name: str | None, words: Sequence[str]) -> bool:
    if not words:
        return True
    text = f"{_folded(name or '')} {one.subject}"
    return all(word in text for word in words)


def _folded(text: str) -> str:
    """Without case and accents, so that `helene` finds Hélène."""
    return "".join(mark for mark in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(mark))
