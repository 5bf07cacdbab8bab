"""The inbox behind the door: claims, guests, duplicates."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from schemas.participation import Joined
from schemas.registration import EventStatus
from services.chassis.access import internal_headers
from services.streaming_bridge.adapters.tables import DELIVERIES, GUESTS
from tests.databases import ON_BOTH
from tests.fakes.bridge import EVENT, OPENING, BridgeUnderTest
from tests.fakes.platforms import JitsiShapes, instant

pytestmark = ON_BOTH

SHAPES = JitsiShapes()
OTHER = "evt_" + "f" * 32


async def send(bridge: BridgeUnderTest, *bodies: bytes) -> list[str | int]:
    """What became of some deliveries, or the status of their refusal."""
    answers = []
    for body in bodies:
        request = SHAPES.request(body)
        answers.append(await bridge.post(request.path, request.body, request.headers))
    return [answer.get("status", answer["http_status"]) for answer in answers]


async def with_source(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="jitsi", name=SHAPES.source, webhook_token=SHAPES.secret)


async def test_a_platform_s_token_is_not_taken_for_one_of_ours(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    before = bridge.tokens.asked
    await send(bridge, SHAPES.joined(5, who="ada"))
    assert bridge.tokens.asked == before


async def test_of_two_events_in_one_room_each_gets_its_own_time(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    room = (SHAPES.source, SHAPES.room)
    await bridge.claim(room, starts_at=OPENING, hours=1)
    await bridge.claim(room, event_id=OTHER, starts_at=instant(120), hours=1)
    await send(bridge, SHAPES.joined(5, who="ada"), SHAPES.joined(130, who="ada"))
    facts = await bridge.facts()
    assert [fact.data.event_id for fact in facts] == [EVENT, OTHER]
    assert [row.key for row in await bridge.records()] == [EVENT.encode(), OTHER.encode()]


async def test_a_cancelled_event_claims_nothing(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room), status=EventStatus.CANCELLED)
    assert await send(bridge, SHAPES.joined(5, who="ada")) == ["unclaimed"]


async def test_an_older_snapshot_of_an_event_changes_nothing(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room), changed_at=OPENING)
    await bridge.claim((SHAPES.source, "elsewhere"), changed_at=OPENING - timedelta(hours=1))
    assert await send(bridge, SHAPES.joined(5, who="ada")) == ["accepted"]


async def test_a_room_given_up_is_unclaimed_again_for_what_follows(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    assert await send(bridge, SHAPES.joined(5, who="ada")) == ["accepted"]
    await bridge.claim(changed_at=OPENING)
    assert await send(bridge, SHAPES.joined(9, who="bob")) == ["unclaimed"]


async def test_a_room_given_up_is_listed_with_what_it_delivered_until_an_event_has_it(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    room = (SHAPES.source, SHAPES.room)
    await bridge.claim(room)
    await send(bridge, SHAPES.joined(5, who="ada"), SHAPES.joined(6, who="bob"))
    assert (await bridge.api("GET", "/api/v1/unclaimed-rooms", status=200))["items"] == []
    await bridge.claim(changed_at=OPENING)
    (listed,) = (await bridge.api("GET", "/api/v1/unclaimed-rooms", status=200))["items"]
    assert (listed["deliveries"], listed["told"], listed["participants"]) == (0, 2, 2)
    await send(bridge, SHAPES.joined(9, who="eve"))
    (listed,) = (await bridge.api("GET", "/api/v1/unclaimed-rooms", status=200))["items"]
    assert (listed["deliveries"], listed["told"], listed["participants"]) == (1, 2, 3)
    await bridge.claim(room, event_id=OTHER)
    assert (await bridge.api("GET", "/api/v1/unclaimed-rooms", status=200))["items"] == []
    # What was told stays where it was told.
    assert [fact.data.event_id for fact in await bridge.facts()] == [EVENT, EVENT, OTHER]


@pytest.mark.parametrize("given_on", [False, True])
async def test_who_was_inside_when_a_room_was_given_up_leaves_the_event_they_came_to(
    bridge: BridgeUnderTest, *, given_on: bool
) -> None:
    await with_source(bridge)
    room = (SHAPES.source, SHAPES.room)
    await bridge.claim(room)
    await send(bridge, SHAPES.joined(5, who="ada"), SHAPES.joined(5, who="bob"), SHAPES.left(7, who="bob", came=5))
    await bridge.claim(changed_at=OPENING)
    if given_on:
        await bridge.claim(room, event_id=OTHER)
    left = SHAPES.left(20, who="ada", came=5)
    assert await send(bridge, left, left) == ["accepted", "duplicate"]
    # Who came afterwards is not of that event any more: neither their joins nor their leaves.
    later = [SHAPES.left(30, who="eve", came=25), SHAPES.joined(25, who="eve")]
    assert await send(bridge, *later) == ["accepted" if given_on else "unclaimed"] * 2
    if not given_on:
        await bridge.claim(room, event_id=OTHER)
    facts = [(fact.type.split(".")[-2], fact.data.event_id) for fact in await bridge.facts()]
    assert facts[:4] == [("joined", EVENT), ("joined", EVENT), ("left", EVENT), ("left", EVENT)]
    assert facts[4:] == [("left", OTHER), ("joined", OTHER)]


async def test_a_room_of_a_very_long_name_is_claimed_and_found_as_any_other(bridge: BridgeUnderTest) -> None:
    # Each letter of it is three in the form that names are compared by, and twelve bytes.
    name = "\U0001d160" * 250
    shapes = JitsiShapes()
    shapes.room = name
    await with_source(bridge)
    await send(bridge, shapes.joined(5, who="ada"))
    assert (await bridge.api("GET", "/api/v1/unclaimed-rooms", status=200))["items"][0]["room"] == name
    assert await bridge.claim((SHAPES.source, name), (SHAPES.source, name * 2)) == 1
    assert await send(bridge, shapes.joined(9, who="bob")) == ["accepted"]


async def test_what_a_name_of_a_room_holds_that_no_database_takes_is_not_compared(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await bridge.claim((SHAPES.source, "hall%00"))
    shapes = JitsiShapes()
    shapes.room = "hall%00"
    assert await send(bridge, shapes.joined(5, who="ada")) == ["accepted"]


@pytest.mark.parametrize("together", [False, True])
async def test_a_leave_follows_the_join_before_it_whatever_comes_together_with_it(
    bridge: BridgeUnderTest, *, together: bool
) -> None:
    await with_source(bridge)
    room = (SHAPES.source, SHAPES.room)
    await bridge.claim(room)
    await send(bridge, SHAPES.joined(5, who="ada"))
    await bridge.claim(changed_at=OPENING)
    await bridge.claim(room, event_id=OTHER)
    back = [SHAPES.left(7, who="ada", came=5), SHAPES.joined(9, who="ada"), SHAPES.left(11, who="ada", came=9)]
    if together:
        await asyncio.gather(*(send(bridge, one) for one in back))
    else:
        await send(bridge, *back)
    told = {(fact.time, fact.data.event_id) for fact in await bridge.facts()}
    assert told == {(instant(5), EVENT), (instant(7), EVENT), (instant(9), OTHER), (instant(11), OTHER)}


async def test_whoever_is_inside_when_an_event_is_cancelled_leaves_it(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await send(bridge, SHAPES.joined(5, who="ada"))
    await bridge.claim((SHAPES.source, SHAPES.room), status=EventStatus.CANCELLED, changed_at=OPENING)
    assert await send(bridge, SHAPES.left(20, who="ada", came=5), SHAPES.joined(25, who="bob")) == [
        "accepted",
        "unclaimed",
    ]


async def test_unclaimed_rooms_are_listed_with_what_is_known(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await send(bridge, SHAPES.opened(0), SHAPES.joined(5, who="ada"), SHAPES.joined(9, who="bob"))
    listed = await bridge.api("GET", "/api/v1/unclaimed-rooms", status=200)
    assert listed["items"] == [
        {
            "source": SHAPES.source,
            "room": SHAPES.room,
            "deliveries": 3,
            "told": 0,
            "participants": 2,
            "first_seen": "2026-11-23T09:00:00.000Z",
            "last_seen": "2026-11-23T09:09:00.000Z",
        }
    ]
    await bridge.claim((SHAPES.source, SHAPES.room))
    assert (await bridge.api("GET", "/api/v1/unclaimed-rooms", status=200))["items"] == []


async def test_many_kept_deliveries_are_published_in_the_order_they_came(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    bodies = [SHAPES.joined(number, who=f"person {number}") for number in range(620)]
    for start in range(0, len(bodies), 31):
        await asyncio.gather(*(send(bridge, body) for body in bodies[start : start + 31]))
    came = [row.fact_id for row in await bridge.rows(sa.select(DELIVERIES.c.fact_id).order_by(DELIVERIES.c.position))]
    assert await bridge.claim((SHAPES.source, SHAPES.room)) == 620
    assert [fact.id for fact in await bridge.facts()] == came


async def test_the_sweep_finds_what_a_claim_had_missed(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await send(bridge, SHAPES.joined(5, who="ada"))
    # As if the delivery and the claim had been written at the same time, unseen by each other.
    async with bridge.bridge.engine.begin() as connection:
        await connection.execute(sa.update(DELIVERIES).values(state="unclaimed", event_id=None))
    assert await bridge.bridge.inbox.sweep(now=OPENING) == 1
    assert await bridge.bridge.inbox.sweep(now=OPENING) == 0


async def test_the_names_of_guests_are_told_to_the_services_alone(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await send(
        bridge,
        SHAPES.joined(5, who="a", user_id="sso-42", name="Léa"),
        SHAPES.left(9, who="a", came=5, user_id="sso-42", name="Léa M."),
        SHAPES.joined(6, who="b"),
    )
    (first, _, third) = await bridge.facts()
    asked = {"event_id": EVENT, "ids": [first.subject, third.subject, "gst_" + "0" * 32]}
    headers = internal_headers(bridge.bridge.settings)
    told = await bridge.api("POST", "/internal/guest-names", asked, status=200, headers=headers)
    assert told["names"] == {first.subject: "Léa"}
    await bridge.api("POST", "/internal/guest-names", asked, status=403)


async def test_a_participant_s_name_is_not_kept(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await send(bridge, SHAPES.joined(5, who="a", user_id="par_" + "a" * 32, name="Ada"))
    assert [type(fact) for fact in await bridge.facts()] == [Joined]
    assert await bridge.rows(sa.select(GUESTS)) == []


async def test_names_of_guests_are_forgotten_after_their_time(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await send(bridge, SHAPES.joined(5, who="a", name="Léa"))
    guests = bridge.bridge.housekeeping.guests
    assert await guests.forget(seen_before=OPENING, now=OPENING) == 0
    assert await guests.forget(seen_before=OPENING + timedelta(days=31), now=OPENING) == 1
    assert await bridge.rows(sa.select(GUESTS)) == []


async def test_the_name_of_a_guest_who_is_erased_is_forgotten_and_not_kept_again(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    lea = {"who": "a", "user_id": "sso-42", "name": "Léa"}
    await send(bridge, SHAPES.joined(5, **lea), SHAPES.joined(6, who="b", name="Zoé"))
    guest = (await bridge.facts())[0].subject
    guests, month = bridge.bridge.guests, timedelta(days=31)
    for _ in range(2):
        async with bridge.bridge.engine.begin() as connection:
            await guests.forget_these(connection, [str(guest)], now=OPENING)
    await send(bridge, SHAPES.left(9, came=5, **lea))
    left = [row.guest_id for row in await bridge.rows(sa.select(GUESTS))]
    assert (len(left), guest in left) == (1, False)
    # Once nothing of that time can come any more, they are a guest as any other.
    await guests.forget(seen_before=OPENING + month, now=OPENING + month)
    await send(bridge, SHAPES.joined(60, **lea))
    assert [row.guest_id for row in await bridge.rows(sa.select(GUESTS))] == [guest]


async def test_an_unreadable_delivery_sent_again_is_one_dead_letter(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    body = SHAPES.joined(5, who="ada").replace(b"occupant_jid", b"somebody")
    assert await send(bridge, body, body) == [400, 400]
    (letter,) = await bridge.records("passerelle-dead-letter")
    assert letter.headers["reason"] == "occupant.occupant_jid: Field required"
    assert letter.headers["service"] == "streaming_bridge"
