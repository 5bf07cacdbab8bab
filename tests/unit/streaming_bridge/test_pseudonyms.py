import pytest

from services.streaming_bridge.domain.pseudonyms import connection_pseudonym, user_pseudonym

KEY = b"a key of this installation"


@pytest.mark.parametrize(
    "jid",
    ["14f01c40-5195-4a4d-8efb-f58b49d18741@meet.example.org/OWhl8jSh", "3988218d", "AB01CD23EF@guest.example.org/x"],
)
def test_a_random_connection_stays_as_it_is(jid: str) -> None:
    assert connection_pseudonym(jid, key=KEY) == jid


def test_an_account_in_a_connection_is_replaced() -> None:
    pseudonym = connection_pseudonym("Alice.Martin@meet.example.org/alices-phone", key=KEY)
    assert "alice" not in pseudonym.lower()
    assert pseudonym.endswith("@meet.example.org")
    assert pseudonym != connection_pseudonym("Alice.Martin@meet.example.org/web", key=KEY)


def test_a_pseudonym_is_the_same_again_and_depends_on_the_key() -> None:
    jid = "alice@meet.example.org/web"
    assert connection_pseudonym(jid, key=KEY) == connection_pseudonym(jid, key=KEY)
    assert connection_pseudonym(jid, key=KEY) != connection_pseudonym(jid, key=b"another key")


def test_a_user_id_is_replaced_unless_it_is_random() -> None:
    assert "@" not in user_pseudonym("alice@example.org", key=KEY)
    assert "alice" not in user_pseudonym("alice.martin", key=KEY)
    assert user_pseudonym("42", key=KEY) not in {"42", user_pseudonym("42", key=b"another key")}
    for random in ("0f8b6c1d2e3f4a5b6c7d8e9f0a1b2c3d", "7d4f0c3e-5c7a-4f6a-9f0e-2f5b1c9d8e7a"):
        assert user_pseudonym(random, key=KEY) == random
