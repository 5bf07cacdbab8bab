import pytest
from pydantic import ValidationError

from services.chassis.paging import (
    DEFAULT_LIMIT,
    MAXIMUM_LIMIT,
    PageQuery,
    SortKey,
    decode_cursor,
    encode_cursor,
    page_of,
)
from services.chassis.problems import Problem


@pytest.mark.parametrize("key", [("2026-11-23T09:00:00.000Z", "id"), (7, "é/?&=+"), (0,)])
def test_a_cursor_comes_back_as_its_sort_key_and_needs_no_quoting(key: SortKey) -> None:
    cursor = encode_cursor(key)

    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert decode_cursor(cursor, *(type(part) for part in key)) == key


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "é",
        "AAAA",
        "!!!!",
        encode_cursor((1,)),
        encode_cursor(("a", "b", "c")),
        encode_cursor((True, "a")),
        encode_cursor((2**63, "a")),
        encode_cursor((-(2**63) - 1, "a")),
        encode_cursor((1, "\ud800")),
        encode_cursor((1, "\0")),
        "W" * 999,
    ],
)
def test_a_cursor_of_another_list_is_refused_and_named(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(cursor, int, str)

    assert caught.value.status == 400
    assert [error.parameter for error in caught.value.errors] == ["after"]


def test_a_page_is_cut_and_says_where_the_next_begins() -> None:
    rows, after = page_of([1, 2, 3], limit=2, key=lambda row: (row,))

    assert list(rows) == [1, 2]
    assert after is not None
    assert decode_cursor(after, int) == (2,)


def test_the_last_page_has_no_next() -> None:
    assert page_of([1, 2], limit=2, key=lambda row: (row,)) == ([1, 2], None)


def test_the_length_of_a_page_has_bounds() -> None:
    assert PageQuery().limit == DEFAULT_LIMIT
    for limit in (0, MAXIMUM_LIMIT + 1):
        with pytest.raises(ValidationError):
            PageQuery(limit=limit)
