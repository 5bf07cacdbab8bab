"""Tables in forms: fields named by their place (`sessions.0.title`), and some rows to fill in."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.chassis.pages.forms import Form

SPARE_ROWS: Final = 2
MOST_ROWS: Final = 100


def gather_rows(filled: Mapping[str, Any], tables: Mapping[str, str | None]) -> dict[str, Any]:
    """The fields with those of the tables gathered into rows: `{"sessions": {"0": {"title": …}}}`.

    `tables` names the column of each table, if any, that no one sees: a row of nothing else is empty, and left out.
    """
    nested: dict[str, Any] = {table: {} for table in tables}
    for name, text in filled.items():
        table, *place = name.split(".")
        if len(place) == 2 and table in tables:  # noqa: PLR2004  (row and column)
            nested[table].setdefault(place[0], {})[place[1]] = text
        elif not place and table not in tables:
            nested[name] = text
    for table, hidden in tables.items():
        nested[table] = {key: row for key, row in nested[table].items() if row.keys() - {hidden}}
    return nested


def rows_to_show(form: Form[Any], table: str, *, more: bool = False, again: bool = False) -> Sequence[str]:
    """The keys of a table's rows: those with something in them, and some to fill in.

    `more` than were shown before, or the same ones `again`.
    """
    named = [name for name in form.values if name.startswith(f"{table}.")]
    used = {name.split(".")[1] for name in named if more or again or form.value(name)}
    numbers = [int(key) for key in used if key.isdecimal() and int(key) < MOST_ROWS]
    last = max(numbers, default=-1)
    spare = SPARE_ROWS if more else 0 if again else 1
    return [str(number) for number in range(min(last + 1 + spare, MOST_ROWS))]
