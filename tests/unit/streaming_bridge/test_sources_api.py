from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.databases import ON_BOTH
from tests.fakes.bridge import ANALYST, BridgeUnderTest, running_bridge

JITSI = {
    "platform": "jitsi",
    "name": "main",
    "webhook_token": "a-token-for-webhooks",
    "domain": "https://meet.example.org",
    "app_id": "passerelle",
    "app_secret": "a-secret-for-join-links",
}


async def test_a_source_is_made_and_shown_without_its_secrets(bridge: BridgeUnderTest) -> None:
    made = await bridge.add_source(**JITSI)
    assert made["webhook_url"] == "http://127.0.0.1:8080/webhooks/jitsi/main"
    assert made["settings"] == {"domain": "meet.example.org", "app_id": "passerelle"}
    assert made["webhook_secrets"] == 1
    assert made["makes_join_links"] is True
    shown = await bridge.api("GET", "/api/v1/sources/main", status=200)
    listed = await bridge.api("GET", "/api/v1/sources", status=200)
    assert listed["items"] == [{key: value for key, value in shown.items() if key != "http_status"}]
    for secret in ("a-token-for-webhooks", "a-secret-for-join-links"):
        assert secret not in f"{made}{shown}{listed}"


async def test_secrets_are_sealed_on_disk(bridge: BridgeUnderTest, tmp_path: Path) -> None:
    await bridge.add_source(**JITSI)
    written = b"".join(path.read_bytes() for path in tmp_path.glob("*.db*"))
    assert b"meet.example.org" in written
    assert b"a-token-for-webhooks" not in written
    assert b"a-secret-for-join-links" not in written


async def test_only_organizers_reach_sources(bridge: BridgeUnderTest) -> None:
    for method, path in (("GET", "/api/v1/sources"), ("POST", "/api/v1/sources"), ("DELETE", "/api/v1/sources/main")):
        await bridge.api(method, path, JITSI, status=403, headers=ANALYST)
        await bridge.api(method, path, JITSI, status=401, headers={})


@pytest.mark.parametrize(
    "change,field",
    [
        ({"webhook_token": "short"}, "#/webhook_token"),
        ({"webhook_token": None}, "#/webhook_token"),
        ({"name": "with/slash"}, "#/name"),
        ({"name": ""}, "#/name"),
        ({"platform": "skype"}, "#/platform"),
        ({"domain": "not a host"}, "#/domain"),
        ({"app_secret": None}, "app_id and app_secret belong together"),
        ({"domain": None}, "domain is needed"),
        ({"webhok_token": "a-token-for-webhooks"}, "#/webhok_token"),
    ],
)
async def test_a_wrong_field_is_named(bridge: BridgeUnderTest, change: dict[str, Any], field: str) -> None:
    refused = await bridge.api("POST", "/api/v1/sources", {**JITSI, **change}, status=400)
    assert field in str(refused)


async def test_a_jaas_key_is_checked_when_it_is_given(bridge: BridgeUnderTest) -> None:
    body = {"platform": "jaas", "name": "our", "webhook_secret": "whsec_12345678", "app_id": "vpaas", "key_id": "k1"}
    refused = await bridge.api("POST", "/api/v1/sources", {**body, "private_key": "nothing"}, status=400)
    assert refused["errors"] == [
        {"pointer": "#/private_key", "detail": "This is no private key: it goes from -----BEGIN to -----END."}
    ]
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    made = await bridge.api("POST", "/api/v1/sources", {**body, "private_key": pem}, status=201)
    assert "PRIVATE" not in str(made)


async def test_the_webhook_secret_may_be_called_secret_on_every_platform(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="jitsi", name="one", secret="a-token-for-webhooks")
    await bridge.add_source(platform="jaas", name="two", secret="a-token-for-webhooks")
    changed = await bridge.api("PATCH", "/api/v1/sources/one", {"secret": "another-token"}, status=200)
    assert changed["webhook_secrets"] == 2


@ON_BOTH
async def test_a_name_is_taken_once(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(**JITSI)
    refused = await bridge.api("POST", "/api/v1/sources", {**JITSI, "platform": "jitsi"}, status=409)
    assert refused["reason"] == "source_exists"


@ON_BOTH
async def test_a_repeated_request_with_its_key_is_answered_alike(bridge: BridgeUnderTest) -> None:
    headers = {"Authorization": "Bearer organizer-token", "Idempotency-Key": "one"}
    first = await bridge.api("POST", "/api/v1/sources", JITSI, status=201, headers=headers)
    assert await bridge.api("POST", "/api/v1/sources", JITSI, status=201, headers=headers) == first


async def test_a_change_touches_only_what_it_names(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(**JITSI)
    changed = await bridge.api("PATCH", "/api/v1/sources/main", {"domain": "meet2.example.org"}, status=200)
    assert changed["settings"] == {"domain": "meet2.example.org", "app_id": "passerelle"}
    assert changed["webhook_secrets"] == 1
    assert changed["makes_join_links"] is True
    without = {"app_id": None, "app_secret": None}
    changed = await bridge.api("PATCH", "/api/v1/sources/main", without, status=200)
    assert changed["makes_join_links"] is False


@pytest.mark.parametrize("change", [{"platform": "jaas"}, {"name": "other"}])
async def test_a_source_keeps_its_name_and_platform(bridge: BridgeUnderTest, change: dict[str, str]) -> None:
    await bridge.add_source(**JITSI)
    await bridge.api("PATCH", "/api/v1/sources/main", change, status=400)


async def test_the_oldest_of_many_secrets_is_pushed_out(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(**JITSI)
    for number in range(7):
        change = {"webhook_token": f"a-token-number-{number}"}
        await bridge.api("PATCH", "/api/v1/sources/main", change, status=200)
    assert (await bridge.api("GET", "/api/v1/sources/main", status=200))["webhook_secrets"] == 5


@ON_BOTH
async def test_a_removed_source_is_unknown(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(**JITSI)
    await bridge.api("DELETE", "/api/v1/sources/main", status=204)
    await bridge.api("GET", "/api/v1/sources/main", status=404)
    await bridge.api("DELETE", "/api/v1/sources/main", status=404)
    await bridge.api("PATCH", "/api/v1/sources/main", {}, status=404)


@ON_BOTH
async def test_sources_are_paged(bridge: BridgeUnderTest) -> None:
    for name in ("a", "b", "c"):
        await bridge.add_source(platform="jitsi", name=name, webhook_token="a-token-for-webhooks")
    first = await bridge.api("GET", "/api/v1/sources?limit=2", status=200)
    assert [source["name"] for source in first["items"]] == ["a", "b"]
    second = await bridge.api("GET", f"/api/v1/sources?limit=2&after={first['next']}", status=200)
    assert [source["name"] for source in second["items"]] == ["c"]
    assert second["next"] is None


async def test_the_api_describes_itself(bridge: BridgeUnderTest) -> None:
    document = await bridge.api("GET", "/internal/openapi.json", status=200)
    assert {"/api/v1/sources", "/api/v1/sources/{source}", "/api/v1/unclaimed-rooms"} <= set(document["paths"])


async def test_after_the_installation_s_key_was_changed_secrets_can_be_entered_again(tmp_path: Path) -> None:
    async with running_bridge(tmp_path) as before:
        await before.add_source(**JITSI)
    async with running_bridge(tmp_path, secret_key="another key of the installation, just as long") as after:
        shown = await after.api("GET", "/api/v1/sources/main", status=200)
        assert shown["webhook_secrets"] == 0
        await after.api("PATCH", "/api/v1/sources/main", {"app_id": None}, status=400)
        entered = {"webhook_token": "a-token-for-webhooks", "app_secret": "a-secret-for-join-links"}
        changed = await after.api("PATCH", "/api/v1/sources/main", entered, status=200)
        assert changed["webhook_secrets"] == 1
        assert changed["makes_join_links"] is True
