"""The pages of ticket shops: connected, looked at and switched on without JavaScript."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from services.chassis.access import Role
from services.registration.domain.ticket_shops import Platform
from tests.fakes.ticket_shops import API_TOKEN, IN_ROOM, LUNCH, ON_LINK
from tests.integration.connected_shop import ConnectedShop, connected_shop

EACH = pytest.mark.parametrize("platform", list(Platform))


@pytest_asyncio.fixture
async def door(tmp_path: Path, platform: Platform) -> AsyncIterator[ConnectedShop]:
    async with connected_shop(platform, tmp_path) as opened:
        await opened.service.sign_in()
        yield opened


def terms(platform: Platform, **more: str) -> dict[str, str]:
    """What an organizer chooses for each kind of ticket."""
    prefix = "1-" if platform is Platform.PRETIX else ""
    kinds = {f"{prefix}{IN_ROOM}": "in_person", f"{prefix}{ON_LINK}": "remote", LUNCH: "nobody"}
    return {f"kind.{kind}": choice for kind, choice in kinds.items()} | {"language": "fr", "letters": "true"} | more


@EACH
async def test_a_shop_is_connected_looked_at_and_switched_on(door: ConnectedShop, platform: Platform) -> None:
    service, form = door.service, dict(door.server.form)
    here = f"/events/{door.event_id}/ticket-shops"
    assert here in await service.page("GET", f"/events/{door.event_id}")
    secret = "api_token" if platform is Platform.PRETIX else "client_secret"
    page = await service.page("POST", f"{here}/new/{platform}", {**form, secret: "a-wrong-one"}, expect=422)
    assert "refuses the token" in page
    assert f'id="{secret}-error"' in page
    empty = await service.page("POST", f"{here}/new/{platform}", {"url": "pretix.eu/asso", "event": "é"}, expect=422)
    assert empty.count('aria-invalid="true"') >= 3
    if platform is Platform.PRETIX:
        whole = await service.page("POST", f"{here}/new/pretix", form | {"url": f"{form['url']}/asso"}, expect=422)
        assert "without anything behind it" in whole
    one = await service.redirect("POST", f"{here}/new/{platform}", form)
    again = await service.page("POST", f"{here}/new/{platform}", form, expect=422)
    assert "connected to the event already" in again
    door.server.sell("601", name="Zoé Ünal")
    door.server.sell("602", name="Ida Noir", kind="99")
    unchosen = await service.page("POST", one, {"language": "fr", "then": "start"}, expect=422)
    assert unchosen.count("Say how the holders") == 6
    looked = await service.page("POST", one, terms(platform, then="look"))
    assert "Zoé Ünal" in looked
    assert await door.people() == []
    assert await service.redirect("POST", one, terms(platform, then="start")) == one
    assert [name for name, *_ in await door.people()] == ["Zoé Ünal"]
    seat = (await service.api("GET", f"/events/{door.event_id}/registrations"))["items"][0]["participant_id"]
    assert "<dd>601</dd>" in await service.page("GET", f"/events/{door.event_id}/registrations/{seat}")
    shown = await service.page("GET", one)
    assert "This kind of ticket is new" in shown
    assert "Ida Noir" not in shown
    door.server.sell("603", name="Kim Lee")
    await service.redirect("POST", f"{one}/import")
    assert len(await door.people()) == 2
    await service.redirect("POST", one, terms(platform, then="pause"))
    door.server.sell("604", name="Too Late")
    await door.round()
    assert len(await door.people()) == 2
    log = await service.page("GET", f"/events/{door.event_id}/audit")
    assert "connected a ticket shop" in log
    await service.redirect("POST", f"{one}/disconnect")
    await service.page("GET", one, expect=404)
    assert len(await door.people()) == 2


@EACH
async def test_secrets_go_in_and_never_come_out(door: ConnectedShop, platform: Platform, tmp_path: Path) -> None:
    service, form = door.service, dict(door.server.form)
    here = f"/events/{door.event_id}/ticket-shops"
    one = await service.redirect("POST", f"{here}/new/{platform}", form)
    secrets = {API_TOKEN, "helloasso-secret"}
    pages = [await service.page("GET", path) for path in (here, one, f"{one}/connection")]
    assert not [secret for secret in secrets for page in pages if secret in page]
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert not [secret for secret in secrets if secret.encode() in stored]

    def changed(**typed: str) -> Mapping[str, str]:
        kept = {name: "" for name in form if name in {"api_token", "client_id", "client_secret"}}
        return {**form, **kept, **typed}

    assert await service.redirect("POST", f"{one}/connection", changed()) == one
    wrong = changed(event="another", form="another")
    page = await service.page("POST", f"{one}/connection", wrong, expect=422)
    assert "knows no such organizer, event or form" in page
    assert not [secret for secret in secrets if secret in page]
    await service.sign_in(Role.ANALYST, door.event_id)
    for method, path in (("GET", here), ("GET", one), ("POST", f"{one}/import"), ("POST", f"{one}/disconnect")):
        await service.page(method, path, {} if method == "POST" else None, expect=403)


@pytest.mark.parametrize("platform", [Platform.PRETIX])
async def test_an_address_that_is_no_public_shop_is_refused_at_its_field(tmp_path: Path, platform: Platform) -> None:
    async with connected_shop(platform, tmp_path, public_url="https://events.example.org") as door:
        token = {"Authorization": f"Bearer {door.service.organizer}", "Accept-Language": "en"}
        path = f"/events/{door.event_id}/ticket-shops/new/pretix"
        async with door.service.client.post(path, data=door.server.form, headers=token) as response:
            assert response.status == 422
            assert "This address may not be asked" in await response.text()
        assert door.server.asked == []
