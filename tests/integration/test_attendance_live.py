"""The live stream of attendance over HTTP: what is stored is told, once, and a reader who was away misses nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientTimeout

from schemas.registration import Mode
from services.attendance.adapters.timeline import Moment
from services.attendance.web import feed, live
from services.attendance.web.live import cursor_at
from tests.fakes.attendance_facts import EventFacts, participant
from tests.fakes.attendance_web import ORGANIZER, Attendance

EVENT = "evt_" + "a" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One Server-Sent Event, as a browser reads it."""

    name: str
    id: str
    data: Any


class Reader:
    """Reads a stream message by message."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response
        self.retry: int | None = None

    async def message(self, name: str | None = None) -> Message:
        """The next message, or the next of that name."""
        async with asyncio.timeout(60):
            while True:
                fields = await self._block()
                if "data" in fields and name in {None, fields["event"]}:
                    return Message(name=fields["event"], id=fields["id"], data=json.loads(fields["data"]))

    async def entries(self, count: int) -> list[Message]:
        return [await self.message("entry") for _ in range(count)]

    async def _block(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        while (line := (await self._response.content.readline()).decode()) not in {"\n", ""}:
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value
        if not line:
            raise EOFError
        if "retry" in fields:
            self.retry = int(fields["retry"])
        return fields


@pytest.fixture
def facts() -> EventFacts:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    return facts


@asynccontextmanager
async def following(attendance: Attendance, *, last: str | None = None, **query: str) -> AsyncIterator[Reader]:
    headers = {"Authorization": f"Bearer {ORGANIZER}"} | ({} if last is None else {"Last-Event-ID": last})
    async with attendance.session.get(
        f"/api/v1/events/{EVENT}/live", params=query, headers=headers, timeout=ClientTimeout(total=60)
    ) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        yield Reader(response)


async def test_a_new_reader_gets_a_snapshot_then_each_entry_as_it_is_stored(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with following(attendance) as reader:
        snapshot = await reader.message()
        assert (snapshot.name, snapshot.data["reason"]) == ("snapshot", "start")
        assert snapshot.data["stats"]["present"]["total"] == 0
        assert reader.retry == live.RETRY_MS
        arrival = facts.checked_in(participant(1), 0)
        await attendance.store(facts.written)
        entry = await reader.message()
        assert (entry.name, entry.data["id"]) == ("entry", arrival.id)
        assert entry.data["presence"]["status"] == "on_site"
        stats = await reader.message()
        assert (stats.name, stats.data["present"]["in_person"]) == ("stats", 1)


async def test_a_reader_who_comes_back_gets_what_was_missed_and_nothing_twice(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with following(attendance) as reader:
        await reader.message("snapshot")
        facts.checked_in(participant(1), 0)
        await attendance.store(facts.written)
        seen = await reader.message("entry")
    missed = [facts.checked_in(participant(number), number) for number in range(2, 8)]
    await attendance.store(facts.written)
    async with following(attendance, last=seen.id) as reader:
        assert [entry.data["id"] for entry in await reader.entries(6)] == [fact.id for fact in missed]
        assert (await reader.message()).name == "stats"
        later = facts.checked_in(participant(9), 9)
        await attendance.store(facts.written)
        assert (await reader.message("entry")).data["id"] == later.id


async def test_the_first_connection_may_say_in_the_query_where_it_goes_on_from(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    cursor = cursor_at(await attendance.timeline.moment())
    arrival = facts.checked_in(participant(1), 0)
    await attendance.store(facts.written)
    async with following(attendance, after=cursor) as reader:
        assert (await reader.message()).data["id"] == arrival.id


@pytest.mark.parametrize("cursor", ["nonsense", "bm9uc2Vuc2U", cursor_at(Moment(epoch="other", position=1))])
async def test_a_cursor_of_nobody_gets_a_snapshot_and_the_stream_goes_on(
    attendance: Attendance, facts: EventFacts, cursor: str
) -> None:
    await attendance.store(facts.written)
    async with following(attendance, last=cursor) as reader:
        snapshot = await reader.message()
        assert (snapshot.name, snapshot.data["reason"]) == ("snapshot", "unknown")
        arrival = facts.checked_in(participant(1), 0)
        await attendance.store(facts.written)
        assert (await reader.message("entry")).data["id"] == arrival.id


async def test_a_query_that_goes_on_from_nowhere_is_refused(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    for after in ("zz", ""):
        status, problem = await attendance.ask(f"/api/v1/events/{EVENT}/live", after=after)
        assert (status, problem["errors"][0]["parameter"]) == (400, "after")
    status, problem = await attendance.ask(f"/api/v1/events/{EVENT}/stats", as_of="12")
    assert (status, problem["errors"][0]["parameter"]) == (400, "as_of")


async def test_a_reader_too_far_behind_gets_a_snapshot(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    cursor = cursor_at(await attendance.timeline.moment())
    for number in range(live.FARTHEST_BEHIND + 1):
        facts.registered(participant(number), Mode.REMOTE)
    await attendance.store(facts.written)
    async with following(attendance, last=cursor) as reader:
        snapshot = await reader.message()
        assert (snapshot.name, snapshot.data["reason"]) == ("snapshot", "expired")
        assert snapshot.data["stats"]["registered"]["remote"] == live.FARTHEST_BEHIND + 1


async def test_the_figures_of_a_burst_are_told_together_and_the_last_word_comes(
    attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with following(attendance) as reader:
        await reader.message("snapshot")
        for number in range(20):
            facts.checked_in(participant(number), number)
            await attendance.store(facts.written, only=1)
        told: list[Message] = []
        while not told or told[-1].data["present"]["in_person"] < 20:
            told.append(await reader.message("stats"))
        assert len(told) <= 4


async def test_an_entry_that_changes_comes_again_with_its_own_id(attendance: Attendance, facts: EventFacts) -> None:
    late = facts.checked_in(participant(1), 0)
    await attendance.store(facts.written)
    async with following(attendance) as reader:
        await reader.message("snapshot")
        facts.written[-1] = late.model_copy(update={"recordedtime": late.time})
        await attendance.store(facts.written)
        assert (await reader.message("entry")).data["id"] == late.id


async def test_a_slow_reader_is_let_go_and_others_are_not_held_up(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    async with attendance.feed.watch(EVENT) as slow, following(attendance) as quick:
        await quick.message("snapshot")
        for number in range(feed.LONGEST_QUEUE + 1):
            facts.registered(participant(number), Mode.REMOTE)
            if number % 100 == 0:
                await attendance.store(facts.written)
        await attendance.store(facts.written)
        assert len(await quick.entries(feed.LONGEST_QUEUE + 1)) == feed.LONGEST_QUEUE + 1
        with pytest.raises(feed.WatcherGoneError):
            await slow.changes(within=0)


async def test_readers_are_let_go_when_the_service_stops(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    async with following(attendance) as reader:
        await reader.message("snapshot")
        attendance.feed.close()
        with pytest.raises(EOFError):
            await reader.message()
