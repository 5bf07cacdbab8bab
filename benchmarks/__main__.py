"""`make bench`: every benchmark, one after the other; `make bench ARGS="peers --events 200"`: one, with its options."""

import runpy
import sys
from typing import Final

BENCHMARKS: Final = ("peers", "webhooks", "latency")


def main() -> None:
    """Run all with their defaults, or the one that is named first, with the options that follow."""
    name, *options = sys.argv[1:] or [None]
    if name is not None and name not in BENCHMARKS:
        sys.exit(f"there is no benchmark {name}: choose among {', '.join(BENCHMARKS)}")
    for each in BENCHMARKS if name is None else (name,):
        print(f"== {each}", flush=True)
        sys.argv = [each, *options]
        runpy.run_module(f"benchmarks.{each}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
