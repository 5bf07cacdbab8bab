"""The clock, as an argument: only `bootstrap` rooms pick the real one."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from schemas.envelope import to_milliseconds

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present instant: aware, in UTC, in whole milliseconds."""


def system_clock() -> datetime:
    """Read the machine's clock; whole milliseconds, so that what is stored and sent compares equal."""
    return to_milliseconds(datetime.now(UTC))
