"""Work on very many people in slices: between two of them, whoever has it done may see to other things."""

from collections.abc import Generator
from typing import Final, TypeAlias, TypeVar

Result = TypeVar("Result")
Slices: TypeAlias = Generator[None, None, Result]
"""Gives nothing but the occasion to do something else, and returns what it was done for."""

SLICE: Final = 64
"""People between two such occasions: some milliseconds."""
