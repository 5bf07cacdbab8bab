"""A program for the supervisor: it says what it was given, and waits."""

import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """Say it, and wait for a signal; the argument `fails` ends it at once."""
    print("arguments", sys.argv[1:], "told", os.environ.get("TOLD"), "in", Path.cwd(), flush=True)  # noqa: T201
    if "fails" in sys.argv:
        sys.exit(7)
    signal.pause()
