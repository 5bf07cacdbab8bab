"""Two edits of one event at once: what the other editor changed is taken over where this one left it as it was.

Values are named as in the form of the event. Rows are told by their ids: the other may have added some before them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from services.chassis.pages.forms import Form
from services.registration.domain.event import Event
from services.registration.web.event_form import EventForm, filled_with

_TABLES: Final = {"rooms": "room_id", "sessions": "session_id", "questions": "question_id"}
_NAMES: Final = {"rooms": "name", "sessions": "title", "questions": "text"}
_Rows = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What somebody else changed: a field, in the row of this name if it is in one. `typed` differs if both did."""

    field: str
    row: str | None
    was: str
    now: str
    typed: str | None


def merged(form: Form[EventForm], event: Event) -> tuple[Form[EventForm], tuple[Difference, ...]]:
    """The form as it would be on top of the event as it stands, and what the other changed meanwhile.

    Where both changed a field, what was typed is kept in the form, and the difference tells both.
    """
    fresh = filled_with(event)
    typed = _rows({name: form.value(name) for name in form.values})
    now = _rows({name: fresh.value(name) for name in fresh.values})
    seen = _rows(_read_seen(form.value("seen")))
    differences: list[Difference] = []
    kept: _Rows = {}
    for key in dict.fromkeys([*now, *typed, *seen]):
        mine, theirs, before = typed.get(key, {}), now.get(key, {}), seen.get(key, {})
        kept[key] = {}
        # A row that the other took away, and that was changed here, stays whole.
        rescued = not theirs and mine != before
        for column in dict.fromkeys([*theirs, *mine, *before]):
            was, stands, wanted = (row.get(column, "") for row in (before, theirs, mine))
            both = wanted != was
            kept[key][column] = wanted if both or rescued else stands
            if stands not in {was, wanted} or (rescued and stands != was):
                table, _, _ = key.partition(".")
                if column != _TABLES.get(table):
                    named = theirs or before
                    row = named.get(_NAMES[table], "") if table else None
                    field = f"{table}.{column}" if table else column
                    differences.append(
                        Difference(field=field, row=row, was=was, now=stands, typed=wanted if both else None)
                    )
    values = _numbered(kept) | {name: fresh.value(name) for name in ("version", "seen")}
    return Form[EventForm].empty(**values), tuple(differences)


def _rows(values: Mapping[str, str]) -> _Rows:
    """The values by row: `sessions.<id>`, and `` for those in no table. Empty rows are left out."""
    rows: _Rows = {"": {}}
    for name, text in values.items():
        table, *place = name.split(".")
        if table in _TABLES and len(place) == 2:  # noqa: PLR2004  (row and column)
            number, column = place
            identity = values.get(f"{table}.{number}.{_TABLES[table]}") or f"+{number}"
            rows.setdefault(f"{table}.{identity}", {})[column] = _plain(text)
        elif not place and name not in {"version", "seen", "more"}:
            rows[""][name] = _plain(text)
    return {key: row for key, row in rows.items() if not key or any(row.values())}


def _numbered(rows: _Rows) -> dict[str, str]:
    """The values as the form names them, rows by their number."""
    values = dict(rows.get("", {}))
    for table in _TABLES:
        filled = [row for key, row in rows.items() if key.startswith(f"{table}.") and any(row.values())]
        values |= {f"{table}.{number}.{column}": text for number, column, text in _cells(filled)}
    return values


def _cells(rows: Iterable[Mapping[str, str]]) -> Iterable[tuple[int, str, str]]:
    return ((number, column, text) for number, row in enumerate(rows) for column, text in row.items())


def _plain(text: str) -> str:
    """Browsers send line ends their own way."""
    return text.replace("\r\n", "\n").strip()


def _read_seen(text: str) -> dict[str, str]:
    """What the form was filled with; nothing where it does not tell, so that all counts as typed."""
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(given, dict):
        return {}
    return {name: value for name, value in given.items() if isinstance(value, str)}
