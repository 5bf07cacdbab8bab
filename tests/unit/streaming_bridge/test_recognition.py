"""Guests are recognised in the background by what their platform vouches for, and that is kept sealed and forgotten."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.streaming_bridge.adapters.recognition import forget_open_identities_of
from services.streaming_bridge.adapters.tables import GUEST_IDENTITIES, GUEST_QUESTIONS, SCRUBS
from services.streaming_bridge.application.recognition import Recognising, UnansweredError
from services.streaming_bridge.domain.recognition import GuestIdentity, Recognition, pause_before_asking_again
from tests.databases import ON_BOTH
from tests.fakes.bridge import EVENT, BridgeUnderTest
from tests.fakes.deliveries import send
from tests.fakes.platforms import ZoomShapes

SHAPES = ZoomShapes()


class KnownRegistrations:
    """Registration, as far as the bridge asks it; `away` is somebody who does not answer, `failing` an event."""

    def __init__(self) -> None:
        self.says: dict[str, Recognition] = {}
        self.away = False
        self.failing: str | None = None
        self.asked: list[tuple[str, GuestIdentity]] = []

    async def recognise(self, event_id: str, identities: Sequence[GuestIdentity]) -> Mapping[str, Recognition] | None:
        if self.away:
            return None
        if event_id == self.failing:
            raise UnansweredError
        self.asked += [(event_id, each) for each in identities]
        return {
            each.guest_id: self.says.get(each.email or each.registrant_id or "", Recognition.UNKNOWN)
            for each in identities
        }


async def joined(bridge: BridgeUnderTest, minute: float, *, who: str, **told: str) -> None:
    body = json.loads(SHAPES.joined(minute, who=who, name=who))
    body["payload"]["object"]["participant"] |= {"email": "", **told}
    await send(bridge, SHAPES.request(json.dumps(body).encode(), signed_at=bridge.clock()))


async def prepared(bridge: BridgeUnderTest) -> tuple[Recognising, KnownRegistrations]:
    await bridge.add_source(platform="zoom", name=SHAPES.source, secret_token=SHAPES.secret)
    registrations = KnownRegistrations()
    return replace(bridge.bridge.recognising, registrations=registrations), registrations


async def kept(bridge: BridgeUnderTest) -> tuple[int, int]:
    return len(await bridge.rows(sa.select(GUEST_IDENTITIES))), len(await bridge.rows(sa.select(GUEST_QUESTIONS)))


@ON_BOTH
async def test_registration_is_asked_once_who_somebody_is(bridge: BridgeUnderTest) -> None:
    recognising, registrations = await prepared(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    registrations.says = {"ada@example.org": Recognition.LINKED, "r-7": Recognition.SETTLED}
    for minute in (5, 9):
        await joined(bridge, minute, who="ada", id="account-of-ada", email="ada@example.org")
    await joined(bridge, 6, who="bob", registrant_id="r-7")
    await joined(bridge, 7, who="nobody-knows-me")
    assert await recognising.ask_due() == 1
    assert await recognising.ask_due() == 0
    assert {(event, told.email, told.registrant_id) for event, told in registrations.asked} == {
        (EVENT, "ada@example.org", None),
        (EVENT, None, "r-7"),
    }
    assert len(registrations.asked) == 2
    subjects = {fact.subject for fact in await bridge.facts()}
    assert {told.guest_id for _, told in registrations.asked} <= subjects


@ON_BOTH
async def test_who_is_not_known_yet_is_asked_after_again(bridge: BridgeUnderTest) -> None:
    recognising, registrations = await prepared(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await joined(bridge, 5, who="ada", id="account-of-ada", email="ada@example.org")
    assert await recognising.ask_due() == 0
    bridge.clock.advance(timedelta(minutes=4))
    await recognising.ask_due()
    assert len(registrations.asked) == 1
    registrations.says = {"ada@example.org": Recognition.LINKED}
    bridge.clock.advance(timedelta(minutes=1))
    assert await recognising.ask_due() == 1
    bridge.clock.advance(timedelta(days=2))
    assert await recognising.ask_due() == 0


@ON_BOTH
async def test_whoever_may_be_somebody_who_was_erased_is_forgotten_unless_they_join_again(
    bridge: BridgeUnderTest,
) -> None:
    recognising, registrations = await prepared(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await joined(bridge, 5, who="ada", id="account-of-ada", email="ada@example.org")
    await recognising.ask_due()
    for event_id, left in (("evt_" + "f" * 32, (1, 1)), (EVENT, (0, 0))):
        async with bridge.bridge.engine.begin() as connection:
            await forget_open_identities_of(connection, event_id, now=bridge.clock())
        assert await kept(bridge) == left
    assert len(await bridge.rows(sa.select(SCRUBS))) == 1
    registrations.says = {"ada@example.org": Recognition.LINKED}
    await joined(bridge, 9, who="ada", id="account-of-ada", email="ada@example.org")
    assert await recognising.ask_due() == 1


@ON_BOTH
async def test_nothing_is_lost_while_registration_is_away(bridge: BridgeUnderTest) -> None:
    recognising, registrations = await prepared(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    registrations.says = {"ada@example.org": Recognition.LINKED}
    registrations.away = True
    await joined(bridge, 5, who="ada", id="account-of-ada", email="ada@example.org")
    assert await recognising.ask_due() == 0
    registrations.away = False
    assert await recognising.ask_due() == 1


@ON_BOTH
async def test_an_event_that_has_no_answer_keeps_no_other_from_its_own(bridge: BridgeUnderTest) -> None:
    recognising, registrations = await prepared(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await joined(bridge, 5, who="ada", id="account-of-ada", email="ada@example.org")
    bridge.clock.advance(timedelta(minutes=1))
    shapes = ZoomShapes()
    shapes.room = "98765432101"
    other = "evt_" + "f" * 32
    await bridge.claim((SHAPES.source, shapes.room), event_id=other)
    body = json.loads(shapes.joined(6, who="bob", name="bob"))
    body["payload"]["object"]["participant"] |= {"email": "", "registrant_id": "r-7"}
    await send(bridge, shapes.request(json.dumps(body).encode(), signed_at=bridge.clock()))
    registrations.says = {"ada@example.org": Recognition.LINKED, "r-7": Recognition.LINKED}
    registrations.failing = EVENT
    assert await recognising.ask_due() == 1
    assert [event for event, _ in registrations.asked] == [other]
    registrations.failing = None
    assert await recognising.ask_due() == 0
    bridge.clock.advance(timedelta(minutes=5))
    assert await recognising.ask_due() == 1


@ON_BOTH
async def test_who_was_in_a_room_that_is_claimed_later_is_asked_after_then(bridge: BridgeUnderTest) -> None:
    recognising, registrations = await prepared(bridge)
    await joined(bridge, 5, who="ada", id="account-of-ada", email="ada@example.org")
    await recognising.ask_due()
    assert registrations.asked == []
    assert await bridge.claim((SHAPES.source, SHAPES.room)) == 1
    await recognising.ask_due()
    assert [event for event, _ in registrations.asked] == [EVENT]


@ON_BOTH
async def test_what_is_known_of_a_guest_is_forgotten_with_the_name(bridge: BridgeUnderTest) -> None:
    recognising, registrations = await prepared(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    ada = {"who": "ada", "id": "account-of-ada", "email": "ada@example.org"}
    await joined(bridge, 5, **ada)
    await joined(bridge, 6, who="bob", registrant_id="r-7")
    guests, now = bridge.bridge.guests, bridge.clock()
    registrations.says = {"r-7": Recognition.LINKED}
    await recognising.ask_due()
    await guests.forget(seen_before=now - timedelta(days=30), now=now)
    # Who bob is, is settled: what he was recognised by is needed no more.
    assert await kept(bridge) == (1, 2)
    guest = next(told.guest_id for _, told in registrations.asked if told.email)
    async with bridge.bridge.engine.begin() as connection:
        await guests.forget_these(connection, [guest], now=now)
    await joined(bridge, 9, **ada)
    assert await kept(bridge) == (0, 1)
    await guests.forget(seen_before=now + timedelta(days=1), now=now)
    assert await kept(bridge) == (0, 0)


async def test_the_nightly_retention_forgets_it_too(bridge: BridgeUnderTest) -> None:
    await prepared(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await joined(bridge, 5, who="ada", id="account-of-ada", email="ada@example.org")
    retention = bridge.bridge.retention.retention
    for days, left in ((29, (1, 1)), (2, (0, 0))):
        bridge.clock.advance(timedelta(days=days))
        await retention.run()
        assert await kept(bridge) == left


async def test_a_participant_is_never_asked_after(bridge: BridgeUnderTest) -> None:
    await prepared(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await joined(bridge, 5, who="ada", id="par_" + "a" * 32, email="ada@example.org")
    assert await kept(bridge) == (0, 0)


@pytest.mark.parametrize("asked,minutes", [(0, 5), (1, 5), (2, 10), (5, 80), (9, 1280), (10, 1440), (10_000, 1440)])
def test_the_pause_grows_up_to_a_day(asked: int, minutes: int) -> None:
    assert pause_before_asking_again(asked) == timedelta(minutes=minutes)
