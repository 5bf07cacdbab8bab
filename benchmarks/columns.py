"""Interval union and minute-by-minute concurrency over many facts: in columns, and in Python.

    python -m benchmarks.columns [--facts 20000000] [--who duckdb fold python polars] [--rounds 1]

Each reads the same Parquet file (facts of coming and going), unites what overlaps of each person and mode, and counts
who is there at each minute of each event; in a process of its own, which ends with what it found. All must agree.

- `duckdb`: the views of `passerelle sql`.
- `fold`: the domain's own fold of facts to presence, and its `curve`: what the service does, without Kafka and JSON.
- `python`: the least that plain Python can do: coming and going paired in a dictionary, then `union` and `curve`.
- `polars`: the same in its expressions, from `.venv-bench`.

The two in Python take an event at a time, since the file is in the order of events; the two others are not told so.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

import duckdb
import pyarrow.parquet as pq

from services.attendance.adapters.columns import MINUTES, UNIONS
from services.attendance.domain.facts import IN_PERSON, Channel, Mode, Movement
from services.attendance.domain.fold import fold_event
from services.attendance.domain.heads import MINUTE, Spans, curve, spans_of
from services.attendance.domain.intervals import Span, intersection, measure, union

Found = dict[str, int]
"""Milliseconds by mode, and of the minutes: how many have anybody, the sum of all in all, and the highest."""

_Row: TypeAlias = tuple[int, int, str, int, bool, int]
"""Event, person, mode, number of the stay, whether it begins, and when."""

_STAYS_AN_EVENT: Final = 5000
_MEMORY: Final = "6GB"
"""DuckDB's own bound; beyond it, it writes to the disk."""
_POLARS: Final = Path(".venv-bench/bin/python")

# Whole numbers from a linear congruence, not hashes: the same facts on every machine and in every version.
_FACTS: Final = """
    COPY (
        WITH stays AS (
            SELECT i // 5000 AS event_id, i // 10 % 500 AS person, i % 10 AS stay,
                (i * 1103515245 + 12345) % 2147483648 AS a, (i * 22695477 + 1) % 2147483647 AS b
            FROM range(?) AS numbers (i)
        ), spans AS (
            SELECT *, here, CASE WHEN here THEN 'in_person' ELSE 'remote' END AS mode,
                1795000000000 + event_id * 86400000
                    + CASE WHEN here THEN stay * 2700000 + a % 900000 ELSE a % 25200000 END
                    AS starts,
                60000 + CASE WHEN here THEN b % 1500000 ELSE b % 7200000 END AS lasts
            FROM stays CROSS JOIN LATERAL (SELECT person % 5 < 3 AND stay % 4 > 0) AS place (here)
        )
        SELECT event_id, person, mode, stay, o AS opens, CASE WHEN o THEN starts ELSE starts + lasts END AS happened
        FROM spans CROSS JOIN (VALUES (true), (false)) AS both_ends (o) ORDER BY event_id, happened, person, stay
    ) TO '$FILE' (FORMAT parquet, ROW_GROUP_SIZE 500000)
"""
_PAIRED: Final = """
    SELECT event_id, person, mode, make_timestamp(min(happened) FILTER (opens) * 1000)::TIMESTAMPTZ AS started_at,
        make_timestamp(max(happened) FILTER (NOT opens) * 1000)::TIMESTAMPTZ AS ended_at
    FROM '$FILE' GROUP BY event_id, person, mode, stay
"""


def in_duckdb(file: Path) -> Found:
    """By the views of `passerelle sql`."""
    connection = duckdb.connect(config={"temp_directory": str(file.parent / "spilled"), "memory_limit": _MEMORY})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE VIEW presence_intervals AS {_PAIRED.replace('$FILE', str(file))}")
    connection.execute("CREATE TABLE horizons (event_id BIGINT, horizon TIMESTAMPTZ)")
    # Both questions ask for the unions: they are worked out once.
    connection.execute(f"CREATE TABLE unions AS {UNIONS}")
    found = connection.execute(
        "SELECT mode, sum(epoch_ms(ended_at) - epoch_ms(started_at))::BIGINT FROM unions GROUP BY mode"
    ).fetchall()
    counted = connection.execute(
        f"SELECT count(*) FILTER (total > 0), sum(total)::BIGINT, max(total) FROM ({MINUTES})"  # noqa: S608  (our own)
    ).fetchone()
    assert counted is not None  # noqa: S101  (an aggregate has one row)
    return {**dict(found), "minutes": counted[0], "present": counted[1], "peak": counted[2]}


def in_python(file: Path) -> Found:
    """Pairs, unions and counts event by event."""
    return _by_event(file, _paired)


def in_fold(file: Path) -> Found:
    """The same, by the fold that the service's presence comes from."""
    return _by_event(file, _folded)


def _by_event(file: Path, people_of: Callable[[Iterable[_Row]], Sequence[Spans]]) -> Found:
    found: dict[str, int] = defaultdict(int)
    for _, facts in groupby(_facts(file), key=itemgetter(0)):
        people = people_of(facts)
        for kind in ("in_person", "remote", "total"):
            found[kind] += sum(measure(getattr(person, kind)) for person in people)
        first = min(person.total[0][0] for person in people)
        last = max(person.total[-1][1] for person in people)
        counts = [minute.heads.total for minute in curve(people, start=first, end=last + MINUTE)]
        found["minutes"] += sum(count > 0 for count in counts)
        found["present"] += sum(counts)
        found["peak"] = max(found["peak"], *counts)
    return dict(found)


def _paired(facts: Iterable[_Row]) -> Sequence[Spans]:
    began: dict[tuple[int, str, int], int] = {}
    spans: dict[int, dict[str, list[Span]]] = defaultdict(lambda: {mode: [] for mode in Mode})
    for _, person, mode, stay, opens, at in facts:
        if opens:
            began[person, mode, stay] = at
        else:
            spans[person][mode].append((began.pop((person, mode, stay)), at))
    return [_spans_of(modes) for modes in spans.values()]


def _spans_of(modes: dict[str, list[Span]]) -> Spans:
    here, there = union(modes[Mode.IN_PERSON]), union(modes[Mode.REMOTE])
    return Spans(in_person=here, remote=there, both=intersection(here, there), total=union([*here, *there]))


def _folded(facts: Iterable[_Row]) -> Sequence[Spans]:
    moved = (
        Movement(
            id=f"{person} {stay} {opens}",
            time=at,
            recorded=at,
            subject=str(person),
            channel=IN_PERSON if mode == Mode.IN_PERSON else Channel(Mode.REMOTE, "/bridge", "room", str(stay)),
            opens=opens,
            via="",
        )
        for _, person, mode, stay, opens, at in facts
    )
    return [spans_of(presence.intervals, horizon=0) for presence in fold_event(moved).people.values()]


def _facts(file: Path) -> Iterator[_Row]:
    for batch in pq.ParquetFile(file).iter_batches(50_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


CONTENDERS: Final[dict[str, Callable[[Path], Found]]] = {"duckdb": in_duckdb, "fold": in_fold, "python": in_python}


def main() -> None:
    """Make the facts, let each work them out in turn, compare, print."""
    asked = _arguments()
    if asked.alone:
        print(json.dumps(report(CONTENDERS[asked.alone], asked.file)))
        return
    with tempfile.TemporaryDirectory(prefix="columns-") as folder:
        file = Path(folder) / "facts.parquet"
        duckdb.connect(config={"temp_directory": f"{folder}/sorting", "memory_limit": _MEMORY}).execute(
            _FACTS.replace("$FILE", str(file)), [asked.facts // 2]
        )
        print(f"{asked.facts:,} facts of {-(-asked.facts // 2 // _STAYS_AN_EVENT):,} events, {_size(file)} MiB")
        runs: dict[str, list[dict[str, Any]]] = {who: [] for who in asked.who}
        for _ in range(asked.rounds):
            for who in asked.who:
                runs[who].append(_run(who, file))
        _print(runs, asked.facts)


def _run(who: str, file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.columns", "--alone", who, "--file", str(file)]
    if who == "polars":
        command = [str(_POLARS), "benchmarks/columns_polars.py", str(file)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def report(work: Callable[[Path], Found], file: Path) -> dict[str, Any]:
    """What was found, in how many seconds, with how much memory and CPU."""
    began = time.perf_counter()
    found = work(file)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"found": found, "seconds": seconds, "mib": most_mib(), "cpu": used.ru_utime + used.ru_stime}


def most_mib() -> int:
    """The most memory that this process had; `ru_maxrss` would begin with that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def _print(runs: dict[str, list[dict[str, Any]]], facts: int) -> None:
    first = next(iter(runs.values()))[0]["found"]
    wrong = [who for who, each in runs.items() if any(run["found"] != first for run in each)]
    seconds = {who: median(run["seconds"] for run in each) for who, each in runs.items()}
    slow = seconds.get("fold")
    print(f"{'who':8} {'seconds':>8} {'facts/s':>12} {'CPU µs a fact':>14} {'MiB':>7} {'to the fold':>12}")
    for who, each in runs.items():
        ratio = f"{slow / seconds[who]:.1f} ×" if slow else ""
        cpu = median(run["cpu"] for run in each) / facts * 1e6
        mib = max(run["mib"] for run in each)
        print(f"{who:8} {seconds[who]:8.2f} {facts / seconds[who]:12,.0f} {cpu:14.2f} {mib:7,} {ratio:>12}")
    print(f"found: {first}")
    if wrong:
        sys.exit(f"WRONG: {', '.join(wrong)} found something else than {next(iter(runs))}")


def _size(file: Path) -> int:
    return file.stat().st_size // 2**20


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--facts", type=int, default=2_000_000)
    parser.add_argument("--who", nargs="+", choices=[*CONTENDERS, "polars"], default=[*CONTENDERS, "polars"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--alone", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
