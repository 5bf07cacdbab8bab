"""A room was given to the wrong event: what it counted there is taken along to the event that has the room now."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from schemas.envelope import Fact
from schemas.participation import Voided
from services.attendance.application.log_fold import LogFold
from services.attendance.domain.intervals import durations
from services.chassis.access import internal_headers
from services.streaming_bridge.adapters.tables import GUESTS_OF_EVENTS
from tests.databases import ON_BOTH
from tests.fakes.bridge import EVENT, OPENING, ORGANIZER, BridgeUnderTest, event_fact
from tests.fakes.platforms import instant
from tests.unit.streaming_bridge.test_inbox import OTHER, SHAPES, send, with_source
from tests.unit.streaming_bridge.test_meetings import page

pytestmark = ON_BOTH

ROOM = (SHAPES.source, SHAPES.room)
ADA = "par_" + "a" * 32


async def given_to(bridge: BridgeUnderTest, event_id: str | None, *, times: int = 1) -> None:
    """Have one of the two events have the room, or none; `times` it was changed by then."""
    for each in (EVENT, OTHER):
        rooms = [ROOM] if each == event_id else []
        await bridge.claim(*rooms, event_id=each, changed_at=OPENING + timedelta(minutes=times))


async def counted(bridge: BridgeUnderTest, event_id: str) -> Counter[tuple[str, str, str]]:
    """What counts at an event: kind, instant and subject of each joining and leaving that is not taken back."""
    facts = [fact for fact in await bridge.facts() if fact.data.event_id == event_id]
    voided = {fact.data.voided_id for fact in facts if isinstance(fact, Voided)}
    told = {fact.id: fact for fact in facts if fact.type.endswith((".joined.v1", ".left.v1")) and fact.id not in voided}
    return Counter((fact.type.split(".")[-2], fact.time.isoformat(), str(fact.subject)) for fact in told.values())


async def seconds(bridge: BridgeUnderTest, event_id: str) -> Counter[float]:
    """How long people are present at an event by the fold of what it was told; it is closed an hour after its start."""
    fold, end = LogFold(), OPENING + timedelta(hours=1)
    facts: list[Fact] = [event_fact(event_id=event_id, hours=1), *await bridge.facts()]
    for fact in facts:
        if fact.data.event_id == event_id:
            fold.take(event_id.encode(), fact.to_bytes())
    people = fold.presences()[event_id].people.values()
    lengths = (durations(one.intervals, horizon=round(end.timestamp() * 1000)).total / 1000 for one in people)
    return Counter(length for length in lengths if length)


async def former(bridge: BridgeUnderTest, event_id: str = EVENT) -> list[dict[str, Any]]:
    """What is listed."""
    items: list[dict[str, Any]] = (
        await bridge.api("GET", f"/api/v1/events/{event_id}/meetings/former-rooms", status=200)
    )["items"]
    return items


async def take_back(bridge: BridgeUnderTest, event_id: str = EVENT) -> int:
    """Take back what the room told an event; how much it was."""
    body = {"source": SHAPES.source, "room": SHAPES.room}
    path = f"/api/v1/events/{event_id}/meetings/former-rooms/take-back"
    return int((await bridge.api("POST", path, body, status=200))["taken_back"])


async def came(bridge: BridgeUnderTest) -> None:
    """Two guests and a participant of the event come; one guest leaves."""
    await with_source(bridge)
    await bridge.claim(ROOM)
    await send(
        bridge,
        SHAPES.opened(4),
        SHAPES.joined(5, who="bob", name="Bob"),
        SHAPES.joined(6, who="eve", name="Eve"),
        SHAPES.joined(7, who="ada", user_id=ADA),
        SHAPES.left(9, who="bob", came=5),
    )


async def test_what_was_counted_moves_with_the_room_and_comes_back_with_it(bridge: BridgeUnderTest) -> None:
    await came(bridge)
    before, lengths = await counted(bridge, EVENT), await seconds(bridge, EVENT)
    assert lengths == Counter([4 * 60, 54 * 60, 53 * 60])
    assert await former(bridge) == []
    assert await take_back(bridge) == 0
    await given_to(bridge, OTHER)
    (listed,) = await former(bridge)
    assert (listed["movements"], listed["connections"], listed["people"], listed["participants"]) == (4, 3, 3, 1)
    assert listed["heirs"] == [{"event_id": OTHER, "title": "Colloque hybride", "movements": 4}]

    assert [await take_back(bridge) for _ in range(2)] == [4, 0]
    assert (await former(bridge), await counted(bridge, EVENT)) == ([], Counter())
    assert (await seconds(bridge, EVENT), await seconds(bridge, OTHER)) == (Counter(), lengths)
    moved = await counted(bridge, OTHER)
    assert Counter(each[:2] for each in moved.elements()) == Counter(each[:2] for each in before.elements())
    whom = {subject for _, _, subject in moved}
    # Who is registered at the one event is a guest at the other; the guests are whom they were.
    assert ADA not in whom
    assert ("joined", instant(7).isoformat(), (whom - {each[2] for each in before}).pop()) in moved
    assert [row.event_id for row in await bridge.rows(sa.select(GUESTS_OF_EVENTS))] == [OTHER] * 2

    await given_to(bridge, EVENT, times=2)
    assert (await take_back(bridge, OTHER), await counted(bridge, OTHER)) == (4, Counter())
    assert (await counted(bridge, EVENT), await seconds(bridge, EVENT)) == (before, lengths)
    await given_to(bridge, OTHER, times=3)
    assert await take_back(bridge) == 4
    assert await counted(bridge, OTHER) == moved
    ids = [fact.id for fact in await bridge.facts() if not fact.type.endswith("opened.v1")]
    assert len(ids) == len(set(ids))


async def test_what_is_taken_back_waits_for_an_event_where_none_has_the_room(bridge: BridgeUnderTest) -> None:
    await came(bridge)
    await given_to(bridge, None)
    assert [one["heirs"] for one in await former(bridge)] == [[]]
    assert await take_back(bridge) == 4
    assert await counted(bridge, EVENT) == Counter()
    # Who was inside leaves, and comes again, while nobody has the room: all that is known of one person stays together.
    assert await send(bridge, SHAPES.left(20, who="ada", user_id=ADA, came=7)) == ["unclaimed"]
    assert await send(bridge, SHAPES.joined(25, who="ada2", user_id=ADA)) == ["unclaimed"]
    (listed,) = (await bridge.api("GET", "/api/v1/unclaimed-rooms", status=200))["items"]
    assert (listed["deliveries"], listed["told"]) == (7, 0)
    await given_to(bridge, OTHER, times=2)
    await send(bridge, SHAPES.left(30, who="ada2", user_id=ADA, came=25))
    moved = await counted(bridge, OTHER)
    of_ada = {
        subject for kind, at, subject in moved if at in {instant(minute).isoformat() for minute in (7, 20, 25, 30)}
    }
    assert (moved.total(), len(of_ada), ADA in of_ada) == (7, 1, False)
    await given_to(bridge, EVENT, times=3)
    assert await take_back(bridge, OTHER) == 7
    assert {subject for _, _, subject in await counted(bridge, EVENT)} >= {ADA}


async def test_a_double_click_and_a_repeated_delivery_change_nothing(bridge: BridgeUnderTest) -> None:
    await came(bridge)
    await given_to(bridge, OTHER)
    assert sorted(await asyncio.gather(take_back(bridge), take_back(bridge))) == [0, 4]
    moved = await counted(bridge, OTHER)
    again = SHAPES.joined(5, who="bob", name="Bob")
    assert await send(bridge, again) == ["duplicate"]
    # Who was inside when the room moved leaves the event that they were taken along to.
    assert await send(bridge, SHAPES.left(20, who="eve", came=6)) == ["accepted"]
    assert (await counted(bridge, OTHER)).total() == moved.total() + 1
    assert await counted(bridge, EVENT) == Counter()


async def test_nothing_is_taken_back_that_cannot_be_noted(bridge: BridgeUnderTest) -> None:
    await came(bridge)
    await given_to(bridge, OTHER)
    bridge.notes.is_away = True
    body = {"source": SHAPES.source, "room": SHAPES.room}
    await bridge.api("POST", f"/api/v1/events/{EVENT}/meetings/former-rooms/take-back", body, status=503)
    assert len(await former(bridge)) == 1
    bridge.notes.is_away = False
    assert await take_back(bridge) == 4
    assert [note[0] for note in bridge.notes.noted][-1] == "room.count_taken_back"


async def test_the_pages_say_how_much_it_is_and_where_it_goes(bridge: BridgeUnderTest) -> None:
    await came(bridge)
    await given_to(bridge, None)
    assert f'href="/events/{EVENT}/meetings/former"' in await page(bridge, f"/sources/{SHAPES.source}/rooms")
    assert "what it counted still counts here" in await page(bridge, f"/events/{EVENT}/meetings")
    former_page = f"/events/{EVENT}/meetings/former"
    assert "no event yet" in await page(bridge, former_page)
    headers = internal_headers(bridge.bridge.settings)
    told = await bridge.api("POST", "/internal/drifting-rooms", {"event_id": EVENT}, status=200, headers=headers)
    assert told["formerly"] == 1
    await given_to(bridge, OTHER, times=2)
    assert f'href="{former_page}"' in await page(bridge, f"/events/{OTHER}/meetings")
    asked = await page(bridge, former_page)
    for words in ("4 arrivals and departures of 3 connections", "Colloque hybride", "1 person who came is registered"):
        assert words in asked
    form = {"source": SHAPES.source, "room": SHAPES.room}
    for words in (f"4 arrivals and departures of {SHAPES.room} count here no more", "That was done already"):
        async with bridge.client.post(former_page, data=form, headers=ORGANIZER, allow_redirects=False) as answer:
            assert answer.status == 303
            to = answer.headers["Location"]
        assert words in await page(bridge, to)
    async with bridge.client.post(former_page, data={"source": "x"}, headers=ORGANIZER) as answer:
        assert answer.status == 422
    assert "4 arrivées et départs" in await page(bridge, f"{former_page}?taken_back=4&source=x&room=y", language="fr")
