"""Compare everything that is told with everything that the log leads to: all events at once."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import sha256
from multiprocessing import get_context

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.topics import INPUTS
from services.attendance.adapters.told import PRESENCE_FIELDS, events_told, read_model_of
from services.attendance.application.rebuild import presence_data, told_by, told_presence
from services.attendance.domain.fold import NOBODY, EventPresence
from services.attendance.stream.fact_sources import CLIENT, FactSource
from services.attendance.stream.places import place_of
from services.attendance.stream.rebuild_check import Tell, Verdict, check_event
from services.attendance.stream.whole_log import fold_whole_log
from services.chassis.log_reading import bounds
from services.chassis.settings import CommonSettings


async def check_all(
    settings: CommonSettings,
    engine: AsyncEngine,
    *,
    source: Callable[[str], FactSource],
    archived: Collection[str],
    tell: Tell,
) -> Mapping[str, Verdict | None]:
    """Fold the whole log, in a process a core, and compare each event's presences with the read model.

    Each event has None if these agree; what differs is compared with its `source` as `check_event` does it, timeline
    and topics too. So are `archived` events of which Kafka has let something go: its log does not tell all of them.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the topics are not there.
    """
    tell("Folding the whole log", 0, settings.partitions)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as executor:
        parts = await fold_whole_log(settings, marks, executor=executor)
    by_log = {event_id: mark for part in parts for event_id, mark in part.items()}
    for event_id in await _let_go(settings, archived):
        by_log[event_id] = b""
    events = sorted({*by_log, *await events_told(engine)})
    verdicts: dict[str, Verdict | None] = {}
    for number, event_id in enumerate(events):
        tell("Comparing", number, len(events))
        model = await read_model_of(engine, event_id)
        same = _mark(told_by(model.presences, {}, fields=PRESENCE_FIELDS).presences) == by_log.get(event_id)
        verdicts[event_id] = (
            None
            if same
            else await check_event(settings, engine, event_id=event_id, source=partial(source, event_id), tell=tell)
        )
    return verdicts


async def _let_go(settings: CommonSettings, events: Collection[str]) -> list[str]:
    """Those whose partitions do not begin where they once began."""
    places = {event_id: [place_of(topic, event_id, settings) for topic in INPUTS] for event_id in events}
    wanted = sorted({place for of_event in places.values() for place in of_event})
    limits = await bounds(settings, wanted, client_id=CLIENT) if wanted else {}
    return [event_id for event_id, of_event in places.items() if any(limits[place][0] for place in of_event)]


def marks(events: Mapping[str, EventPresence]) -> dict[str, bytes]:
    """What tells each event's presences from any others, and is small enough to come from another process."""
    return {event_id: _mark(dict(_told(event_id, event))) for event_id, event in events.items()}


def _told(event_id: str, event: EventPresence) -> Iterator[tuple[str, Mapping[str, object]]]:
    for subject, presence in event.people.items():
        if presence == NOBODY:
            continue
        told = told_presence(presence_data(event_id, presence))
        yield subject, {name: said for name, said in told.items() if name in PRESENCE_FIELDS}


def _mark(presences: Mapping[str, Mapping[str, object]]) -> bytes:
    return sha256(json.dumps(presences, sort_keys=True).encode()).digest()
