"""The address for telephones: a kept authority vouches for a certificate of this machine that the gateway shows."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port
from cryptography import x509

from deploy.local.certificates import DamagedAuthorityError, tls_files
from deploy.local.gateway import GatewaySettings, create_gateway
from deploy.local.lan import NotOwnAddressError, on_the_network, own_addresses
from services.chassis.http import listening

NOW = datetime.now(UTC)
NAMES = ("192.168.1.20", "10.0.0.5", "ordinateur", "ordinateur.local")


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
        for language, word in (("en", "Certificate Trust Settings"), ("fr", "Réglages des certificats")):
            async with client.get(f"{lan.url}/telephone?lang={language}", ssl=trusting) as answer:
                page = await answer.text()
                assert word in page
                assert lan.fingerprint in page
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await client.get(f"{lan.url}/health/live")
        async with client.get(f"{plain}/health/live") as answer:
            assert answer.ok


def test_a_certificate_names_every_address_and_the_machine(tmp_path: Path) -> None:
    lan = on_the_network(tmp_path, "127.0.0.1")
    named = names_in(lan.tls.certificate)
    assert "127.0.0.1" in named
    assert {own.address for own in own_addresses()} == {own.address for own in lan.others} <= set(named)


def test_another_machines_address_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(NotOwnAddressError) as refused:
        on_the_network(tmp_path, "198.51.100.7")
    assert all(str(own) in str(refused.value) for own in own_addresses())


@pytest.mark.parametrize(
    "names,days,renewed",
    [
        (NAMES, 300, False),
        (NAMES[1:], 0, False),
        (("192.168.1.21", *NAMES), 0, True),
        ((*NAMES, "autre.local"), 0, True),
        (NAMES, 380, True),
    ],
    ids=["later", "fewer addresses", "another address", "another name", "near its end"],
)
def test_a_certificate_is_made_anew_when_it_must_be_and_the_authority_stays(
    tmp_path: Path, names: Sequence[str], days: int, renewed: bool
) -> None:
    first = tls_files(tmp_path, NAMES, now=NOW)
    authority, certificate = first.authority.read_bytes(), first.certificate.read_bytes()
    assert names_in(first.certificate) == list(NAMES)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    again = tls_files(tmp_path, names, now=NOW + timedelta(days=days))
    assert (again.certificate.read_bytes() != certificate) is renewed
    assert again.authority.read_bytes() == authority


def test_a_certificate_that_was_cut_off_or_has_another_key_is_made_anew(tmp_path: Path) -> None:
    files = tls_files(tmp_path, NAMES, now=NOW)
    files.certificate.write_bytes(files.certificate.read_bytes()[:200])
    assert names_in(tls_files(tmp_path, NAMES, now=NOW).certificate) == list(NAMES)
    files.key.write_bytes((tmp_path / "authority-key.pem").read_bytes())
    tls_files(tmp_path, NAMES, now=NOW)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(files.certificate, files.key)


def test_a_damaged_authority_is_not_replaced_behind_the_telephones_backs(tmp_path: Path) -> None:
    files = tls_files(tmp_path, NAMES, now=NOW)
    files.authority.write_text("something else")
    with pytest.raises(DamagedAuthorityError, match=str(tmp_path)):
        tls_files(tmp_path, NAMES, now=NOW)
    assert files.authority.read_text() == "something else"


def names_in(certificate: Path) -> list[str]:
    known = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in names]
