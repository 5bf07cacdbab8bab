"""Cursors of lists that are sorted by an instant and an id."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.chassis.paging import SortKey, decode_cursor
from services.chassis.problems import FieldError, bad_request

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def cursor_key(instant: datetime, identifier: str) -> SortKey:
    """The sort key of an item, as a cursor holds it."""
    return (written(instant), identifier)


def read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """The sort key in a cursor; None where there is no cursor.

    Raises:
        Problem: 400 naming `after`, for a cursor that this list did not hand out.
    """
    if cursor is None:
        return None
    milliseconds, identifier = decode_cursor(cursor, int, str)
    return read_instant(int(milliseconds)), str(identifier)


def written(instant: datetime) -> int:
    """An instant as cursors hold it."""
    return (instant - _EPOCH) // _MILLISECOND


def read_instant(milliseconds: int) -> datetime:
    """The same, read.

    Raises:
        Problem: 400 naming `after`, for one that no list handed out.
    """
    try:
        return _EPOCH + milliseconds * _MILLISECOND
    except OverflowError:
        wrong = FieldError(parameter="after", detail="not a cursor of this list")
        raise bad_request("The query is not valid: see after.", errors=[wrong]) from None
