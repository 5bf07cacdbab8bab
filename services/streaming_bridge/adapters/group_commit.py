"""Group commit: many callers share one transaction, and so one wait for the disk."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Never, TypeVar

import structlog

from services.streaming_bridge.domain.errors import StorageUnavailableError

Item = TypeVar("Item")
Result = TypeVar("Result")

LARGEST_GROUP: Final = 500
LONGEST_QUEUE: Final = 10_000
_TURNS: Final = 3

log = structlog.stdlib.get_logger(__name__)


class GroupCommit(Generic[Item, Result]):
    """Collects what arrives while a transaction is on its way to the disk, and writes it in the next one.

    Nobody waits for a timer: an item that comes alone is written alone and at once, and groups grow by themselves with
    the load.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        largest_group: int = LARGEST_GROUP,
        longest_queue: int = LONGEST_QUEUE,
    ) -> None:
        """`write` gives the results of a group, in its order, after their commit; or raises, with nothing written."""
        self._write = write
        self._largest_group = largest_group
        self._longest_queue = longest_queue
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many are not yet in a transaction."""
        return len(self._waiting)

    def is_full(self) -> bool:
        """Whether so many wait that `submit` would refuse."""
        return len(self._waiting) >= self._longest_queue

    async def submit(self, item: Item) -> Result:
        """Return the result of an item once it is committed.

        Raises:
            StorageUnavailableError: if too many wait already.
            Exception: what `write` raised for it.
        """
        if self.is_full():
            raise StorageUnavailableError
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._arrived.set()
        return await future

    async def run(self) -> Never:
        """Write group after group, until cancelled."""
        while True:
            await self._arrived.wait()
            # No timer: a few turns of the event loop, in which requests that were already read get here and join.
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            count = min(self._largest_group, len(self._waiting))
            await self._settle([self._waiting.popleft() for _ in range(count)])
            if not self._waiting:
                self._arrived.clear()

    async def _settle(self, group: list[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        try:
            results = await self._write([item for item, _ in group])
        except StorageUnavailableError:
            log.warning("group_commit.storage_unavailable", refused=len(group), waiting=len(self._waiting))
            for _, future in group:
                _fail(future, StorageUnavailableError())
        except Exception as error:  # noqa: BLE001  (whatever it is belongs to whoever waits for it)
            if len(group) == 1:
                _fail(group[0][1], error)
                return
            # One item that no database takes must not take the others with it.
            for entry in group:
                await self._settle([entry])
        else:
            for (_, future), result in zip(group, results, strict=True):
                # Whoever hung up meanwhile has a cancelled future; their item is committed all the same.
                if not future.done():
                    future.set_result(result)


def _fail(future: "asyncio.Future[Result]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
