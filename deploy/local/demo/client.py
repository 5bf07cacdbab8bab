"""The HTTP client of the demo: it knocks until it is let in, as desks and platforms do."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential


class UnexpectedAnswerError(Exception):
    """The service answered something that trying again would not heal."""

    def __init__(self, *, method: str, path: str, status: int, body: str) -> None:
        """Say what was asked and what came back."""
        super().__init__(f"{method} {path} answered {status}: {body[:500]}")
        self.status = status


class _TryAgainError(Exception):
    """A 5xx, a `Retry-After` or a broken connection: the same request may go through later."""


@dataclass(slots=True)
class Client:
    """Calls one origin. A 5xx, a `Retry-After` or a broken connection is tried again, for `patience` seconds."""

    origin: str
    token: str
    patience: float = 120
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    retried: int = 0
    _session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connections."""
        connector = aiohttp.TCPConnector(limit=64)
        self._session = aiohttp.ClientSession(self.origin, connector=connector, timeout=aiohttp.ClientTimeout(total=20))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    async def api(self, method: str, path: str, json: object = None, *, key: str | None = None) -> Any:  # noqa: ANN401
        """Call the API with the token; the answer's JSON.

        Raises:
            UnexpectedAnswerError: on a 4xx.
        """
        headers = {"Authorization": f"Bearer {self.token}"}
        if key:
            headers["Idempotency-Key"] = key
        return await self._call(method, path, lambda _now: headers, json=json)

    async def webhook(self, path: str, body: bytes, headers: Callable[[datetime], Mapping[str, str]]) -> Any:  # noqa: ANN401  (JSON)
        """Deliver a webhook; `headers` is asked for anew at each attempt, since a signature carries its instant."""
        return await self._call("POST", path, headers, data=body)

    async def _call(
        self,
        method: str,
        path: str,
        headers: Callable[[datetime], Mapping[str, str]],
        *,
        json: object = None,
        data: bytes | None = None,
    ) -> Any:  # noqa: ANN401  (JSON)
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((_TryAgainError, aiohttp.ClientConnectionError, asyncio.TimeoutError)),
            stop=stop_after_delay(self.patience),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            reraise=True,
        ):
            with attempt:
                self.retried += attempt.retry_state.attempt_number > 1
                return await self._once(method, path, headers(self.clock()), json=json, data=data)
        return None

    async def _once(
        self, method: str, path: str, headers: Mapping[str, str], *, json: object, data: bytes | None
    ) -> Any:  # noqa: ANN401  (JSON)
        if self._session is None:
            message = "use the client as a context manager"
            raise RuntimeError(message)
        async with self._session.request(method, path, headers=headers, json=json, data=data) as answer:
            text = await answer.text()
            if answer.status >= 500 or "Retry-After" in answer.headers:  # noqa: PLR2004  (what may heal)
                raise _TryAgainError(f"{method} {path} answered {answer.status}: {text[:300]}")
            if answer.status >= 400:  # noqa: PLR2004
                raise UnexpectedAnswerError(method=method, path=path, status=answer.status, body=text)
            return await answer.json(content_type=None) if text else None
