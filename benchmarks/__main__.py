"""`make bench`: every benchmark, one after the other; `make bench ARGS="peers --events 200"`: one, with its options."""

import runpy
import sys
from typing import Final

BENCHMARKS: Final = ("peers", "sizes", "webhooks", "latency")


def main() -> None:
    """Run all with their defaults, or the one that is named first, with the options that follow."""
    chosen, options = sys.argv[1:2], sys.argv[2:]
    if not set(chosen) <= set(BENCHMARKS):
        sys.exit(f"there is no benchmark {chosen[0]}: choose among {', '.join(BENCHMARKS)}")
    for name in chosen or BENCHMARKS:
        print(f"== {name}", flush=True)
        sys.argv = [name, *options]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
