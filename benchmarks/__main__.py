"""`make bench`: all, as one short look; `make bench ARGS="peers --events 200"`: one, with the options given."""

import runpy
import sys
from collections.abc import Mapping
from typing import Final

BENCHMARKS: Final[Mapping[str, tuple[str, ...]]] = {
    "peers": ("--rounds", "1"),
    "fold": (),
    "sizes": ("--facts", "40000"),
    "large_event": ("--sizes", "200", "2000"),
    "certificates": ("--people", "100"),
    "report": ("--people", "5000"),
    "replay": ("--facts", "100000"),
    "archive": ("--facts", "100000", "--rounds", "1"),
    "webhooks": (),
    "latency": (),
    "start": ("--rounds", "1"),
    "latency_worker": (),
    "door": (),
    "columns": ("--facts", "400000"),
    "desk_page": ("--scans", "5"),
}
"""Each with its options where all are run."""


def main() -> None:
    """Run all, or the one that is named first, with the options that follow."""
    chosen, options = sys.argv[1:2], sys.argv[2:]
    if not BENCHMARKS.keys() >= set(chosen):
        sys.exit(f"there is no benchmark {chosen[0]}: choose among {', '.join(BENCHMARKS)}")
    for name in chosen or BENCHMARKS:
        print(f"== {name}", flush=True)
        sys.argv = [name, *(options if chosen else BENCHMARKS[name])]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
