"""Use cases about going on in the same browser at another name of this machine, where its cookie does not come."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.ports import Mint, Store
from services.registration.application.sessions import Opened, Sessions
from services.registration.application.tokens import hash_of

LIFETIME: Final = timedelta(minutes=2)
_KIND: Final = "hand_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Lets who is signed in at one name be signed in at the other."""

    store: Store
    clock: Clock
    mint: Mint
    sessions: Sessions

    async def begin(self, account_id: str) -> str:
        """A secret that opens one session of this account, soon."""
        secret = self.mint.secret()
        content = {"account_id": account_id}
        async with self.store.writing() as transaction:
            await transaction.add_ceremony(hash_of(secret), _KIND, content, until=self.clock() + LIFETIME)
        return secret

    async def finish(self, secret: str, *, device: str) -> Opened | None:
        """Use the secret up; None if it is not valid (any more)."""
        async with self.store.writing() as transaction:
            kept = await transaction.take_ceremony(hash_of(secret), _KIND, now=self.clock())
            if kept is None or await transaction.account(kept["account_id"]) is None:
                return None
            return await self.sessions.open(transaction, holder=kept["account_id"], device=device)
