"""What tokens allow, remembered for a moment: a desk shows its token at every scan."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from services.chassis.access import Grant
from services.chassis.clock import Clock
from services.registration.application.tokens import Standing

BELIEVED: Final = timedelta(seconds=2)
_MOST_KNOWN: Final = 10_000


class KnownGrants:
    """Knows which tokens are valid (`TokenVerifier`), and asks about each once in two seconds.

    What is changed through this process counts at once: `forget` is called after each commit that may change what
    anybody may do. What another process changes (the command line) counts within two seconds. Refusals are not
    remembered, so a new token works at once. Tokens are kept by their hash only.
    """

    def __init__(self, ask: Callable[[str], Awaitable[Standing | None]], clock: Clock) -> None:
        """`ask` reads what a token allows from the database."""
        self._ask = ask
        self._clock = clock
        self._known: dict[bytes, tuple[datetime, datetime, Grant]] = {}
        self._asking: dict[bytes, asyncio.Task[Grant | None]] = {}

    async def verify(self, token: str) -> Grant | None:
        """What a token allows; None if it is unknown, over or revoked."""
        key, now = hashlib.sha256(token.encode()).digest(), self._clock()
        known = self._known.get(key)
        # A clock that was set back must not lengthen it.
        if known is not None and known[0] <= now < known[1]:
            return known[2]
        asking = self._asking.get(key)
        if asking is None:
            # A task of its own: whoever asked first may go away, and others wait for the same answer.
            asking = self._asking[key] = asyncio.create_task(self._find(key, token, now))
        return await asyncio.shield(asking)

    def forget(self) -> None:
        """Believe nothing of what was read before."""
        self._known.clear()
        self._asking.clear()

    async def _find(self, key: bytes, token: str, now: datetime) -> Grant | None:
        mine = asyncio.current_task()
        try:
            found = await self._ask(token)
            # What was read before a change may be over by now.
            if found is not None and self._asking.get(key) is mine:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                believed = now + BELIEVED
                self._known[key] = (now, believed if found.until is None else min(believed, found.until), found.grant)
        finally:
            if self._asking.get(key) is mine:
                del self._asking[key]
        return None if found is None else found.grant
