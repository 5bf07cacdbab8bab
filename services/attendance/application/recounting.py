"""The figures of an event's documents, counted again from its facts as a log or an archive has them. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from schemas.decode import decode
from schemas.eligibility import ContestAnswered
from schemas.envelope import format_instant
from schemas.identifiers import is_guest_id
from schemas.registration import EventData, EventStatus
from services.attendance.adapters.tables import SIGHTINGS, to_column
from services.attendance.application.attendance_records import event_agenda, event_counting
from services.attendance.application.known_people import KnownPerson, known_people
from services.attendance.application.log_fold import read_short
from services.attendance.application.translation import milliseconds
from services.attendance.domain.attended import Attended, Record
from services.attendance.domain.context import EventContext, fold_context
from services.attendance.domain.facts import EventFact
from services.attendance.domain.intervals import Span, measure, union
from services.attendance.domain.suspicion import suspicion

_EVENT: Final = "passerelle.registration.event."
_ANSWERED: Final = b'"passerelle.registration.attendance.contest_answered.v1"'
_VOIDED: Final = ("passerelle.checkin.voided.v1", "passerelle.participation.voided.v1")
_PRINTED: Final = ("in_person", "remote", "both", "total", "inferred")
_SECOND: Final = 1000


class _VoidedData(msgspec.Struct):
    voided_id: str


class _Head(msgspec.Struct):
    id: str
    type: str
    time: str
    recordedtime: str
    data: msgspec.Raw
    subject: str | None = None


_read_head: Final = msgspec.json.Decoder(_Head).decode
_read_voided: Final = msgspec.json.Decoder(_VoidedData).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Recounted:
    """People of an event by id, and how much they attended; `titles` are those of its sessions."""

    event: EventData
    people: Mapping[str, tuple[KnownPerson, Record]]
    titles: Mapping[str, str]

    def certificate(self, participant_id: str, granted: Mapping[str, object] | None) -> Mapping[str, Any]:
        """The figures of somebody's certificate; see `services.registration.domain.certificates.figures_of`."""
        known = self.people.get(participant_id)
        person, record = known or (None, None)
        return {
            "provisional": self.event.status in {EventStatus.DRAFT, EventStatus.PUBLISHED},
            "headcount": None if person is None else person.headcount,
            "whole": _seconds(Attended() if record is None else record.whole),
            "half_days": {} if record is None else _parts(record.half_days),
            "sessions": {} if record is None else _parts(record.sessions),
            **({} if granted is None else {"granted": granted}),
        }

    def sheet(self, slot_id: str) -> Mapping[str, Mapping[str, int]]:
        """Who was there for how long in a half-day or a session, but for guests, who stand on no sheet."""
        found = {}
        for participant_id, (_, record) in self.people.items():
            time = record.half_days.get(slot_id) or record.sessions.get(slot_id)
            if time is not None and time.durations.total >= _SECOND and not is_guest_id(participant_id):
                found[participant_id] = _seconds(time)
        return found


def recounted(event_id: str, values: Sequence[bytes], *, subjects: Collection[str] | None = None) -> Recounted | None:
    """Count the people of an event, or some, given its facts, each once; None if no fact tells what event it was."""
    told = [_read_head(value) for value in values]
    latest = max(
        ((head.time, head.id, value) for head, value in zip(told, values, strict=True) if _is_of_event(head)),
        default=None,
    )
    event = None if latest is None else decode(latest[2]).data
    if not isinstance(event, EventData):
        return None
    facts = (read_short(event_id.encode(), value) for value in values)
    context = fold_context(fact for fact in facts if isinstance(fact, EventFact))
    counting = event_counting(event, event_agenda(event), horizon=_horizon(told, context))
    people = known_people(event_id, values, subjects=subjects)
    return Recounted(
        event=event,
        people={
            whose: (person, counting.record(person.presence.intervals, person.whereabouts))
            for whose, person in people.items()
        },
        titles={session.session_id: session.title for session in event.sessions},
    )


def granted_to(
    participant_id: str, values: Iterable[bytes], record: Record | None, *, as_of: int
) -> Mapping[str, object] | None:
    """The figures of the time that was granted to somebody, by the last word on each of their contests.

    None without any. What goes on in `record` is taken to have gone on until `as_of`.
    """
    words: dict[str, ContestAnswered] = {}
    answers = (decode(value) for value in values if _ANSWERED in value)
    for said in answers:
        if isinstance(said, ContestAnswered) and said.subject == participant_id:
            known = words.get(said.data.contest_id)
            if known is None or (known.time, known.id) < (said.time, said.id):
                words[said.data.contest_id] = said
    grants = sorted(
        ((said.data.granted, said.time) for said in words.values() if said.data.granted is not None),
        key=lambda grant: (grant[0].start, grant[0].end, grant[1]),
    )
    if not grants:
        return None
    intervals = () if record is None else record.intervals
    seen = union((each.start, as_of if each.end is None else each.end) for each in intervals)
    granted: list[Span] = [(to_column(span.start), to_column(span.end)) for span, _ in grants]
    return {
        "seconds": (measure(union([*granted, *seen])) - measure(seen)) // _SECOND,
        "spans": [
            {
                "mode": span.mode.value,
                "start": format_instant(span.start),
                "end": format_instant(span.end),
                "session_id": span.session_id,
                "granted_at": format_instant(at),
            }
            for span, at in grants
        ],
    }


def _is_of_event(head: _Head) -> bool:
    return head.subject is None and head.type.startswith(_EVENT)


def _horizon(told: Iterable[_Head], context: EventContext) -> int | None:
    """The latest sighting: the law of `services.attendance.adapters.doubts.latest_sighting`."""
    heads = list(told)
    voided = {
        (_read_voided(head.data).voided_id, context.owner(head.subject or "")) for head in heads if head.type in _VOIDED
    }
    seen = (head for head in heads if head.type in SIGHTINGS)
    return max(
        (
            milliseconds(head.time)
            for head in seen
            if (head.id, context.owner(head.subject or "")) not in voided and _counts(head, context)
        ),
        default=None,
    )


def _counts(head: _Head, context: EventContext) -> bool:
    recorded, day = milliseconds(head.recordedtime), context.day_starts_at
    if suspicion(milliseconds(head.time), recorded=recorded, joined_at=None, day_starts_at=day) is None:
        return True
    said = context.acceptances.get(head.id)
    return said is not None and said.accepted


def _parts(times: Mapping[str, Attended]) -> Mapping[str, Mapping[str, int]]:
    found = {name: _seconds(time) for name, time in times.items()}
    return {name: seconds for name, seconds in found.items() if seconds["total"]}


def _seconds(time: Attended) -> Mapping[str, int]:
    seconds = time.seconds
    return {name: seconds[name] for name in _PRINTED}
