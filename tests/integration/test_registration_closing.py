"""Events close by the clock or by hand, and a closing can be taken back: over the API, on a real database."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.decode import KnownFact
from schemas.identifiers import fact_id
from schemas.registration import EventClosed, EventPublished
from services.registration.adapters.clockwork import close_by_the_clock
from services.registration.bootstrap import MIGRATIONS
from tests.databases import ON_BOTH, NewDatabase
from tests.integration.running_registration import START, MovedClock, RunningRegistration, kinds, running_registration

END: Final = START + timedelta(hours=8)
DUE: Final = END + timedelta(minutes=15)
MOMENT: Final = timedelta(milliseconds=1)
DEADLINE_SECONDS: Final = 60


def closings(facts: list[KnownFact]) -> list[EventClosed]:
    return [fact for fact in facts if isinstance(fact, EventClosed)]


async def read(service: RunningRegistration, event_id: str) -> Any:  # noqa: ANN401  (an event in JSON)
    return await service.api("GET", f"/events/{event_id}")


async def test_the_clock_closes_an_event_at_its_end_plus_its_grace(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        assert (await read(service, event_id))["closes_at"] == "2037-11-23T16:15:00.000Z"
        closing = asyncio.create_task(close_by_the_clock(service.parts.use_cases.events, poll_seconds=0.01))
        clock.now = DUE
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (event := await read(service, event_id))["status"] != "closed":
                await asyncio.sleep(0.01)
        closing.cancel()
        with suppress(asyncio.CancelledError):
            await closing
        assert event["closes_at"] is None
        assert event["closed"] == {
            "at": "2037-11-23T16:15:00.000Z",
            "by": "clock",
            "counted_until": "2037-11-23T16:15:00.000Z",
        }
        (fact,) = closings(await service.outbox())
        assert (fact.time, fact.recordedtime, fact.data.closed_at) == (DUE, DUE, None)
        assert fact.id == fact_id("closed-by-clock", event_id, DUE.isoformat())


async def test_it_is_not_closed_a_moment_before_and_not_again_after(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        events = service.parts.use_cases.events
        clock.now = DUE - MOMENT
        assert await events.close_due() == []
        clock.now = DUE
        assert [event.event_id for event in await events.close_due()] == [event_id]
        assert await events.close_due() == []
        await service.api("POST", f"/events/{event_id}/close")
        assert len(closings(await service.outbox())) == 1


@ON_BOTH
async def test_several_processes_and_somebody_at_the_same_time_close_it_once(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    clock, database = MovedClock(), await new_database(MIGRATIONS)
    async with (
        running_registration(tmp_path, clock=clock, database=database) as one,
        running_registration(tmp_path, clock=clock, database=database) as other,
    ):
        ids = [await one.event() for _ in range(5)]
        clock.now = DUE
        closed = await asyncio.gather(
            one.parts.use_cases.events.close_due(),
            other.parts.use_cases.events.close_due(),
            *(one.parts.use_cases.events.close(event_id) for event_id in ids[:2]),
        )
        assert len(closed) == 4
        assert sorted(fact.data.event_id for fact in closings(await one.outbox())) == sorted(ids)


async def test_what_was_due_while_the_service_was_down_is_closed_when_it_is_back(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as before:
        event_id = await before.event()
    clock.now = DUE + timedelta(hours=3)
    async with running_registration(tmp_path, clock=clock) as after:
        assert [event.event_id for event in await after.parts.use_cases.events.close_due()] == [event_id]
        (fact,) = closings(await after.outbox())
    # It was over when it was over; that we learned later.
    assert (fact.time, fact.recordedtime) == (DUE, clock.now)


async def test_closed_by_hand_before_its_time_people_are_counted_until_then(tmp_path: Path) -> None:
    clock = MovedClock(END)
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        clock.now = END + timedelta(minutes=5)
        closed = await service.api("POST", f"/events/{event_id}/close")
        assert closed["closed"] == {
            "at": "2037-11-23T16:05:00.000Z",
            "by": "hand",
            "counted_until": "2037-11-23T16:05:00.000Z",
        }
        (fact,) = closings(await service.outbox())
        assert fact.data.closed_at == clock.now


async def test_closed_by_hand_after_its_time_people_are_counted_until_its_end_plus_its_grace(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        clock.now = DUE + timedelta(minutes=5)
        closed = (await service.api("POST", f"/events/{event_id}/close"))["closed"]
        assert (closed["by"], closed["counted_until"]) == ("hand", "2037-11-23T16:15:00.000Z")
        assert closings(await service.outbox())[0].data.closed_at is None


async def test_an_event_closed_by_mistake_is_opened_again_and_still_closes_by_itself(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        await service.api("POST", f"/events/{event_id}/close")
        opened = await service.api("POST", f"/events/{event_id}/reopen")
        assert (opened["status"], opened["closed"]) == ("published", None)
        assert opened["closes_at"] == "2037-11-23T16:15:00.000Z"
        assert await service.api("POST", f"/events/{event_id}/reopen") == opened
        clock.now = DUE
        await service.parts.use_cases.events.close_due()
        facts = await service.outbox()
    assert kinds(facts)[1:] == [f"registration.event.{step}" for step in ("published", "closed", "published", "closed")]
    reopened = facts[3]
    assert isinstance(reopened, EventPublished)
    assert reopened.data.closed_at is None
    assert [fact.data.closed_at for fact in closings(facts)] == [facts[2].time, None]


async def test_an_event_opened_again_after_its_end_waits_to_be_closed_by_hand(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        clock.now = DUE
        await service.parts.use_cases.events.close_due()
        clock.now = DUE + timedelta(days=1)
        opened = await service.api("POST", f"/events/{event_id}/reopen")
        assert opened["closes_at"] is None
        assert await service.parts.use_cases.events.close_due() == []
        later = clock.now + timedelta(hours=1)
        await service.api("PATCH", f"/events/{event_id}", {"ends_at": later.isoformat()})
        clock.now = later + timedelta(minutes=15)
        assert len(await service.parts.use_cases.events.close_due()) == 1


async def test_an_event_of_yesterday_can_be_published_and_filled_in(tmp_path: Path) -> None:
    async with running_registration(tmp_path, clock=MovedClock(DUE + timedelta(days=1))) as service:
        event_id = await service.event()
        assert await service.parts.use_cases.events.close_due() == []
        await service.register(event_id)


@pytest.mark.parametrize("status", ["draft", "cancelled"])
async def test_what_was_never_closed_cannot_be_opened_again(tmp_path: Path, status: str) -> None:
    async with running_registration(tmp_path, clock=MovedClock()) as service:
        event_id = await service.event(publish=status != "draft")
        if status == "cancelled":
            await service.api("POST", f"/events/{event_id}/cancel")
        problem = await service.api("POST", f"/events/{event_id}/reopen", expect=409)
        assert problem["reason"] == f"event_{status}"


async def test_the_page_says_how_and_when_an_event_closes_and_was_closed(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        path = f"/events/{event_id}"
        await service.sign_in()
        assert "closes by itself on 23 November 2037, 17:15" in await service.page("GET", path)
        assert "se clôt de lui-même le 23 novembre 2037, 17:15" in await service.page("GET", path, lang="fr")
        assert await service.redirect("POST", f"{path}/close") == path
        early = await service.page("GET", path)
        assert "Closed by hand on 23 November 2037, 09:00" in early
        assert "counted until 23 November 2037, 09:00" in early
        assert await service.redirect("POST", f"{path}/reopen") == path
        clock.now = DUE
        await service.parts.use_cases.events.close_due()
        assert "Closed by itself on 23 November 2037, 17:15" in await service.page("GET", path)
        assert "Clos de lui-même le 23 novembre 2037, 17:15" in await service.page("GET", path, lang="fr")
        await service.redirect("POST", f"{path}/reopen")
        assert "does not close by itself any more" in await service.page("GET", path)


async def test_at_the_desk_of_a_closed_event_people_leave_and_nobody_comes_in(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        inside, outside = [await service.register(event_id) for _ in range(2)]
        await service.check_in(event_id, ticket=inside["ticket"])
        clock.now = DUE
        await service.parts.use_cases.events.close_due()
        assert (await service.check_in(event_id, ticket=outside["ticket"]))["reason"] == "event_closed"
        assert (await service.check_in(event_id, ticket=inside["ticket"], action="out"))["outcome"] == "checked_out"
        await service.sign_in()
        assert "exits are still recorded" in await service.page("GET", f"/events/{event_id}/desk")
