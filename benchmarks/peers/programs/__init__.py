"""The peers' programs: each a process of its own, in the benchmark's own environment (requirements/bench.lock)."""
