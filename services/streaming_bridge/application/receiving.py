"""Receive a webhook: verify on the raw bytes, then parse, then store; only then is it answered."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.identifiers import fact_id
from services.chassis import dead_letters
from services.chassis.clock import Clock
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.platforms.anatomy import Challenge, Delivery, Platform
from services.streaming_bridge.application.arrivals import Arrival, Outcome
from services.streaming_bridge.application.findings import find, identity_of
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import (
    StorageUnavailableError,
    UnreadableDeliveryError,
    UnstorableError,
    UnverifiedDeliveryError,
)
from services.streaming_bridge.domain.observations import Ignored, Observation
from services.streaming_bridge.domain.sources import PlatformName, Source

_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_MOST_TELLING: Final = (Outcome.UNCLAIMED, Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.IGNORED, Outcome.UNREADABLE)
"""What is answered to a delivery that says several things: the first of these that became of any of them."""


def trace_of(delivery: Delivery) -> str | None:
    """The trace that a request belongs to (W3C Trace Context), where a proxy or the platform says so in its form.

    None is made up here: a trace that nobody began tells nothing, and costs whoever folds the fact its quick way.
    """
    given = delivery.headers.get("traceparent", "")
    return given if _TRACEPARENT.fullmatch(given) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """The use case of the door: what it returns is on disk.

    `store` is the inbox, `is_full` whether so many wait for it that it takes none. `pseudonym_key` replaces what a
    platform made from a name or an address; `sealing` seals bodies that cannot be read; `tolerance` is how far the
    instant of a signature may be from the present.
    """

    book: SourceBook
    platforms: Mapping[PlatformName, Platform]
    store: Callable[[Arrival], Awaitable[Outcome]]
    is_full: Callable[[], bool]
    clock: Clock
    pseudonym_key: bytes
    sealing: SecretBox
    tolerance: timedelta

    async def receive(
        self,
        platform_name: PlatformName,
        source_name: str,
        delivery: Delivery,
        *,
        path: str,
        refused: Callable[[UnreadableDeliveryError], None],
    ) -> Outcome | Mapping[str, str]:
        """Take one delivery in, or give the answer to a challenge. `path` is where it came to, for its dead letter.

        `refused` is told what cannot be read of a delivery whose other parts are taken in.

        Raises:
            UnknownSourceError: if there is no such source.
            UnverifiedDeliveryError: if it does not prove where it comes from; nothing of it is kept.
            UnreadableDeliveryError: if it is not what the platform sends; it is kept whole, as a dead letter.
            StorageUnavailableError: if it could not be stored; nothing of it is kept.
        """
        source = await self.book.get(source_name, platform_name)
        if self.is_full():
            # Before anything is computed: whoever sends too much is refused for less than it costs to take them in.
            raise StorageUnavailableError
        platform = self.platforms[platform_name]
        now = self.clock()
        platform.verify(delivery, source.webhook_secrets, now=now, tolerance=self.tolerance)
        try:
            parsed = platform.parse(delivery)
            if isinstance(parsed, Challenge):
                return parsed.answer(self._proved_by(platform, delivery, source, now))
            observed = platform.observe(parsed)
        except UnreadableDeliveryError as error:
            await self.store(self._unreadable(error, source, delivery, path, now))
            raise
        try:
            outcome = await self._store(self._arrivals(observed, source, delivery, path, now))
        except UnstorableError:
            unstorable = UnreadableDeliveryError("bad_field", (((), "holds a value that no database takes"),))
            await self.store(self._unreadable(unstorable, source, delivery, path, now))
            raise unstorable from None
        for part in observed:
            if isinstance(part, UnreadableDeliveryError):
                refused(part)
        return outcome

    def _arrivals(
        self,
        observed: Sequence[Observation | Ignored | UnreadableDeliveryError],
        source: Source,
        delivery: Delivery,
        path: str,
        now: datetime,
    ) -> list[Arrival]:
        return [
            self._unreadable(part, source, delivery, path, now)
            if isinstance(part, UnreadableDeliveryError)
            else self._arrival(part, source, now, traceparent=trace_of(delivery))
            for part in observed
        ]

    async def read_again(self, source_name: str, delivery: Delivery) -> Outcome:
        """Take in a delivery that was verified when it came, and could not be read then. Again is harmless.

        Raises:
            UnknownSourceError: if its source was removed since.
            UnreadableDeliveryError: if there is still something in it that cannot be read; the rest is stored then.
            StorageUnavailableError: if it could not be stored.
        """
        source = await self.book.get(source_name)
        platform = self.platforms[source.platform]
        parsed, now = platform.parse(delivery), self.clock()
        if isinstance(parsed, Challenge):
            return Outcome.IGNORED
        observed = platform.observe(parsed)
        readable = [part for part in observed if not isinstance(part, UnreadableDeliveryError)]
        outcome = await self._store([self._arrival(part, source, now) for part in readable])
        for part in observed:
            if isinstance(part, UnreadableDeliveryError):
                raise part
        return outcome

    async def _store(self, arrivals: Sequence[Arrival]) -> Outcome:
        if len(arrivals) == 1:
            return await self.store(arrivals[0])
        # One after the other they are handed over, and so they stand in the inbox in their order.
        outcomes = await asyncio.gather(*map(self.store, arrivals))
        return min(outcomes, key=_MOST_TELLING.index, default=Outcome.IGNORED)

    def _proved_by(self, platform: Platform, delivery: Delivery, source: Source, now: datetime) -> str:
        """The newest secret that proves a verified delivery."""

        def proves(secret: str) -> bool:
            try:
                platform.verify(delivery, (secret,), now=now, tolerance=self.tolerance)
            except UnverifiedDeliveryError:
                return False
            return True

        return next(filter(proves, source.webhook_secrets))

    def _arrival(
        self, observed: Observation | Ignored, source: Source, now: datetime, *, traceparent: str | None = None
    ) -> Arrival:
        if isinstance(observed, Ignored):
            machine = None
            if observed.machine is not None:
                machine, _ = find(observed.machine, source, pseudonym_key=self.pseudonym_key)
            return Arrival(
                fact_id=fact_id(source.uri, *observed.identity),
                source=source.name,
                source_uri=source.uri,
                received_at=now,
                ignored_type=observed.event_type,
                machine=machine,
            )
        finding, guest = find(observed, source, pseudonym_key=self.pseudonym_key)
        return Arrival(
            fact_id=finding.fact_id,
            source=source.name,
            source_uri=source.uri,
            received_at=now,
            finding=finding,
            traceparent=traceparent,
            guest=guest,
            identity=identity_of(observed.connection, finding.subject),
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
