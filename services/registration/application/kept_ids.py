"""Whoever describes the parts of an event again means those it has: they keep their ids."""

from collections.abc import Callable, Iterable, Mapping


def kept_ids(
    wanted: Iterable[tuple[str | None, str]], *, known: Mapping[str, str], new: Callable[[], str]
) -> list[str]:
    """The id of each part that is wanted, given as the id it asks for, if any, and its name.

    That is the id it asks for if there is such a part in `known` (names by id), else that of the part of its name,
    else a new one; and a new one where another part before it has that id already.
    """
    by_name = {name: part_id for part_id, name in known.items()}
    ids: list[str] = []
    for asked, name in wanted:
        found = asked if asked in known else by_name.get(name)
        ids.append(found if found is not None and found not in ids else new())
    return ids
