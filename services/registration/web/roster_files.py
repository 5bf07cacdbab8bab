"""The list of registrations as a file: which columns it has, what they are called, what is in them."""

from collections.abc import Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from services.chassis.pages import texts_of
from services.chassis.pages.downloads import file_name, table_file
from services.chassis.pages.languages import mark
from services.chassis.spreadsheets import Cell
from services.registration.application.chosen_sessions import ChosenSession
from services.registration.application.ports import Participant
from services.registration.domain.event import Event
from services.registration.domain.questions import Answer
from services.registration.domain.registrations import Purpose
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.session_places import to_register_for
from services.registration.domain.tickets import spell
from services.registration.web.use_cases import use_cases

_AT_A_TIME: Final = 500
HEADINGS: Final = {
    "name": mark("Name"),
    "email": mark("E-mail"),
    "mode": mark("Mode"),
    "status": mark("Status"),
    "waitlist_position": mark("Place on the waiting list"),
    "headcount": mark("Number of people"),
    "language": mark("Language"),
    "ticket": mark("Ticket"),
    "registered_at": mark("Registered at"),
    **{purpose.value: f"consent_{purpose.value}" for purpose in Purpose},
    "group_id": "group_id",
    "participant_id": "participant_id",
}
"""The columns as programs know them, each with its heading for people. Accessibility needs are not among them."""


WORDS: Final[Mapping[Mode | SeatStatus, str]] = {
    Mode.IN_PERSON: mark("In person"),
    Mode.REMOTE: mark("Remotely"),
    SeatStatus.CONFIRMED: mark("Seat confirmed"),
    SeatStatus.WAITLISTED: mark("On the waiting list"),
    SeatStatus.CANCELLED: mark("Cancelled"),
}


async def roster_file(request: web.Request, kind: str, *, for_people: bool) -> web.Response:
    """The list of the event in the address, as `csv` or `xlsx`; `for_people` with headings in their language."""
    event, participants = await use_cases(request).exports.roster(request.match_info["event_id"])
    zone = ZoneInfo(event.timezone)
    texts = texts_of(request)
    names = HEADINGS if not to_register_for(event) else {**HEADINGS, "sessions": mark("Sessions")}
    headings = [texts.gettext(heading) if for_people else name for name, heading in names.items()]
    words = {word: texts.gettext(text) if for_people else word.value for word, text in WORDS.items()}
    rows = [_row(participant, words, zone) for participant in participants]
    if to_register_for(event):
        chosen = await _chosen(request, event, participants)
        for row, participant in zip(rows, participants, strict=True):
            mine = chosen.get(participant.registration.participant_id, ())
            row.append("; ".join(_told(each, words, for_people=for_people) for each in mine))
    answers = await use_cases(request).people.all_answers(event.event_id)
    for question_id, text in _asked(event, answers).items():
        headings.append(text if for_people else question_id)
        for row, participant in zip(rows, participants, strict=True):
            given = answers.get(participant.registration.participant_id, ())
            row.append(next((_answered(each) for each in given if each.question_id == question_id), None))
    name = file_name("registrations", event.title, str(event.starts_at.astimezone(zone).date()), kind=kind)
    return await table_file(request, headings, rows, name=name, sheet="registrations", for_people=for_people)


def _asked(event: Event, answers: Mapping[str, Sequence[Answer]]) -> Mapping[str, str]:
    """The questions with a column, by their ids: what the event asks, then what it asked once and was answered."""
    once = {answer.question_id: answer.question for mine in answers.values() for answer in mine}
    # What it asks now comes first, in the words of now.
    now = {question.question_id: question.text for question in event.questions}
    return now | {question_id: text for question_id, text in once.items() if question_id not in now}


def _answered(answer: Answer) -> Cell:
    return "; ".join(answer.value) if isinstance(answer.value, tuple) else answer.value


def _row(participant: Participant, words: Mapping[Mode | SeatStatus, str], zone: ZoneInfo) -> list[Cell]:
    seat, person = participant.registration, participant.person
    return [
        person.name if person else None,
        person.email if person else None,
        words[seat.mode],
        words[seat.status],
        participant.waitlist_position,
        seat.headcount,
        person.language if person else None,
        spell(seat.ticket),
        seat.created_at.astimezone(zone),
        *(participant.consents.get(purpose, False) for purpose in Purpose),
        seat.group_id,
        seat.participant_id,
    ]


async def _chosen(
    request: web.Request, event: Event, participants: Sequence[Participant]
) -> Mapping[str, Sequence[ChosenSession]]:
    ids = [participant.registration.participant_id for participant in participants]
    found: dict[str, Sequence[ChosenSession]] = {}
    for start in range(0, len(ids), _AT_A_TIME):
        found |= await use_cases(request).session_places.of(event, ids[start : start + _AT_A_TIME])
    return found


def _told(chosen: ChosenSession, words: Mapping[Mode | SeatStatus, str], *, for_people: bool) -> str:
    """A session by its id, or for people by its title, with the status if it is no seat."""
    name = chosen.session.title if for_people else chosen.session.session_id
    return name if chosen.place.status is SeatStatus.CONFIRMED else f"{name} ({words[chosen.place.status]})"
