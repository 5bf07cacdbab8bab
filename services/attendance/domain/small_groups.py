"""Counts that give nobody away: for readers who may know how many, and never who.

A group of at least one person and fewer than the smallest that may be told is hidden, and so is what would tell it all
the same. Nobody is a number that may be told: it is about no one.
"""

from collections.abc import Sequence
from typing import Final

SMALLEST_GROUP: Final = 5
"""The smallest number of people that is told where no setting says otherwise."""


def told(count: int, *, smallest: int = SMALLEST_GROUP) -> int | None:
    """A count by itself; None if it is of too few."""
    return None if 0 < count < smallest else count


def told_parts(counts: Sequence[int], *, smallest: int = SMALLEST_GROUP) -> list[int | None]:
    """The counts of groups that share nobody and whose sum may be known; None for each that is hidden.

    What is hidden is the sum less what is told. So at least two groups are hidden if any is, and together they are not
    too few: the next larger ones are hidden with them, in the order in which they stand where they are alike. If that
    cannot be, nobody is told of, and the sum is one that must be hidden by itself.
    """
    by_size = sorted((count, place) for place, count in enumerate(counts) if count > 0)
    hidden: list[tuple[int, int]] = [one for one in by_size if one[0] < smallest]
    if hidden:
        rest = by_size[len(hidden) :]
        while rest and (len(hidden) == 1 or sum(count for count, _ in hidden) < smallest):
            hidden.append(rest.pop(0))
    places = {place for _, place in hidden}
    return [None if place in places else count for place, count in enumerate(counts)]
