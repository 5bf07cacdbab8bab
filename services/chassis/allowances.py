"""How much somebody may do: so much at once, and more as time goes by.

Counted in this process's memory: several processes allow as many times more, and a restart forgets.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_MOST_KEYS: Final = 10_000


@dataclass(slots=True)
class Allowance:
    """So many at once, refilled evenly over `seconds`, for each key."""

    most: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _spent: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_for(self, key: str, number: int = 1) -> float:
        """Take so many, or none: gives 0, or after how many seconds there are enough."""
        now, rate = self.clock(), self.most / self.seconds
        spent, at = self._spent.pop(key, (0.0, now))
        left = max(0.0, spent - (now - at) * rate)
        number = min(number, self.most)
        missing = left + number - self.most
        # Whoever was seen last stands last: the first ones have had the longest time to be refilled.
        self._spent[key] = (left if missing > 0 else left + number, now)
        if len(self._spent) > _MOST_KEYS:
            del self._spent[next(iter(self._spent))]
        return max(0.0, missing / rate)
