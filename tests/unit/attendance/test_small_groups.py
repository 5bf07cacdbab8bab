"""What is told of small groups, and of those beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attendance.domain.small_groups import told, told_parts


@pytest.mark.parametrize("count, shown", [(0, 0), (1, None), (4, None), (5, 5), (300, 300)])
def test_too_few_are_not_told_of_and_nobody_is(count: int, shown: int | None) -> None:
    assert told(count, smallest=5) == shown


@pytest.mark.parametrize(
    "counts, shown",
    [
        ([10, 20], [10, 20]),
        ([3, 20, 30], [None, None, 30]),
        ([1, 1, 30], [None, None, None]),
        ([1, 4, 30], [None, None, 30]),
        ([0, 6], [0, 6]),
        ([0, 2], [0, None]),
    ],
)
def test_what_the_sum_would_give_away_is_hidden_too(counts: list[int], shown: list[int | None]) -> None:
    assert told_parts(counts, smallest=5) == shown


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(2, 10))
def test_the_sum_tells_of_no_group_that_is_too_small(counts: list[int], smallest: int) -> None:
    shown = told_parts(counts, smallest=smallest)
    hidden = [count for count, one in zip(counts, shown, strict=True) if one is None]
    assert all(one is None or one == 0 or one >= smallest for one in shown)
    if hidden and sum(counts) >= smallest:
        assert sum(hidden) >= smallest
        assert len(hidden) > 1
