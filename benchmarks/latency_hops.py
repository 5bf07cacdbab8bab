"""Where the time of a delivery goes on its way, read afterwards from the timestamps of the records it led to.

A record has the time at which its producer took it in, in whole milliseconds; nothing is added to what is measured.
"""

import re
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.latency_load import Tally
from schemas.topics import PARTICIPATION, TIMELINE, Topic
from services.attendance.stream.places import place_of
from services.chassis.log_reading import read_batches
from services.chassis.settings import CommonSettings, load_settings

_ID: Final = re.compile(rb'"id": ?"([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Hops:
    """Medians in seconds: until the answer (stored by then), and hop by hop until the client has it.

    `bridge` goes from due to the fact's record, `worker` from there to its entry's, `reading` from there to the client.
    """

    answer: float
    bridge: float
    worker: float
    reading: float


async def hops_of(kafka: str, event_id: str, tally: Tally, *, after: int) -> Hops:
    """The hops of the deliveries of one load, without the first so many."""
    settings = load_settings(CommonSettings, kafka=kafka)
    begun = time.time() - time.perf_counter()
    fact, entry = [await _times(settings, topic, event_id) for topic in (PARTICIPATION, TIMELINE)]
    counted = [one for one in list(tally.due)[after:] if one in tally.seen and one in fact and one in entry]
    return Hops(
        answer=_median([tally.answered[one] - tally.due[one] for one in counted if one in tally.answered]),
        bridge=_median([fact[one] - begun - tally.due[one] for one in counted]),
        worker=_median([entry[one] - fact[one] for one in counted]),
        reading=_median([tally.seen[one] + begun - entry[one] for one in counted]),
    )


async def _times(settings: CommonSettings, topic: Topic, event_id: str) -> Mapping[str, float]:
    """When the record of each id was taken in, for the first time."""
    found: dict[str, float] = {}
    async for batch in read_batches(settings, [place_of(topic, event_id, settings)], client_id="benchmark"):
        for record in batch.records:
            if named := _ID.search(record.value or b""):
                found.setdefault(named[1].decode(), record.timestamp / 1000)
    return found


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds) if seconds else float("nan")
