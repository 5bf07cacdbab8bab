"""Use cases about desk passes: what a desk keeps, sealed, in case its browser loses the cookie.

A browser that is killed forgets the cookies of the last half minute, and a volunteer has nothing to sign in with again.
A pass is good for the desk of one event only, as long as the session that it was made by.
"""

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from services.chassis.access import Grant, Role
from services.registration.application.sessions import SESSION_PREFIX, Sessions
from services.registration.application.tokens import Standing, hash_of

PASS_PREFIX: Final = "pdp_"  # noqa: S105  (what every pass begins with, and no secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPasses:
    """The passes of all desks. Nothing of them is stored: each tells the hash of its session, signed with `key`."""

    sessions: Sessions
    key: bytes

    def create(self, event_id: str, *, session: str) -> str | None:
        """A pass for the desk of an event, by the session of whoever stands there; None for what is no session."""
        if not session.startswith(SESSION_PREFIX):
            return None
        told = f"{event_id}.{hash_of(session)}"
        return f"{PASS_PREFIX}{told}.{self._signature(told)}"

    async def standing(self, token: str) -> Standing | None:
        """What a pass, a session or a token allows now; None if it is worth nothing (any more)."""
        if not token.startswith(PASS_PREFIX):
            return await self.sessions.standing(token)
        told, _, signature = token.removeprefix(PASS_PREFIX).rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(told).encode()):
            return None
        event_id, _, session_hash = told.rpartition(".")
        found = await self.sessions.standing_of(session_hash)
        if found is None or not found.grant.allows(Role.DESK, event_id=event_id):
            return None
        grant = Grant(token_id=found.grant.token_id, role=Role.DESK, event_id=event_id, holder=found.grant.holder)
        return Standing(grant=grant, until=found.until)

    def _signature(self, told: str) -> str:
        made = hmac.new(self.key, told.encode(), sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")
