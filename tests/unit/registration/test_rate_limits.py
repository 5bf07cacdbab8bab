import pytest
from aiohttp.test_utils import make_mocked_request

from services.registration.web.rate_limits import client_address


@pytest.mark.parametrize(
    "told,client",
    [
        ("203.0.113.9", "203.0.113.9"),
        ("192.168.1.20", "192.168.1.20"),
        ("127.0.0.1", "127.0.0.1"),
        ("8.8.8.8, 1.1.1.1, 10.0.0.1", "1.1.1.1"),
        ("127.0.0.1, 1.1.1.1", "1.1.1.1"),
        ("127.0.0.1, 192.168.1.20", "192.168.1.20"),
        ("::ffff:1.1.1.1, 10.0.0.1", "1.1.1.1"),
        ("2606:4700::1111", "2606:4700::1111"),
        ("nonsense", "None"),
    ],
)
def test_the_client_is_whom_the_proxies_heard_and_not_what_it_says_of_itself(told: str, client: str) -> None:
    request = make_mocked_request("POST", "/", headers={"X-Forwarded-For": told})
    assert str(client_address(request)) == client
