"""Lists by cursor: `?after=<cursor>&limit=<n>` in, `{"items": […], "next": <cursor or null>}` out.

A cursor is opaque to its reader: the sort key of the last item, so that a page stays right while rows are added.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Generic, TypeVar

from pydantic import BaseModel, Field

from services.chassis.problems import FieldError, Problem, bad_request

DEFAULT_LIMIT: Final = 100
MAXIMUM_LIMIT: Final = 1000
_BEYOND: Final = 2**63
# Made once: a live stream writes a cursor with every message.
_to_json: Final = json.JSONEncoder(separators=(",", ":")).encode

Item = TypeVar("Item")
Row = TypeVar("Row")
SortKey = tuple[str | int, ...]
"""What a list is sorted by, the last part unique."""


class PageQuery(BaseModel):
    """The query parameters of every list; a list with more of them subclasses it."""

    after: Annotated[str, Field(max_length=1000, description="The `next` of the page before.")] | None = None
    limit: Annotated[int, Field(ge=1, le=MAXIMUM_LIMIT)] = DEFAULT_LIMIT


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next` is the cursor of the page that follows, null on the last."""

    items: list[Item]
    next: str | None = None


def encode_cursor(key: SortKey) -> str:
    """The opaque, URL-safe text of a sort key."""
    return base64.urlsafe_b64encode(_to_json(key).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *shape: type[str] | type[int]) -> SortKey:
    """The sort key in a cursor, whose parts have the types of `shape`.

    Raises:
        Problem: 400 naming `after`, for anything this list did not hand out.
    """
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _wrong_cursor() from None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(shape) or not all(map(_fits, parts)):
        raise _wrong_cursor()
    return tuple(parts)


def page_of(rows: Sequence[Row], *, limit: int, key: Callable[[Row], SortKey]) -> tuple[Sequence[Row], str | None]:
    """Cut rows read with `LIMIT limit + 1` to one page, with the cursor of the next if a row was left over."""
    if len(rows) <= limit:
        return rows, None
    kept = rows[:limit]
    return kept, encode_cursor(key(kept[-1]))


def _fits(part: str | int) -> bool:
    """Whether a database can compare with it: 64 bits, or text that UTF-8 can hold and that has no U+0000."""
    if isinstance(part, int):
        return -_BEYOND <= part < _BEYOND
    return "\0" not in part and not any("\ud800" <= character <= "\udfff" for character in part)


def _wrong_cursor() -> Problem:
    detail = "not a cursor of this list: use the `next` of the page before"
    return bad_request("The query is not valid: see after.", errors=[FieldError(parameter="after", detail=detail)])
