"""Where the house stands, and which of its files are ours."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SHIPPED: Final = ("schemas", "services", "deploy")
"""The folders whose packages go into the wheel."""

_LEFT_BY_TOOLS: Final = (
    "__pycache__",
    "build",
    "dist",
    "node_modules",
    "*.egg-info",
    ".git",
    ".venv*",
    ".data",
    ".*_cache",
    ".hypothesis",
)
_OF_OTHERS: Final = "vendor"
"""A folder of what others wrote, shipped byte for byte; its README says whose it is."""


def files(*suffixes: str, under: str = ".") -> Iterator[Path]:
    """Our files whose name ends so, below a folder of the house, as paths from its root, sorted."""
    for path in sorted((ROOT / under).rglob("*")):
        inside = path.relative_to(ROOT)
        left_by_tools = any(Path(part).match(pattern) for part in inside.parts for pattern in _LEFT_BY_TOOLS)
        ours = not left_by_tools and _OF_OTHERS not in inside.parts
        if path.is_file() and ours and path.name.endswith(suffixes or ""):
            yield inside


def copy_to(place: Path) -> Path:
    """A copy of the house without what tools left in it: a place to plant faults, or to build."""
    return shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(*_LEFT_BY_TOOLS))
