"""What access tokens and one-time codes need of the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """An access token as stored: only its hash; `expires_at` is set on those of a browser session."""

    token_id: str
    hash: str
    role: str
    event_id: str | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class TokenReading(Protocol):
    """A consistent view of tokens."""

    async def token(self, token_hash: str) -> StoredToken | None:
        """The token of this hash."""
        ...

    async def token_of_id(self, token_id: str) -> StoredToken | None:
        """The token of this id."""
        ...


class TokenWriting(TokenReading, Protocol):
    """A transaction on them."""

    async def add_token(self, token: StoredToken) -> None:
        """Insert a token."""
        ...

    async def revoke_token(self, token_id: str, *, at: datetime) -> bool:
        """Revoke a token; False if there is none of this id."""
        ...

    async def add_sign_in_code(self, code_hash: str, *, expires_at: datetime) -> None:
        """Insert a one-time code."""
        ...

    async def take_sign_in_code(self, code_hash: str, *, now: datetime) -> bool:
        """Use up a code; False if it is unknown, used or expired."""
        ...
