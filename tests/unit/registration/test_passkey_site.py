"""Where browsers have passkeys: at a name with TLS, and at this machine's own name."""

import pytest

from services.registration.adapters.webauthn_rules import WebAuthn


@pytest.mark.parametrize(
    "public_url,site",
    [
        ("https://passerelle.example.org", ("passerelle.example.org", "https://passerelle.example.org")),
        ("https://passerelle.example.org:8443", ("passerelle.example.org", "https://passerelle.example.org:8443")),
        ("http://localhost:8080", ("localhost", "http://localhost:8080")),
        ("http://127.0.0.1:8080", ("localhost", "http://localhost:8080")),
        ("http://[::1]:8080", ("localhost", "http://localhost:8080")),
        ("http://127.0.0.1", ("localhost", "http://localhost")),
        ("http://passerelle.example.org", None),
        ("https://192.168.1.20:8443", None),
        ("https://127.0.0.1:8443", None),
    ],
)
def test_an_address_has_passkeys_or_leads_to_a_name_that_has(public_url: str, site: tuple[str, str] | None) -> None:
    found = WebAuthn.of(public_url)
    assert (found and (found.rp_id, found.origin)) == site
