"""The lines of a sheet read as people, each held to the rules that everybody's registration is held to."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import StringConstraints, ValidationError

from services.registration.adapters.rows import searchable
from services.registration.application.imports import LineKeys, Reading
from services.registration.domain.event import Event
from services.registration.domain.imports import Choices, ImportLine, Refusal, Sheet
from services.registration.domain.registrations import Person
from services.registration.domain.seats import Wish
from services.registration.domain.session_places import to_register_for
from services.registration.web.bodies import Body, Email, Headcount, Language, Needs, PersonName

_MODES: Final = {
    Wish.IN_PERSON: "in person;in_person;sur place;presentiel;en presentiel;salle;on site;onsite",
    Wish.REMOTE: "remote;remotely;a distance;distanciel;en distanciel;en ligne;online;visio;virtual",
    Wish.EITHER: "either;l'un ou l'autre;indifferent",
}
_WISHES: Final = {word: wish for wish, words in _MODES.items() for word in words.split(";")}
_LANGUAGES: Final = {"francais": "fr", "french": "fr", "anglais": "en", "english": "en"}


class _Typed(Body):
    """What a line says of somebody."""

    name: PersonName
    email: Email | None = None
    mode: Wish
    language: Language
    headcount: Headcount | None = None
    needs: Needs | None = None
    external_id: Annotated[str, StringConstraints(max_length=200)] | None = None


def titles_of(event: Event) -> Mapping[str, str]:
    """How lines name the sessions of an event that people register for, with their ids."""
    return {searchable(session.title): session.session_id for session in to_register_for(event)}


def read_lines(
    sheet: Sheet, choices: Choices, keys: LineKeys, titles: Mapping[str, str] = MappingProxyType({})
) -> Reading:
    """Each line as somebody to register, or why it cannot be; `titles` as from `titles_of`."""
    lines: dict[str, ImportLine] = {}
    refused: dict[int, Refusal] = {}
    addressed: set[str] = set()
    for number, cells in sheet.rows.items():
        told = {field: cell for field, cell in zip(choices.columns, cells, strict=False) if field and cell}
        line = read_line(number, told, choices, keys, titles)
        if isinstance(line, Refusal):
            refused[number] = line
        elif line.key in lines:
            refused[number] = Refusal.TWICE
        else:
            lines[line.key] = line
            if line.by_id and line.person.email:
                addressed.add(line.person.email.casefold())
    for key, line in list(lines.items()):
        # Without a number of its own it is the same person as the line that has one.
        if not line.by_id and line.person.email.casefold() in addressed:
            refused[line.number] = Refusal.TWICE
            del lines[key]
    return Reading(lines=list(lines.values()), refused=refused)


def read_line(
    number: int,
    told: Mapping[str, str],
    choices: Choices,
    keys: LineKeys,
    titles: Mapping[str, str] = MappingProxyType({}),
) -> ImportLine | Refusal:
    """One line, of the fields that it tells, or why it cannot be read."""
    mode, language = told.get("mode"), told.get("language")
    name = told.get("name") or " ".join(told[part] for part in ("first_name", "last_name") if part in told)
    if not name:
        return Refusal.NAME_MISSING
    sessions = _sessions(told["sessions"], titles) if "sessions" in told else None
    if isinstance(sessions, Refusal):
        return sessions
    values: dict[str, str | Wish] = {field: told[field] for field in ("email", "headcount", "needs") if field in told}
    if "external_id" in told:
        values["external_id"] = told["external_id"]
    values["name"] = name
    plain = searchable(mode or "").replace("’", "'")
    values["mode"] = choices.mode if mode is None else _WISHES.get(plain, plain)
    values["language"] = choices.language if language is None else _LANGUAGES.get(searchable(language), language)
    try:
        typed = _Typed.model_validate(values)
    except ValidationError as error:
        return _refusal(str(error.errors(include_url=False)[0]["loc"][0]))
    if typed.headcount is not None and typed.mode is not Wish.REMOTE:
        return Refusal.HEADCOUNT_WRONG
    email, outside = typed.email or "", typed.external_id
    # Of what a line says itself, in our words: `Sur place` in one file is `In person` in another.
    said = {"name": typed.name, "email": email} | {
        field: str(getattr(typed, field)) for field in ("mode", "language", "headcount", "needs") if field in told
    }
    if sessions is not None:
        said["sessions"] = " ".join(sessions)
    name_key = keys.of("name", searchable(typed.name)) if outside is None else None
    key = keys.of("id", outside) if outside else keys.of("address", email.casefold()) if email else name_key or ""
    return ImportLine(
        number=number,
        key=key,
        by_id=outside is not None,
        person=Person(name=typed.name, email=email, language=typed.language),
        mode=typed.mode,
        headcount=typed.headcount,
        needs=typed.needs or None,
        name_key=name_key,
        sessions=sessions,
        said={field: keys.of(key, field, text)[:16] for field, text in said.items()},
    )


def _sessions(cell: str, titles: Mapping[str, str]) -> tuple[str, ...] | Refusal:
    """The ids of the sessions that a cell names, with semicolons between them as in our own lists."""
    named = [searchable(title) for title in cell.replace("\n", ";").split(";") if title.strip()]
    # Our own lists say beside a title who waits for a seat there.
    found = [titles.get(title) or titles.get(title.rpartition(" (")[0]) for title in named]
    if None in found:
        return Refusal.SESSIONS_WRONG
    return tuple(dict.fromkeys(session_id for session_id in found if session_id is not None))


def _refusal(field: str) -> Refusal:
    return Refusal.ID_WRONG if field == "external_id" else Refusal(f"{field}_wrong")
