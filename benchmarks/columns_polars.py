"""The same as `columns`, in polars: run by it in `.venv-bench`, with the file of facts; prints JSON."""

import json
import resource
import sys
import time
from pathlib import Path

import polars as pl

_MINUTE = 60_000


def main() -> None:
    """Work it out and report."""
    began = time.perf_counter()
    found = _found(sys.argv[1])
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(Path("/proc/self/status").read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) // 1024
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"found": found, "seconds": seconds, "mib": most, "cpu": cpu}))


def _found(file: str) -> dict[str, int]:
    stays = (
        pl.scan_parquet(file)
        .group_by("event_id", "person", "mode", "stay")
        .agg(s=pl.col("happened").filter(pl.col("opens")).min(), e=pl.col("happened").filter(~pl.col("opens")).max())
        .drop("stay")
    )
    spans = pl.concat([stays, stays.with_columns(mode=pl.lit("total"))])
    whose = ["event_id", "person", "mode"]
    unions = (
        spans.sort(*whose, "s")
        .with_columns(reach=pl.col("e").cum_max().shift(1).over(whose))
        .with_columns(new=(pl.col("reach").is_null() | (pl.col("s") > pl.col("reach"))).cast(pl.Int64))
        .with_columns(island=pl.col("new").cum_sum().over(whose))
        .group_by(*whose, "island")
        .agg(s=pl.col("s").min(), e=pl.col("e").max())
        .collect(engine="streaming")
    )
    lengths = unions.group_by("mode").agg((pl.col("e") - pl.col("s")).sum())
    changes = (
        pl.concat(
            [
                unions.select("event_id", "mode", minute=-(-pl.col("s") // _MINUTE), change=pl.lit(1)),
                unions.select("event_id", "mode", minute=-(-pl.col("e") // _MINUTE), change=pl.lit(-1)),
            ]
        )
        .group_by("event_id", "minute")
        .agg(
            *(
                pl.col("change").filter(pl.col("mode") == kind).sum().alias(kind)
                for kind in ("in_person", "remote", "total")
            )
        )
    )
    frame = (
        changes.group_by("event_id")
        .agg(minute=pl.int_range(pl.col("minute").min(), pl.col("minute").max() + 1))
        .explode("minute")
    )
    kinds = ("in_person", "remote", "total")
    minutes = (
        frame.join(changes, on=["event_id", "minute"], how="left")
        .sort("event_id", "minute")
        .with_columns(*(pl.col(kind).fill_null(0).cum_sum().over("event_id") for kind in kinds))
    )
    total = minutes["total"]
    return {
        **{str(mode): int(length) for mode, length in lengths.iter_rows()},
        "minutes": int((total > 0).sum()),
        "present": int(total.sum()),
        "peak": int(total.max()),
    }


if __name__ == "__main__":
    main()
