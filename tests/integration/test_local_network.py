"""The address for telephones: a kept authority vouches for a certificate of this address that the gateway shows."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from deploy.local.certificates import tls_files
from deploy.local.gateway import GatewaySettings, create_gateway
from deploy.local.lan import on_the_network
from services.chassis.http import listening

NOW = datetime.now(UTC)


async def test_who_trusts_the_authority_trusts_the_gateway_and_nobody_else_does(tmp_path: Path) -> None:
    lan = on_the_network(tmp_path, "127.0.0.1")
    given = {name.removeprefix("PASSERELLE_").lower(): value for name, value in lan.environment.items()}
    settings = GatewaySettings.model_validate({"data_dir": tmp_path, "port": unused_port(), **given})
    app = create_gateway(settings, authority=settings.tls_authority)
    async with listening(app, settings, secure=settings.secure_address) as plain, aiohttp.ClientSession() as client:
        trusting = ssl.create_default_context(cafile=str(lan.tls.authority))
        async with client.get(f"{lan.url}/passerelle.crt", ssl=trusting) as answer:
            assert answer.content_type == "application/x-x509-ca-cert"
            assert await answer.read() == lan.tls.authority.read_bytes()
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await client.get(f"{lan.url}/health/live")
        async with client.get(f"{plain}/health/live") as answer:
            assert answer.ok


def test_a_certificate_is_made_anew_for_another_address_or_near_its_end_and_the_authority_stays(tmp_path: Path) -> None:
    first = tls_files(tmp_path, "192.168.1.20", now=NOW)
    authority, certificate = first.authority.read_bytes(), first.certificate.read_bytes()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert tls_files(tmp_path, "192.168.1.20", now=NOW + timedelta(days=300)).certificate.read_bytes() == certificate
    for address, days in (("192.168.1.21", 0), ("192.168.1.21", 380)):
        before = first.certificate.read_bytes()
        assert tls_files(tmp_path, address, now=NOW + timedelta(days=days)).certificate.read_bytes() != before
        assert first.authority.read_bytes() == authority
