"""`make bench`: every benchmark, one after the other; `make bench ARGS=latency` runs one."""

import runpy
import sys
from typing import Final

BENCHMARKS: Final = ("webhooks", "worker", "latency")


def main() -> None:
    """Run those named, or all, each with its defaults."""
    chosen = sys.argv[1:] or BENCHMARKS
    for name in chosen:
        if name not in BENCHMARKS:
            sys.exit(f"there is no benchmark {name}: choose among {', '.join(BENCHMARKS)}")
    for name in chosen:
        print(f"== {name}", flush=True)
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
