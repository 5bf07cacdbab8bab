"""What each peer's program is told on its command line."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Where the facts are, and where to tell what they lead to; `entries` is None where only presence is told."""

    servers: str
    inputs: tuple[str, ...]
    presence: str
    entries: str | None
    group: str
    directory: Path
    variant: str


def arguments() -> Arguments:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", required=True)
    parser.add_argument("--inputs", required=True, help="topics, separated by commas")
    parser.add_argument("--presence", required=True, help="topic")
    parser.add_argument("--entries", help="topic")
    parser.add_argument("--group", required=True)
    parser.add_argument("--directory", required=True, type=Path, help="where state may be kept")
    parser.add_argument("--variant", default="")
    given = parser.parse_args()
    return Arguments(**vars(given) | {"inputs": tuple(given.inputs.split(","))})
