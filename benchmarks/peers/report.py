"""The figures as tables for people, and as JSON for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from benchmarks.peers.contenders import WORKER, Contender
from benchmarks.peers.race import Run

Results: TypeAlias = Mapping[Contender, Sequence[Run]]
"""The runs of each contender, round by round."""

_HEAD = (
    "| who | facts/s | CPU µs a fact | MiB | this worker's rate | this worker's CPU | wrong |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def tables(results: Results) -> str:
    """One table of those that tell what this worker tells, one of those that tell presence alone."""
    worker = results.get(WORKER)
    both = [contender for contender in results if contender.entries and contender != WORKER]
    alone = [contender for contender in results if not contender.entries]
    return "\n\n".join(
        f"{title}\n\n{_HEAD}\n" + "\n".join(_lines(results, who, worker))
        for title, who in (
            ("Presence and the timeline, as this worker tells them:", both),
            ("Presence alone, half of what this worker tells:", alone),
        )
        if who or worker
    )


def _lines(results: Results, contenders: Iterable[Contender], worker: Sequence[Run] | None) -> Iterable[str]:
    if worker:
        yield _line(WORKER.label, worker, "", "")
    for contender in contenders:
        runs = results[contender]
        rate = cpu = ""
        if worker:
            rate = f"{_ratio(worker, runs, 'rate'):.2f} ×"
            cpu = f"{_ratio(worker, runs, 'cpu'):.2f} ×"
        yield _line(contender.label, runs, rate, cpu)


def _line(label: str, runs: Sequence[Run], rate: str, cpu: str) -> str:
    figures = (
        f"{median(run.rate for run in runs):,.0f}",
        f"{median(run.cpu for run in runs):.1f}",
        f"{median(run.memory for run in runs) / (1 << 20):.0f}",
        rate,
        cpu,
        str(sum(run.wrong for run in runs)),
    )
    return f"| {label} | {' | '.join(figures)} |"


def _ratio(worker: Sequence[Run], runs: Sequence[Run], what: str) -> float:
    """The median over the rounds of what the worker reached in a round to what the other did in the same."""
    pairs = zip(worker, runs, strict=True)
    return median(float(getattr(ours, what)) / float(getattr(theirs, what)) for ours, theirs in pairs)


def write(results: Results, path: Path, *, load: Mapping[str, Any]) -> None:
    """Write all runs as JSON."""
    contenders = {
        contender.name: [
            {
                "facts": run.facts,
                "seconds": round(run.seconds, 3),
                "rate": round(run.rate),
                "cpu_us": round(run.cpu, 2),
                "memory": run.memory,
                "told": run.told,
                "wrong": run.wrong,
            }
            for run in runs
        ]
        for contender, runs in results.items()
    }
    path.write_text(json.dumps({"load": load, "contenders": contenders}, indent=2) + "\n")
