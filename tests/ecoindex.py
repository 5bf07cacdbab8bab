"""EcoIndex of a page: a mark out of 100 from its elements, requests and kilobytes; A is above 80.

Source: the EcoIndex method (GreenIT.fr), as `rules-of-the-domain.md` gives it.
"""

from itertools import pairwise
from typing import Final

A: Final = 80
"""Above it a page has grade A."""

_ELEMENTS: Final = (
    *(0, 47, 75, 159, 233, 298, 358, 417, 476, 537, 603),
    *(674, 753, 843, 949, 1076, 1237, 1459, 1801, 2479, 594601),
)
_REQUESTS: Final = (
    *(0, 2, 15, 25, 34, 42, 49, 56, 63, 70, 78),
    *(86, 95, 105, 117, 130, 147, 170, 205, 281, 3920),
)
_KILOBYTES: Final = (
    *(0, 1.37, 144.7, 319.53, 479.46, 631.97, 783.38, 937.91, 1098.62, 1265.47, 1448.32),
    *(1648.27, 1876.08, 2142.06, 2465.37, 2866.31, 3401.59, 4155.73, 5400.08, 8037.54, 223212.26),
)


def ecoindex(*, elements: int, requests: int, kilobytes: float) -> int:
    """The mark of a page."""
    places = (3 * _place(elements, _ELEMENTS), 2 * _place(requests, _REQUESTS), _place(kilobytes, _KILOBYTES))
    return round(100 - 5 * sum(places) / 6)


def _place(value: float, quantiles: tuple[float, ...]) -> float:
    """Where a value stands among the pages of the world: the quantiles below it, and how far into the next."""
    for index, (low, high) in enumerate(pairwise(quantiles)):
        if low <= value < high:
            return index + (value - low) / (high - low)
    return len(quantiles) - 1
