"""Tokens and one-time sign-in codes in the SQL store, each as its hash."""

from datetime import datetime

from sqlalchemy import delete, insert, update

from services.registration.adapters.account_writing import SqlAccountWriting
from services.registration.adapters.tables import SIGN_IN_CODES, TOKENS
from services.registration.application.token_ports import StoredToken
from services.registration.domain.audit import Act, Deed


class SqlTokenWriting(SqlAccountWriting):
    """A transaction; implements the port `TokenWriting`."""

    async def add_token(self, token: StoredToken) -> None:
        """See the port."""
        await self._connection.execute(
            insert(TOKENS).values(
                token_id=token.token_id,
                hash=token.hash,
                role=token.role,
                event_id=token.event_id,
                created_at=token.created_at,
                expires_at=token.expires_at,
            )
        )
        await self.note(Deed(act=Act.TOKEN_CREATED, event_id=token.event_id, subject=token.token_id))

    async def revoke_token(self, token_id: str, *, at: datetime) -> bool:
        """See the port."""
        mine = TOKENS.c.token_id == token_id
        changed = await self._connection.execute(update(TOKENS).where(mine).values(revoked_at=at))
        if not changed.rowcount:
            return False
        await self.note(Deed(act=Act.TOKEN_REVOKED, subject=token_id))
        return True

    async def add_sign_in_code(self, code_hash: str, *, expires_at: datetime) -> None:
        """See the port."""
        await self._connection.execute(insert(SIGN_IN_CODES).values(hash=code_hash, expires_at=expires_at))

    async def take_sign_in_code(self, code_hash: str, *, now: datetime) -> bool:
        """See the port."""
        await self._connection.execute(delete(SIGN_IN_CODES).where(SIGN_IN_CODES.c.expires_at <= now))
        taken = await self._connection.execute(delete(SIGN_IN_CODES).where(SIGN_IN_CODES.c.hash == code_hash))
        return taken.rowcount > 0
