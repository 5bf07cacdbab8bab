"""Try again what could not be read, after a fix: by a button, or by `passerelle dead-letters redrive`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from services.chassis.secrets import BrokenSealError
from services.streaming_bridge.adapters.platforms.anatomy import Delivery
from services.streaming_bridge.adapters.unreadable import Place, SqlUnreadable, Unreadable
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.application.receiving import Receiving
from services.streaming_bridge.domain.errors import UnreadableDeliveryError

OTHER_KEY: Final = "sealed by another key of this installation"
_AT_ONCE: Final = 50
"""They are stored together, with one wait for the disk."""
_MOST: Final = 1000
"""As many as somebody waits for who pressed a button; what is left takes another press."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of several: how many were read, and how many still cannot be."""

    read: int
    unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondReading:
    """What is read is taken in as if it had just come, and kept no longer. Facts count once: again is harmless."""

    kept: SqlUnreadable
    receiving: Receiving
    public_url: str

    async def of_body(self, letter_id: str, *, source: str, path: str, body: bytes) -> Outcome:
        """Try one that is known by its dead letter, whether it is kept here or not.

        Raises:
            UnknownSourceError: if its source was removed.
            UnreadableDeliveryError: if it still cannot be read.
            StorageUnavailableError: if nothing can be stored now.
        """
        # The headers are not kept: they are the proof, and that was looked at when it came.
        delivery = Delivery(url=f"{self.public_url}{path}", headers={}, body=body)
        try:
            outcome = await self.receiving.read_again(source, delivery)
        except UnreadableDeliveryError as error:
            await self.kept.note(letter_id, reason=error.explanation, now=self.receiving.clock())
            raise
        await self.kept.settle(letter_id, now=self.receiving.clock())
        log.info("unreadable.read", source=source, outcome=outcome.value)
        return outcome

    async def of_letter(self, letter_id: str) -> Tried:
        """Try one that is kept here; neither read nor unread if it is not, any more. Raises as `of_source`."""
        letter = await self.kept.find(letter_id)
        return await self._several([] if letter is None else [letter])

    async def of_source(self, source: str) -> Tried:
        """Try all of a source, as they came; of very many, the first.

        Raises:
            UnknownSourceError: if it was removed.
            StorageUnavailableError: if nothing can be stored now; what was read until then is settled.
        """
        tried, after = Tried(read=0, unread=0), None
        while tried.read + tried.unread < _MOST:
            some = await self.kept.of_source(source, after=after, limit=_AT_ONCE)
            if not some:
                break
            more = await self._several(some)
            tried = Tried(read=tried.read + more.read, unread=tried.unread + more.unread)
            after = place_of(some[-1])
        return tried

    async def _several(self, letters: Sequence[Unreadable]) -> Tried:
        outcomes = await asyncio.gather(*map(self._is_read, letters))
        return Tried(read=sum(outcomes), unread=len(outcomes) - sum(outcomes))

    async def _is_read(self, letter: Unreadable) -> bool:
        try:
            body = self.receiving.sealing.open(letter.sealed_body)
            await self.of_body(letter.letter_id, source=letter.source, path=letter.path, body=body)
        except BrokenSealError:
            await self.kept.note(letter.letter_id, reason=OTHER_KEY, now=self.receiving.clock())
            return False
        except UnreadableDeliveryError:
            return False
        return True


def place_of(letter: Unreadable) -> Place:
    """Where it stands among those of its source."""
    return letter.received_at, letter.letter_id
