"""Reports that are tables: Zoom's of meetings and of webinars, in French and in English, and anybody's own.

Zoom writes several tables into one file, each under its own headings: about the meeting, then about its participants,
or about the host, the panelists and the attendees of a webinar.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.chassis.table_reading import UnreadableTableError, read_rows
from services.streaming_bridge.adapters.reports.instants import InstantReader
from services.streaming_bridge.domain.reports import (
    LineTrouble,
    Report,
    ReportedStay,
    ReportTrouble,
    UnreadableReportError,
    address_in,
)

_HEADINGS: Final = {
    "name": (
        "name (original name);user name (original name);user name;name;display name;full name;participant;"
        "participant name;nom (nom original);nom (nom d'origine);nom d'utilisateur (nom original);"
        "nom d'utilisateur (nom d'origine);nom d'utilisateur;nom;nom complet;nom affiche"
    ),
    "first_name": "first name;prenom",
    "last_name": "last name;nom de famille",
    "email": (
        "user email;email;e-mail;email address;e-mail address;mail;adresse e-mail de l'utilisateur;"
        "e-mail de l'utilisateur;adresse e-mail;adresse email;adresse mail;courriel"
    ),
    "start": (
        "join time;join;joined;joined at;arrival;heure d'arrivee;heure de connexion;heure d'entree;arrivee;entree;"
        "rejoint;debut;start"
    ),
    "end": (
        "leave time;leave;left;left at;departure;heure de depart;heure de deconnexion;heure de sortie;depart;sortie;"
        "quitte;fin;end"
    ),
    "waiting": "in waiting room;dans la salle d'attente;salle d'attente",
    "attended": "attended;a participe;a assiste;participation",
    "total": "total duration (minutes);duree totale (minutes)",
}
_FIELDS: Final = {heading: field for field, headings in _HEADINGS.items() for heading in headings.split(";")}
_MEETING_IDS: Final = frozenset(
    {"meeting id", "webinar id", "identifiant de la reunion", "identifiant de reunion", "id de la reunion"}
    | {"id de reunion", "identifiant du webinaire", "id du webinaire", "identifiant du webinar", "id du webinar"}
)
_TITLES: Final = frozenset(
    {"host details", "panelist details", "attendee details", "registrant details", "other attended", "attendee report"}
    | {"details de l'hote", "details sur l'hote", "details du paneliste", "details sur le paneliste"}
    | {"details du participant", "details sur le participant", "details de l'inscrit", "autres participants"}
)
_YES: Final = frozenset({"yes", "oui", "true", "1"})
_NO: Final = frozenset({"no", "non", "false", "0"})
_ABSENT: Final = frozenset({"", "-", "--"})
_Columns = Mapping[str, int]


def read_table(raw: bytes, *, zone: ZoneInfo, around: datetime) -> Report:
    """The report in a CSV or XLSX file; instants that name no zone are in `zone`, `around` is when the event is held.

    Raises:
        UnreadableReportError: if it is none.
    """
    try:
        rows = read_rows(raw)
    except UnreadableTableError as error:
        raise UnreadableReportError(ReportTrouble(error.trouble)) from None
    if not rows:
        raise UnreadableReportError(ReportTrouble.EMPTY)
    lines = _lines(rows)
    if lines is None:
        totals = any("total" in _columns(row) for row in rows.values())
        raise UnreadableReportError(ReportTrouble.ONLY_TOTALS if totals else ReportTrouble.NO_COLUMNS)
    read = InstantReader([told[end] for told in lines.values() for end in ("start", "end")], zone=zone, around=around)
    stays: list[ReportedStay] = []
    refused: dict[int, LineTrouble] = {}
    for number, told in lines.items():
        line = _stay(number, told, read)
        if isinstance(line, LineTrouble):
            refused[number] = line
        elif line is not None:
            stays.append(line)
    return Report(stays=stays, refused=refused, room=_meeting_id(rows))


def _lines(rows: Mapping[int, Sequence[str]]) -> dict[int, dict[str, str]] | None:
    """The cells of each line below headings of presence, by field; None if there are no such headings."""
    columns: _Columns | None = None
    lines: dict[int, dict[str, str]] = {}
    known = False
    for number, row in rows.items():
        found = _columns(row)
        if {"start", "end"} <= found.keys() and ("name" in found or "last_name" in found):
            columns, known = found, True
        elif len(found) > 1 or (len(row) == 1 and plain(row[0]).rstrip(":") in _TITLES):
            # Of another table.
            columns = None
        elif columns is not None:
            lines[number] = {field: row[at] if at < len(row) else "" for field, at in columns.items()}
    return lines if known else None


def _columns(row: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, cell in enumerate(row):
        field = _FIELDS.get(plain(cell))
        if field is not None:
            found.setdefault(field, at)
    return found


def _stay(number: int, told: Mapping[str, str], read: InstantReader) -> ReportedStay | LineTrouble | None:
    if plain(told.get("attended", "")) in _NO or (told["start"].strip() in _ABSENT and "attended" in told):
        # Who registered for a webinar and did not come is in its report too.
        return None
    if plain(told.get("waiting", "")) in _YES:
        return LineTrouble.WAITING_ROOM
    name = told.get("name", "") or " ".join(told[part] for part in ("first_name", "last_name") if told.get(part))
    if not name.strip():
        return LineTrouble.NO_NAME
    start, end = read(told["start"]), read(told["end"])
    if start is None or end is None:
        return LineTrouble.NO_TIMES
    if end < start:
        return LineTrouble.BACKWARDS
    return ReportedStay(
        number=number, name=" ".join(name.split()), start=start, end=end, email=address_in(told.get("email", ""))
    )


def _meeting_id(rows: Mapping[int, Sequence[str]]) -> str | None:
    """The number of a Zoom meeting: below its heading, without the spaces it is shown with."""
    above: int | None = None
    for row in rows.values():
        if above is not None:
            digits = "".join(row[above].split()) if above < len(row) else ""
            return digits if digits.isdecimal() else None
        above = next((at for at, cell in enumerate(row) if plain(cell) in _MEETING_IDS), None)
    return None


def plain(text: str) -> str:
    """A heading without case, accents and typographic apostrophes."""
    letters = unicodedata.normalize("NFKD", text.replace("’", "'").replace("_", " "))
    return " ".join("".join(each for each in letters if not unicodedata.combining(each)).casefold().split())
