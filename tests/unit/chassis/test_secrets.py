"""Sealed boxes and link tokens."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.secrets import BrokenSealError, ExpiredTokenError, SecretBox
from tests.builders import SECRET_KEY

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BOX = SecretBox.derive(SECRET_KEY, purpose="tests")


@given(st.binary(max_size=200))
def test_what_was_sealed_opens_as_it_was(plain: bytes) -> None:
    sealed = BOX.seal(plain)

    assert SecretBox.derive(SECRET_KEY, purpose="tests").open(sealed) == plain
    assert len(plain) < 8 or plain not in sealed


@pytest.mark.parametrize(
    "other", [SecretBox.derive(SECRET_KEY, purpose="join"), SecretBox.derive(SECRET_KEY + "!", purpose="tests")]
)
def test_another_purpose_or_another_installation_opens_nothing(other: SecretBox) -> None:
    with pytest.raises(BrokenSealError):
        other.open(BOX.seal(b"bonjour"))


def test_a_changed_seal_is_broken() -> None:
    sealed = bytearray(BOX.seal(b"bonjour"))
    sealed[30] ^= 1

    with pytest.raises(BrokenSealError):
        BOX.open(bytes(sealed))


def test_a_token_carries_its_payload_until_it_expires() -> None:
    token = BOX.seal_token({"participant_id": "par_1", "moderator": False}, expires_at=NOW + timedelta(seconds=60))

    assert BOX.open_token(token, now=NOW + timedelta(seconds=59)) == {"participant_id": "par_1", "moderator": False}
    with pytest.raises(ExpiredTokenError):
        BOX.open_token(token, now=NOW + timedelta(seconds=60))


def test_a_token_without_end_never_expires() -> None:
    token = BOX.seal_token({}, expires_at=None)

    assert BOX.open_token(token, now=NOW + timedelta(days=36500)) == {}


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_a_token_fits_a_link(payload: dict[str, str]) -> None:
    token = BOX.seal_token(payload, expires_at=None)

    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert BOX.open_token(token, now=NOW) == payload


@given(st.text())
def test_whatever_else_stands_in_the_link_is_a_broken_seal(token: str) -> None:
    with pytest.raises(BrokenSealError):
        BOX.open_token(token, now=NOW)


def test_sealed_bytes_that_are_no_token_are_a_broken_seal() -> None:
    for plain in (b"no JSON", b"[]", b"{}", b'"text"'):
        with pytest.raises(BrokenSealError):
            BOX.open_token(BOX.seal(plain).decode().rstrip("="), now=NOW)
