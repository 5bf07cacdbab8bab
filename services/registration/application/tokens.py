"""Use cases about access tokens and one-time sign-in codes. Only their hashes are stored."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.chassis.access import Grant, Role
from services.chassis.clock import Clock
from services.registration.application.ports import Mint, Store
from services.registration.application.token_ports import StoredToken

TOKEN_PREFIX: Final = "psr_"  # noqa: S105  (what every token begins with, and no secret)
SIGN_IN_CODE_LIFETIME: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a token or a session allows, and until when, by the clock; None is without end."""

    grant: Grant
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Who may do what. A token is 256 random bits, so a plain SHA-256 of it is all that needs keeping."""

    store: Store
    clock: Clock
    mint: Mint

    async def create(self, role: Role, *, event_id: str | None = None) -> str:
        """Make a token, good until it is revoked, and return it, this once.

        Raises:
            EventNotFoundError: if it is to be limited to an event that does not exist.
        """
        now = self.clock()
        token = f"{TOKEN_PREFIX}{self.mint.secret()}"
        async with self.store.writing() as transaction:
            if event_id is not None:
                await transaction.event(event_id)
            stored = StoredToken(
                token_id=self.mint.part_id("tok"),
                hash=hash_of(token),
                role=role,
                event_id=event_id,
                created_at=now,
            )
            await transaction.add_token(stored)
        return token

    async def verify(self, token: str) -> Grant | None:
        """What a token allows; None if it is unknown, expired or revoked."""
        found = await self.standing(token)
        return None if found is None else found.grant

    async def standing(self, token: str) -> Standing | None:
        """The same, and until when."""
        if not token.startswith(TOKEN_PREFIX):
            return None
        async with self.store.reading() as view:
            stored = await view.token(hash_of(token))
        grant = grant_of_token(stored, now=self.clock())
        return None if stored is None or grant is None else Standing(grant=grant, until=stored.expires_at)

    async def revoke(self, token_id: str) -> bool:
        """Make a token worthless; False if there is none of this id."""
        async with self.store.writing() as transaction:
            return await transaction.revoke_token(token_id, at=self.clock())

    async def create_sign_in_code(self) -> str:
        """Make a code that signs an organizer in, once, within the hour."""
        code = self.mint.secret()
        async with self.store.writing() as transaction:
            await transaction.add_sign_in_code(hash_of(code), expires_at=self.clock() + SIGN_IN_CODE_LIFETIME)
        return code


def grant_of_token(stored: StoredToken | None, *, now: datetime) -> Grant | None:
    """What a token allows now."""
    if stored is None or stored.revoked_at is not None:
        return None
    if stored.expires_at is not None and stored.expires_at <= now:
        return None
    return Grant(token_id=stored.token_id, role=Role(stored.role), event_id=stored.event_id)


def hash_of(secret: str) -> str:
    """What is kept of a secret of many random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
