"""What the bridge keeps goes when its time is over, and it tells registration how long that is."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.chassis.access import internal_headers
from services.chassis.settings import SettingsError, load_settings
from services.streaming_bridge.adapters.guests import TIME_TO_UNDO
from services.streaming_bridge.adapters.tables import DELIVERIES, GUESTS
from services.streaming_bridge.settings import BridgeSettings
from tests.databases import ON_BOTH
from tests.fakes.bridge import EVENT, OPENING, BridgeUnderTest
from tests.unit.streaming_bridge.test_inbox import OTHER, SHAPES, send, with_source


@ON_BOTH
async def test_names_of_guests_go_before_the_deliveries(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await send(bridge, SHAPES.joined(5, who="a", name="Léa"), SHAPES.joined(6, who="b", name="Zoé"))
    retention = bridge.bridge.retention.retention
    for days, names, deliveries in ((29, 2, 2), (2, 0, 2), (335, 0, 0)):
        bridge.clock.advance(timedelta(days=days))
        foreseen = [(line.kind, line.rows) for line in await retention.preview()]
        assert [(line.kind, line.rows) for line in await retention.run()] == foreseen
        left = [len(await bridge.rows(sa.select(table))) for table in (GUESTS, DELIVERIES)]
        assert left == [names, deliveries]


@ON_BOTH
async def test_a_name_goes_a_day_after_it_is_settled_whose_it_is(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    await send(bridge, SHAPES.joined(5, who="a", name="Léa"), SHAPES.joined(6, who="b", name="Zoé"))
    guests, settled = bridge.bridge.guests, bridge.clock()
    first, second = (row.guest_id for row in await bridge.rows(sa.select(GUESTS).order_by(GUESTS.c.guest_id)))
    async with bridge.bridge.engine.begin() as connection:
        for guest in (first, second):
            await guests.settle(connection, guest, EVENT, now=settled, settled=True)
        await guests.settle(connection, second, EVENT, now=settled, settled=False)
    for hours, left in ((23, {first, second}), (2, {second})):
        bridge.clock.advance(timedelta(hours=hours))
        await guests.forget(seen_before=settled - timedelta(days=30), now=bridge.clock())
        assert {row.guest_id for row in await bridge.rows(sa.select(GUESTS))} == left


@ON_BOTH
async def test_a_name_stays_until_it_is_settled_at_every_event_whose_it_is(bridge: BridgeUnderTest) -> None:
    await with_source(bridge)
    first, second = (SHAPES.joined(at, who=str(at), user_id="sso-1", name="Léa") for at in (5, 60 * 24 * 2))
    # One waits for its event, the other comes to it.
    await send(bridge, first)
    for event_id, days in ((EVENT, 0), (OTHER, 2)):
        starts_at = OPENING + timedelta(days=days)
        await bridge.claim((SHAPES.source, SHAPES.room), event_id=event_id, starts_at=starts_at)
    await send(bridge, second)
    guests = bridge.bridge.guests
    (guest,) = (row.guest_id for row in await bridge.rows(sa.select(GUESTS)))
    for event_id, left in ((EVENT, 1), (OTHER, 0)):
        now = bridge.clock()
        async with bridge.bridge.engine.begin() as connection:
            await guests.settle(connection, guest, event_id, now=now, settled=True)
        bridge.clock.advance(TIME_TO_UNDO + timedelta(hours=1))
        await guests.forget(seen_before=now - timedelta(days=30), now=bridge.clock())
        assert len(await bridge.rows(sa.select(GUESTS))) == left


async def test_registration_is_told_the_rules_and_what_was_done(bridge: BridgeUnderTest) -> None:
    headers = internal_headers(bridge.bridge.settings)
    await bridge.api("POST", "/internal/retention", {}, status=403)
    before = await bridge.api("POST", "/internal/retention", {}, status=200, headers=headers)
    assert {"purpose": "guest_names", "kept_for": "30 days", "counted_from": "first_seen"} in before["rules"]
    assert before["last_run"] is None
    await bridge.bridge.retention.retention.run()
    after = await bridge.api("POST", "/internal/retention", {}, status=200, headers=headers)
    assert after["last_run"]["state"] == "done"


def test_deliveries_are_not_kept_for_less_than_a_platform_may_repeat_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_KEEP_DELIVERIES", "30 days")
    with pytest.raises(SettingsError, match="PASSERELLE_KEEP_DELIVERIES: must be a period between 31 days"):
        load_settings(BridgeSettings)
