"""Signing in with an OpenID provider that runs here, and signs real tokens."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from services.chassis.settings import SettingsError
from services.registration.settings import RegistrationSettings
from tests.builders import settings_for
from tests.fakes.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdServer, new_key, openid_server
from tests.integration.running_registration import RunningRegistration, running_registration

ANNE = {"name": "Anne", "email": "anne@example.org", "role": "organizer"}


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[OpenIdServer]:
    async with openid_server(sub="42", email="Anne@example.org", email_verified=True) as running:
        yield running


@pytest_asyncio.fixture
async def service(tmp_path: Path, provider: OpenIdServer) -> AsyncIterator[RunningRegistration]:
    oidc: dict[str, Any] = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_name": "Mon asso",
    }
    async with running_registration(tmp_path, **oidc) as running:
        yield running


async def go_and_come_back(service: RunningRegistration, following: str = "/") -> str:
    """The path on which the browser comes back from the provider."""
    away = await service.redirect("GET", f"/sign-in/oidc?next={following}")
    async with service.client.session.get(away, allow_redirects=False) as answer:
        back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


async def test_who_was_invited_signs_in_with_the_provider_and_goes_on(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.api("POST", f"/events/{event_id}/members", ANNE, expect=201)
    assert "Sign in with Mon asso" in await service.page("GET", "/sign-in")
    back = await go_and_come_back(service, following=f"/events/{event_id}")
    assert await service.redirect("GET", back) == f"/events/{event_id}"
    await service.page("GET", f"/events/{event_id}/access")
    assert "took too long" in await service.page("GET", back, expect=403), "what comes back is good once"


async def test_who_changed_their_address_there_is_known_by_the_provider_s_own_id(
    service: RunningRegistration, provider: OpenIdServer
) -> None:
    event_id = await service.event()
    await service.api("POST", f"/events/{event_id}/members", ANNE, expect=201)
    assert await service.redirect("GET", await go_and_come_back(service)) == "/"
    provider.claims["email"] = "anne.new@example.org"
    assert await service.redirect("GET", await go_and_come_back(service)) == "/"


async def test_nobody_is_let_in_who_has_no_account_or_an_address_that_is_not_verified(
    service: RunningRegistration, provider: OpenIdServer
) -> None:
    assert "Ask an organizer" in await service.page("GET", await go_and_come_back(service), expect=403)
    event_id = await service.event()
    await service.api("POST", f"/events/{event_id}/members", ANNE, expect=201)
    provider.claims["email_verified"] = False
    assert "Ask an organizer" in await service.page("GET", await go_and_come_back(service), expect=403)


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "somebody-else"},
    "several audiences and no authorized party": {"aud": [CLIENT_ID, "somebody-else"]},
    "another nonce": {"nonce": "of another sign-in"},
    "expired": {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
    "of the future": {"iat": datetime.now(UTC) + timedelta(hours=1)},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_token_that_does_not_hold_lets_nobody_in(
    service: RunningRegistration, provider: OpenIdServer, lie: dict[str, Any]
) -> None:
    event_id = await service.event()
    await service.api("POST", f"/events/{event_id}/members", ANNE, expect=201)
    provider.lies = lie
    assert "could not be verified" in await service.page("GET", await go_and_come_back(service), expect=403)


async def test_a_forged_signature_or_state_or_another_browser_lets_nobody_in(
    service: RunningRegistration, provider: OpenIdServer
) -> None:
    event_id = await service.event()
    await service.api("POST", f"/events/{event_id}/members", ANNE, expect=201)
    back = await go_and_come_back(service)
    assert "took too long" in await service.page("GET", back.replace("state=", "state=x"), expect=403)
    back = await go_and_come_back(service)
    service.client.session.cookie_jar.clear()
    assert "took too long" in await service.page("GET", back, expect=403)
    back = (await go_and_come_back(service)).partition("&iss=")[0]
    assert "could not be verified" in await service.page("GET", f"{back}&iss=https://evil.example", expect=403)
    provider.signs_with = new_key()
    assert "could not be verified" in await service.page("GET", await go_and_come_back(service), expect=403)
    assert "You did not sign in there" in await service.page("GET", "/sign-in/oidc/callback?error=x", expect=403)


@pytest.mark.parametrize(
    "wrong,named",
    [
        ({"oidc_issuer": "https://login.example.org"}, "PASSERELLE_OIDC_CLIENT_ID"),
        ({"oidc_client_id": "passerelle"}, "PASSERELLE_OIDC_CLIENT_ID"),
        ({"oidc_issuer": "http://login.example.org", "oidc_client_id": "p"}, "PASSERELLE_OIDC_ISSUER"),
    ],
)
def test_settings_of_a_provider_that_cannot_work_are_named(tmp_path: Path, wrong: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        settings_for(RegistrationSettings, data_dir=tmp_path, **wrong)
