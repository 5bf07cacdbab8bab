import pytest
from aiohttp.test_utils import make_mocked_request

from services.registration.web.rate_limits import Allowance, client_address


def test_an_allowance_is_refilled_evenly_and_a_refusal_costs_nothing() -> None:
    now = 0.0
    allowance = Allowance(most=2, seconds=60, clock=lambda: now)
    assert [allowance.wait_for("a") for _ in range(2)] == [0, 0]
    assert [allowance.wait_for("a") for _ in range(2)] == [30, 30]
    assert allowance.wait_for("b") == 0
    now = 30.0
    assert allowance.wait_for("a") == 0
    assert allowance.wait_for("a") == 30
    now = 10_000.0
    assert allowance.wait_for("a", 2) == 0


def test_more_at_once_than_there_ever_are_count_as_all() -> None:
    allowance = Allowance(most=2, seconds=60, clock=lambda: 0.0)
    assert allowance.wait_for("a", 50) == 0
    assert allowance.wait_for("a") == 30


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
