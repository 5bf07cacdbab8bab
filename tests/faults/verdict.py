"""What was told, held against the pure fold of what was sent: lost, doubled, wrong."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain
from typing import Any, Final

from benchmarks.workload import Arrival
from deploy.local.demo.client import Client, UnexpectedAnswerError
from schemas import topics
from schemas.envelope import format_instant
from services.attendance.application.translation import instant, read_fact
from services.attendance.domain.facts import Fact
from services.attendance.domain.fold import NOBODY, Presence, fold_event
from tests.fakes.attendance_worker import Log
from tests.faults.words import InferredEnd, Words, ends_in_the_api, ends_of, ends_on_the_topic, folded, told

_PAGE: Final = 1000
_OWN_SOURCE: Final = "/attendance"


@dataclass(slots=True, kw_only=True)
class Standing:
    """One event as it should stand, or as it is told to.

    Each fact with when it was recorded; people; inferred ends; the facts left out because nobody has accepted their
    time (the topic has only what was thought of it when it was told).
    """

    facts: dict[str, str] = field(default_factory=dict)
    people: dict[str, Words] = field(default_factory=dict)
    ends: set[InferredEnd] = field(default_factory=set)
    left_out: set[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """One event as the fold has it."""

    facts: Mapping[str, str]
    people: Mapping[str, Presence]
    left_out: frozenset[str]

    def standing(self, *, horizon: str | None = None, linked: bool = True) -> Standing:
        """As it should be told: counted up to `horizon` what goes on, with or without guests who are linked."""
        return Standing(
            facts=dict(self.facts),
            people={
                subject: folded(presence, horizon=horizon)
                for subject, presence in self.people.items()
                if linked or (presence.linked_to is None and presence != NOBODY)
            },
            ends=ends_of(self.people),
            left_out=set(self.left_out),
        )


Expected = Mapping[str, Folded]
"""By event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What is not as it should be: where it is seen, the event, and the fact or person."""

    lost: frozenset[str] = frozenset()
    doubled: frozenset[str] = frozenset()
    wrong: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.lost or self.doubled or self.wrong)

    def __or__(self, other: "Differences") -> "Differences":
        """Those of both."""
        return Differences(
            lost=self.lost | other.lost, doubled=self.doubled | other.doubled, wrong=self.wrong | other.wrong
        )

    def __str__(self) -> str:
        """The counts, and some of each."""
        kinds = {"lost": self.lost, "doubled": self.doubled, "wrong": self.wrong}
        return ", ".join(f"{name} {len(found)}{sorted(found)[:5] or ''}" for name, found in kinds.items())


NONE: Final = Differences()


def expected(arrivals: Iterable[Arrival]) -> Expected:
    """The fold of all facts at once, event by event."""
    facts: dict[str, list[Fact]] = {}
    for arrival in arrivals:
        facts.setdefault(arrival.key.decode(), []).append(read_fact(arrival.value))
    return {event_id: _folded(of_event) for event_id, of_event in facts.items()}


async def on_the_topics(log: Log, awaited: Expected) -> Differences:
    """Compare what the worker tells: presence by key and timeline by id, the last word on each."""
    said = {event_id: Standing() for event_id in awaited}
    for record in await log.read(topics.PRESENCE.name):
        event_id, _, subject = record.key.decode().partition("/")
        if event_id in said:
            said[event_id].people.pop(subject, None)
            if record.value is not None:
                said[event_id].people[subject] = told(json.loads(record.value)["data"])
    entries: dict[str, dict[str, Words]] = {event_id: {} for event_id in awaited}
    for record in await log.read(topics.TIMELINE.name):
        entry = json.loads(record.value)
        if entry["data"]["event_id"] in entries:
            entries[entry["data"]["event_id"]][entry["id"]] = entry
    found = NONE
    for event_id, standing in said.items():
        last = entries[event_id].values()
        standing.facts = {e["id"]: e["recordedtime"] for e in last if e["data"]["fact"]["source"] != _OWN_SOURCE}
        standing.ends = ends_on_the_topic(last)
        found |= _compare(f"topic {event_id}", awaited[event_id].standing(), standing)
    return found


async def in_the_read_model(client: Client, awaited: Expected) -> Differences:
    """Compare what the API answers."""
    found = NONE
    for event_id, event in awaited.items():
        pages = await _pages(client, f"/api/v1/events/{event_id}/presence")
        items = _items(await _pages(client, f"/api/v1/events/{event_id}/timeline"))
        standing = Standing(
            facts={item["id"]: item["recorded_time"] for item in items if item["source"] != _OWN_SOURCE},
            people={row.get("participant_id") or row["guest_id"]: told(row) for row in _items(pages)},
            ends=ends_in_the_api(items),
            left_out={item["id"] for item in items if item["suspect_time"] and not item["accepted"]},
        )
        where, horizon = f"api {event_id}", pages[-1]["horizon"] if pages else None
        # A guest who is linked stands with the participant.
        found |= _compare(where, event.standing(horizon=horizon, linked=False), standing)
        times = Counter(item["id"] for item in items)
        found |= Differences(doubled=frozenset(f"{where} {entry}" for entry, number in times.items() if number > 1))
    return found


def _folded(facts: Sequence[Fact]) -> Folded:
    recorded: dict[str, str] = {}
    for fact in facts:
        # Of copies that differ, the one that was recorded first counts.
        at = format_instant(instant(fact.recorded))
        recorded[fact.id] = min(at, recorded.get(fact.id, at))
    folding = fold_event(facts)
    suspect = [folding.context.suspect, *(presence.suspect for presence in folding.people.values())]
    return Folded(facts=recorded, people=folding.people, left_out=frozenset(chain(*suspect)))


def _compare(where: str, should: Standing, is_: Standing) -> Differences:
    missing, strange = should.facts.keys() - is_.facts.keys(), is_.facts.keys() - should.facts.keys()
    wrong: set[object] = {who for who in should.people | is_.people if should.people.get(who) != is_.people.get(who)}
    wrong |= {entry for entry, at in is_.facts.items() if at != should.facts.get(entry, at)}
    wrong |= should.ends ^ is_.ends
    if should.left_out is not None and is_.left_out is not None:
        wrong |= should.left_out ^ is_.left_out
    return Differences(
        lost=frozenset(f"{where} {fact}" for fact in missing),
        doubled=frozenset(f"{where} {entry}" for entry in strange),
        wrong=frozenset(f"{where} {what}" for what in wrong),
    )


async def _pages(client: Client, path: str) -> Sequence[Mapping[str, Any]]:
    """All pages of a list; none of an event that has not come so far."""
    pages: list[Mapping[str, Any]] = []
    after = ""
    while True:
        try:
            page = await client.api("GET", f"{path}?limit={_PAGE}{after and f'&after={after}'}")
        except UnexpectedAnswerError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return []
        pages.append(page)
        if not page["next"]:
            return pages
        after = page["next"]


def _items(pages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [item for page in pages for item in page["items"]]
