"""What is remembered of tokens, and for how long."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.access import Grant, Role
from services.registration.application.known_grants import BELIEVED, KnownGrants
from services.registration.application.tokens import Standing

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DESK = Grant(token_id="tok_1", role=Role.DESK, event_id="evt_1")


class Tokens:
    """A database of one token, which counts how often it was asked; and a clock."""

    def __init__(self) -> None:
        self.now = NOON
        self.standing: Standing | None = Standing(grant=DESK, until=None)
        self.asked = 0

    async def ask(self, _: str) -> Standing | None:
        self.asked += 1
        return self.standing


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def grants(tokens: Tokens) -> KnownGrants:
    return KnownGrants(tokens.ask, lambda: tokens.now)


async def test_a_token_is_asked_about_once_in_two_seconds(tokens: Tokens, grants: KnownGrants) -> None:
    assert [await grants.verify("t") for _ in range(3)] == [DESK] * 3
    assert tokens.asked == 1
    tokens.now = NOON + BELIEVED
    tokens.standing = None
    assert await grants.verify("t") is None


async def test_those_who_show_it_together_ask_once(tokens: Tokens, grants: KnownGrants) -> None:
    assert await asyncio.gather(*(grants.verify("t") for _ in range(5))) == [DESK] * 5
    assert tokens.asked == 1


async def test_a_change_counts_at_once(tokens: Tokens, grants: KnownGrants) -> None:
    await grants.verify("t")
    tokens.standing = None
    grants.forget()
    assert await grants.verify("t") is None


async def test_what_was_read_before_a_change_is_not_remembered(tokens: Tokens) -> None:
    async def revoked_meanwhile(token: str) -> Standing | None:
        found = await tokens.ask(token)
        tokens.standing = None
        hasty.forget()
        return found

    hasty = KnownGrants(revoked_meanwhile, lambda: tokens.now)
    assert await hasty.verify("t") == DESK
    assert await hasty.verify("t") is None


async def test_nothing_is_believed_past_its_own_end_or_by_a_clock_set_back(tokens: Tokens, grants: KnownGrants) -> None:
    tokens.standing = Standing(grant=DESK, until=NOON + timedelta(seconds=1))
    await grants.verify("t")
    for now in (NOON + timedelta(seconds=1), NOON - timedelta(seconds=1)):
        tokens.now, before = now, tokens.asked
        await grants.verify("t")
        assert tokens.asked == before + 1


async def test_a_refusal_is_not_remembered(tokens: Tokens, grants: KnownGrants) -> None:
    tokens.standing = None
    assert await grants.verify("t") is None
    tokens.standing = Standing(grant=DESK, until=None)
    assert await grants.verify("t") == DESK
