"""Orders of ticket shops that register people: the same for pretix and HelloAsso, each asked as it answers."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from yarl import URL

from services.registration.adapters.shops.http import Reach, ShopClient
from services.registration.bootstrap import MIGRATIONS
from services.registration.domain.shop_errors import ShopNotFoundError, ShopTroubleError
from services.registration.domain.ticket_shops import POLL_EVERY, Fate, Platform, ToldTicket, Trouble
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.ticket_shops import LUNCH, ON_LINK, Sold, pretix_shop, raw, secret_of, signed
from tests.integration.connected_shop import ConnectedShop, connected_shop
from tests.integration.running_registration import MovedClock, kinds

EACH = pytest.mark.parametrize("platform", list(Platform))


@pytest_asyncio.fixture
async def door(tmp_path: Path, platform: Platform, new_database: NewDatabase) -> AsyncIterator[ConnectedShop]:
    async with connected_shop(platform, tmp_path, database=await new_database(MIGRATIONS)) as opened:
        yield opened


@ON_BOTH
@EACH
async def test_orders_register_people_once_and_what_changes_in_them_changes_here(door: ConnectedShop) -> None:
    server = door.server
    server.sell("101", name="Zoé Ünal", email="zoe@example.org")
    server.sell("102", name="Anne Lefèvre", kind=ON_LINK)
    server.sell("102", name="Anne Lefèvre", kind=LUNCH)
    server.sell("103", name="Paul Petit", state="pending")
    server.sell("104", name="Nobody Comes", state="cancelled")
    server.sell("105", name="Ida Noir", kind="99")
    server.sell("106", name="", email="x@example.org")
    server.sell("106", name="", email="y@example.org")
    server.sell("107", name="Kim Lee", email="not an address@example")
    shop = await door.connect()
    await door.round()
    expected = [
        ("Zoé Ünal", "zoe@example.org", "in_person", "confirmed"),
        ("Anne Lefèvre", "buyer@example.org", "remote", "confirmed"),
    ]
    assert await door.people() == expected
    fates = {
        Fate.REGISTERED: 2,
        Fate.LEFT_OUT: 1,
        Fate.PENDING: 1,
        Fate.WITHDRAWN: 1,
        Fate.KIND_UNKNOWN: 1,
        Fate.NAME_MISSING: 2,
        Fate.EMAIL_WRONG: 1,
    }
    assert await door.fates(shop) == fates
    looked_at = (await door.shops.report(shop)).to_look_at
    assert [(told.order_id, told.position_id) for told in looked_at][:2] == [("105", "1005"), ("106", "1006")]
    facts = await door.service.outbox()
    for wait in (POLL_EVERY, timedelta(days=1)):
        await door.round(after=wait)
        assert (await door.people(), await door.fates(shop)) == (expected, fates)
    assert await door.service.outbox() == facts
    server.sell("101", 1000, name="Zoé Ünal-Roux", email="roux@example.org", kind=ON_LINK)
    server.sell("103", 1003, name="Paul Petit")
    server.sell("102", 1001, name="", state="cancelled", kind=ON_LINK)
    server.sell("102", 1002, name="", state="cancelled", kind=LUNCH)
    await door.round(after=timedelta(hours=2))
    assert await door.people() == [
        ("Zoé Ünal-Roux", "roux@example.org", "remote", "confirmed"),
        ("Anne Lefèvre", "buyer@example.org", "remote", "cancelled"),
        ("Paul Petit", "buyer@example.org", "in_person", "confirmed"),
    ]
    server.sell("102", 1001, name="Anne Lefèvre", kind=ON_LINK)
    await door.round(after=timedelta(hours=2))
    assert (await door.people())[-1] == ("Anne Lefèvre", "buyer@example.org", "remote", "confirmed")
    assert kinds(await door.service.outbox())[-1] == "registration.participant.registered"


@EACH
async def test_word_of_an_order_has_it_asked_for_at_once_and_only_it(door: ConnectedShop) -> None:
    shop = await door.connect()
    await door.round()
    door.server.sell("201", name="Zoé Ünal")
    door.server.sell("202", name="Not Told Of")
    door.server.asked.clear()
    await door.tell(shop, "201")
    await door.tell(shop, "201")
    await door.round()
    assert [name for name, *_ in await door.people()] == ["Zoé Ünal"]
    assert len([path for path in door.server.asked if "201" in path]) == 1
    await door.tell(shop, "201")
    await door.round()
    assert [name for name, *_ in await door.people()] == ["Zoé Ünal"]


@EACH
async def test_what_is_no_word_of_an_order_is_kept_out(door: ConnectedShop) -> None:
    shop = await door.connect()
    door.server.sell("201")
    told = door.server.notice("201")
    for body in (b"", b"{", b"[]", b"\xff", raw(told)[:-1]):
        await door.post(shop, body, expect=400)
    await door.post(shop, b"x" * 1_100_000, expect=413)
    path = f"/webhooks/ticket-shops/{door.shops.token(shop)}x"
    async with door.service.client.post(path, data=raw(told)) as response:
        assert response.status == 404
    others: list[dict[str, Any]] = [{"eventType": "Form", "data": {"id": 1}, "action": "pretix.event.changed"}]
    others.append(told | {"event": "another", "data": {"id": 201, "formSlug": "another"}})
    gone = {"eventType": "Order", "data": {"id": 777}} | (told | {"code": "777"} if "code" in told else {})
    for body in (*map(raw, others), raw(gone)):
        await door.post(shop, body)
    await door.round()
    assert [path for path in door.server.asked if "777" in path]
    assert (await door.stands(shop)).standing.trouble is None


@pytest.mark.parametrize("platform", [Platform.HELLOASSO])
async def test_where_a_key_was_entered_a_notification_has_to_be_signed(door: ConnectedShop) -> None:
    shop = await door.connect()
    key = "a-key-of-notifications"
    await door.shops.reconnect(shop, shop.settings, {"signature_key": key})
    shop = await door.stands(shop)
    door.server.sell("201")
    body = raw(door.server.notice("201"))
    for headers in ({}, signed("another key", body), signed(key, body + b" "), {"x-ha-signature": "é"}):
        await door.post(shop, body, headers, expect=401)
    await door.post(shop, body, signed(key, body))
    payment = raw({"eventType": "Payment", "data": {"id": 5, "order": {"id": 201, "formSlug": "colloque"}}})
    await door.post(shop, payment, signed(key, payment))
    await door.round()
    assert len(await door.people()) == 1


def answering(status: int, text: str = "{}", **headers: str) -> Callable[[], web.Response]:
    return lambda: web.Response(status=status, text=text, headers=headers, content_type="application/json")


@EACH
async def test_a_shop_that_fails_is_left_alone_for_longer_each_time_and_nothing_is_lost(door: ConnectedShop) -> None:
    shop = await door.connect()
    await door.round()
    door.server.sell("301", name="Zoé Ünal")
    await door.tell(shop, "301")
    for fault, trouble, wait in (
        (answering(401), Trouble.CREDENTIALS_REFUSED, 30),
        (answering(403), Trouble.NOT_ALLOWED, 60),
        (answering(500), Trouble.FAILING, 120),
        (answering(302, Location="https://elsewhere.example"), Trouble.FAILING, 240),
        (answering(200, "<html>"), Trouble.UNREADABLE, 480),
        (answering(200, '{"results": 1, "data": 1}'), Trouble.UNREADABLE, 960),
        (answering(429, **{"Retry-After": "7200"}), Trouble.TOO_MANY_REQUESTS, 7200),
    ):
        door.server.fault = fault
        await door.round()
        standing = (await door.stands(shop)).standing
        assert (standing.trouble, standing.not_before - door.clock.now) == (trouble, timedelta(seconds=wait))
        asked = len(door.server.asked)
        await door.round(after=timedelta(seconds=wait - 1))
        assert len(door.server.asked) == asked
    door.server.fault = None
    await door.round()
    assert [name for name, *_ in await door.people()] == ["Zoé Ünal"]
    assert (await door.stands(shop)).standing.trouble is None


@EACH
async def test_an_import_that_is_cut_off_goes_on_where_it_was_and_repeats_nobody(door: ConnectedShop) -> None:
    for number in range(401, 408):
        door.server.sell(str(number), name=f"Personne {number}")
    door.server.sell("401", name="Another One")
    shop = await door.connect()
    asked, failing = len(door.server.asked), answering(500)
    door.server.fault = lambda: failing() if len(door.server.asked) > asked + 2 else None
    await door.round()
    assert (len(await door.people()), (await door.stands(shop)).standing.trouble) == (5, Trouble.FAILING)
    door.server.fault = None
    asked = len(door.server.asked)
    await door.round(after=timedelta(minutes=1))
    assert len(await door.people()) == len({name for name, *_ in await door.people()}) == 8
    first = door.server.asked[asked]
    assert "page=3" in first or "continuationToken=4" in first
    # A place that the shop does not know any more is given up.
    for number in range(411, 418):
        door.server.sell(str(number), name=f"Personne {number}")
    asked = len(door.server.asked)
    door.server.fault = lambda: failing() if len(door.server.asked) > asked + 1 else None
    await door.round(after=POLL_EVERY)
    await door.round(after=timedelta(minutes=1))
    door.server.fault = None
    asked = len(door.server.asked)
    await door.round(after=timedelta(minutes=2))
    first = door.server.asked[asked]
    assert "page=1" in first or "continuationToken" not in first
    assert len({name for name, *_ in await door.people()}) == len(await door.people()) == 15


@EACH
async def test_who_withdrew_here_or_registered_here_is_not_overruled_by_the_shop(
    tmp_path: Path, platform: Platform
) -> None:
    async with connected_shop(platform, tmp_path, capacity={"in_person": 3, "remote": None}) as door:
        await door.service.register(door.event_id, name="Léa Martin")
        door.server.sell("501", name="Léa Martin", email="lea@example.org")
        door.server.sell("502", name="Withdraws")
        door.server.sell("503", name="Is Erased")
        door.server.sell("504", name="Comes Late")
        shop = await door.connect()
        await door.round()
        counted = {Fate.RECOGNISED: 1, Fate.REGISTERED: 2, Fate.WAITLISTED: 1}
        assert await door.fates(shop) == counted
        path = f"/events/{door.event_id}/registrations"
        ids = {each["name"]: each["participant_id"] for each in (await door.service.api("GET", path))["items"]}
        data = await door.service.api("GET", f"{path}/{ids['Withdraws']}/data")
        assert [each["platform"] for each in data["shop_tickets"]] == [door.server.platform]
        await door.service.api("DELETE", f"{path}/{ids['Withdraws']}", expect=204)
        await door.service.api("DELETE", f"{path}/{ids['Is Erased']}?erase=true", expect=204)
        door.server.sell("501", 1000, name="Léa Martin", email="lea@example.org", state="refunded")
        await door.shops.disconnect(await door.stands(shop))
        with pytest.raises(ShopNotFoundError):
            await door.stands(shop)
        shop = await door.connect()
        await door.round()
        assert await door.fates(shop) == {Fate.KEPT: 1, Fate.CANCELLED: 1, Fate.ERASED: 1, Fate.REGISTERED: 1}
        (nameless,) = await door.shops.tickets_of(door.event_id, ids["Is Erased"])
        assert nameless == ToldTicket(key=nameless.key, order_id="", position_id="", fate=Fate.ERASED)
        assert len((await door.service.api("GET", path))["items"]) == 4
        assert ("Léa Martin", "lea@example.org", "in_person", "confirmed") in await door.people()


@pytest.mark.parametrize("platform", [Platform.PRETIX])
async def test_the_doors_know_the_code_on_a_ticket_of_pretix(door: ConnectedShop) -> None:
    async def scan(sold: Sold) -> tuple[str, str | None]:
        answer = await door.service.check_in(door.event_id, ticket=secret_of(sold))
        return answer["outcome"], answer.get("reason")

    sold = door.server.sell("701", name="Zoé Ünal")
    await door.connect()
    await door.round()
    assert await scan(sold) == ("checked_in", None)
    reissued = door.server.sell("701", 1000, name="Zoé Ünal", reissued=1)
    await door.round(after=POLL_EVERY)
    assert await scan(sold) == ("refused", "unknown_ticket")
    assert await scan(reissued) == ("already_in", None)
    door.server.sell("701", 1000, name="Zoé Ünal", reissued=1, state="cancelled")
    await door.round(after=POLL_EVERY)
    assert await scan(reissued) == ("refused", "registration_cancelled")
    door.server.sell("701", 1000, name="Zoé Ünal", reissued=1)
    await door.round(after=POLL_EVERY)
    assert await scan(reissued) == ("checked_in", None)


@pytest.mark.parametrize(
    "address, reach, allowed",
    [
        ("https://pretix.eu", Reach(), True),
        ("http://pretix.eu", Reach(), False),
        ("https://127.0.0.1", Reach(), False),
        ("https://[::1]", Reach(), False),
        ("https://[::ffff:10.0.0.1]", Reach(), False),
        ("https://169.254.169.254", Reach(loopback=True), False),
        ("https://10.1.2.3", Reach(loopback=True), False),
        ("http://127.0.0.1:8000", Reach(loopback=True), True),
        ("http://10.1.2.3", Reach(private=True), True),
        ("https://user@pretix.eu", Reach(private=True), False),
        ("file:///etc/passwd", Reach(private=True), False),
    ],
)
def test_only_addresses_of_shops_are_asked(address: str, reach: Reach, allowed: bool) -> None:
    assert reach.allows_url(URL(address)) is allowed


async def test_neither_a_name_that_leads_here_nor_one_that_answers_slowly_or_without_end_is_believed() -> None:
    async with pretix_shop() as server:
        url = URL(server.origin).with_host("localhost") / "api/v1/organizers/asso/events/colloque/items/"
        headers = {"Authorization": f"Token {server.form['api_token']}"}

        async def trouble(reach: Reach, seconds: float = 15) -> Trouble | None:
            client = ShopClient(reach=reach, clock=MovedClock(), seconds=seconds)
            try:
                await client.ask("GET", url, headers=headers)
            except ShopTroubleError as error:
                return error.trouble
            return None

        assert await trouble(Reach(loopback=True)) is None
        assert await trouble(Reach()) is Trouble.ADDRESS_REFUSED
        url = url.with_scheme("https")
        assert await trouble(Reach()) is Trouble.ADDRESS_REFUSED
        url = url.with_scheme("http")
        server.fault = lambda: web.Response(text='{"a": "' + "x" * 9_000_000 + '"}')
        assert await trouble(Reach(loopback=True)) is Trouble.UNREADABLE
        server.slow = 5
        assert await trouble(Reach(loopback=True), seconds=0.2) is Trouble.TOO_SLOW
    assert await trouble(Reach(loopback=True)) is Trouble.UNREACHABLE
