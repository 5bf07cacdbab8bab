"""Receive a webhook: verify on the raw bytes, then parse, then store; only then is it answered."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.identifiers import fact_id
from services.chassis import dead_letters
from services.chassis.clock import Clock
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.platforms.anatomy import Delivery, Platform
from services.streaming_bridge.application.arrivals import Arrival, Outcome
from services.streaming_bridge.application.findings import find
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import UnreadableDeliveryError
from services.streaming_bridge.domain.observations import Ignored
from services.streaming_bridge.domain.sources import PlatformName, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """The use case of the door: what it returns is on disk.

    `store` is the inbox. `pseudonym_key` replaces what a platform made from a name or an address; `sealing` seals
    bodies that cannot be read; `tolerance` is how far the instant of a signature may be from the present.
    """

    book: SourceBook
    platforms: Mapping[PlatformName, Platform]
    store: Callable[[Arrival], Awaitable[Outcome]]
    clock: Clock
    pseudonym_key: bytes
    sealing: SecretBox
    tolerance: timedelta

    async def receive(self, platform_name: PlatformName, source_name: str, delivery: Delivery, *, path: str) -> Outcome:
        """Take one delivery in; `path` is the address it came to, for its dead letter.

        Raises:
            UnknownSourceError: if there is no such source.
            UnverifiedDeliveryError: if it does not prove where it comes from; nothing of it is kept.
            UnreadableDeliveryError: if it is not what the platform sends; it is kept whole, as a dead letter.
            StorageUnavailableError: if it could not be stored; nothing of it is kept.
        """
        source = await self.book.get(source_name, platform_name)
        platform = self.platforms[platform_name]
        now = self.clock()
        platform.verify(delivery, source.webhook_secrets, now=now, tolerance=self.tolerance)
        try:
            arrival = self._arrival(platform, source, delivery, now)
        except UnreadableDeliveryError as error:
            await self.store(self._unreadable(error, source, delivery, path, now))
            raise
        return await self.store(arrival)

    def _arrival(self, platform: Platform, source: Source, delivery: Delivery, now: datetime) -> Arrival:
        observed = platform.observe(platform.parse(delivery))
        if isinstance(observed, Ignored):
            return Arrival(
                fact_id=fact_id(source.uri, *observed.identity),
                source=source.name,
                source_uri=source.uri,
                received_at=now,
                ignored_type=observed.event_type,
            )
        finding, guest = find(observed, source, pseudonym_key=self.pseudonym_key)
        return Arrival(
            fact_id=finding.fact_id,
            source=source.name,
            source_uri=source.uri,
            received_at=now,
            finding=finding,
            guest=guest,
        )

    def _unreadable(
        self, error: UnreadableDeliveryError, source: Source, delivery: Delivery, path: str, now: datetime
    ) -> Arrival:
        """The same body again is the same dead letter: platforms repeat what was refused."""
        letter = dead_letters.from_request(
            service="streaming_bridge",
            reason=error.explanation,
            now=now,
            path=path,
            body=delivery.body,
            box=self.sealing,
            key=source.name.encode(),
        )
        return Arrival(
            fact_id=fact_id(source.uri, "unreadable", hashlib.sha256(delivery.body).hexdigest()),
            source=source.name,
            source_uri=source.uri,
            received_at=now,
            dead_letter=letter,
        )
