"""Everybody of an event, or some, as their facts tell of them: presence, and where they were as far as that is told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from services.attendance.application.log_fold import read_short
from services.attendance.domain.attribution import Scan, Whereabouts
from services.attendance.domain.context import EventContext, fold_context
from services.attendance.domain.facts import EventFact, Movement, SubjectFact, Voiding
from services.attendance.domain.fold import NOBODY, Presence, fold_subject

_PARTICIPATION: Final = b'"passerelle.participation.'
"""What platforms saw tells of presence alone."""
_EVENT: Final = "passerelle.registration.event."
_INTERACTION: Final = "passerelle.participation.interaction.v1"
_PLACE: Final = "passerelle.registration.session_place."
_SEATS: Final = ("passerelle.registration.participant.", "passerelle.registration.seat.")
_CHECKED_IN: Final = "passerelle.checkin.checked_in.v1"
_TELLING: Final = (_PLACE, *_SEATS, _CHECKED_IN)
_LEFT: Final = "passerelle.registration.session_place.left.v1"
_CANCELLED: Final = "passerelle.registration.participant.cancelled.v1"
"""It tells of no seat any more: how many people were behind a connection stays as it was told before."""


class _Data(msgspec.Struct):
    place_id: str | None = None
    session_id: str | None = None
    status: str | None = None
    headcount: int | None = None


class _Told(msgspec.Struct):
    id: str
    type: str
    time: str
    data: msgspec.Raw
    subject: str | None = None


_read_data: Final = msgspec.json.Decoder(_Data).decode
_read_told: Final = msgspec.json.Decoder(_Told).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """One participant or guest; `headcount` is how many people take part behind a venue's one connection."""

    subject: str
    presence: Presence
    whereabouts: Whereabouts
    headcount: int | None = None


class _Details:
    """What facts about one participant tell beside their presence, the latest by (time, id)."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[tuple[str, str], bool]] = {}
        self._headcount: tuple[tuple[str, str], int | None] = (("", ""), None)
        self._scanned_at: dict[str, str | None] = {}

    def learn(self, told: _Told) -> None:
        order = told.time, told.id
        data = _read_data(told.data)
        if told.type.startswith(_PLACE):
            session_id = data.session_id or ""
            if session_id not in self._places or self._places[session_id][0] < order:
                self._places[session_id] = order, told.type != _LEFT and data.status == "confirmed"
        elif told.type == _CHECKED_IN:
            self._scanned_at[told.id] = data.place_id
        elif told.type != _CANCELLED and self._headcount[0] < order:
            self._headcount = order, data.headcount

    @property
    def chosen(self) -> frozenset[str]:
        return frozenset(session_id for session_id, (_, seated) in self._places.items() if seated)

    @property
    def headcount(self) -> int | None:
        return self._headcount[1]

    def scans(self, facts: Iterable[SubjectFact], left_out: Collection[str]) -> tuple[Scan, ...]:
        """The check-ins that count, if any is at a room or session; else they tell nothing that matters."""
        if not any(self._scanned_at.values()):
            return ()
        known = list(facts)
        void = {fact.voided_id for fact in known if isinstance(fact, Voiding)} | set(left_out)
        return tuple(
            Scan(time=fact.time, place_id=self._scanned_at[fact.id])
            for fact in known
            if isinstance(fact, Movement) and fact.id in self._scanned_at and fact.id not in void
        )


def known_people(
    event_id: str, values: Iterable[bytes], *, subjects: Collection[str] | None = None
) -> Mapping[str, KnownPerson]:
    """All whom the facts of an event tell of, by id, or those of `subjects`; guests stand with whom they are linked to.

    `values` are the facts as the timeline holds them, each once: of some people, those about the event and about all
    who are theirs.
    """
    key = event_id.encode()
    of_event: list[EventFact] = []
    of_subject: dict[str, list[SubjectFact]] = {}
    details: dict[str, _Details] = {}
    for value in values:
        fact = read_short(key, value)
        if isinstance(fact, SubjectFact):
            of_subject.setdefault(fact.subject, []).append(fact)
        elif isinstance(fact, EventFact):
            of_event.append(fact)
        if _PARTICIPATION not in value:
            told = _read_told(value)
            if told.subject is not None and told.type.startswith(_TELLING):
                details.setdefault(told.subject, _Details()).learn(told)
    context = fold_context(of_event)
    wanted = subjects if subjects is not None else {*of_subject, *map(context.owner, of_subject)}
    found = (_person(subject, of_subject, details, context) for subject in sorted(wanted))
    return {person.subject: person for person in found if person is not None}


def facts_behind(
    event_id: str,
    of_event: Sequence[bytes],
    own: Sequence[bytes],
    members: Mapping[str, Collection[str]],
) -> Mapping[str, set[str]]:
    """The ids of the facts that somebody's record rests on, for each who has `members`; and of the event's last.

    `own` are the facts about all members, those of one and those of another.
    """
    told_of_event = ((told.time, told.id) for told in map(_read_told, of_event) if told.type.startswith(_EVENT))
    latest = max(told_of_event, default=None)
    always = () if latest is None else (latest[1],)
    about: dict[str, list[str]] = {}
    for told in map(_read_told, own):
        if told.type != _INTERACTION and told.subject is not None:
            about.setdefault(told.subject, []).append(told.id)
    people = known_people(event_id, {*of_event, *own}, subjects=members)
    found = {}
    for subject, theirs in members.items():
        intervals = people[subject].presence.intervals if subject in people else ()
        rests = {fact_id for interval in intervals for fact_id in interval.facts}
        found[subject] = rests.union(always, *(about.get(member, ()) for member in theirs))
    return found


def _person(
    subject: str,
    of_subject: Mapping[str, Iterable[SubjectFact]],
    details: Mapping[str, _Details],
    context: EventContext,
) -> KnownPerson | None:
    facts = [fact for member in context.members(subject) for fact in of_subject.get(member, ())]
    presence = fold_subject(subject, facts, context) if facts else NOBODY
    if presence == NOBODY or presence.linked_to is not None:
        return None
    known = details.get(subject)
    if known is None:
        return KnownPerson(subject=subject, presence=presence, whereabouts=Whereabouts())
    whereabouts = Whereabouts(scans=known.scans(facts, presence.suspect), chosen=known.chosen)
    return KnownPerson(subject=subject, presence=presence, whereabouts=whereabouts, headcount=known.headcount)
