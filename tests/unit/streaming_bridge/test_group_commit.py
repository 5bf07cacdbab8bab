import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from services.chassis.process import Background
from services.streaming_bridge.adapters.group_commit import GroupCommit
from services.streaming_bridge.domain.errors import StorageUnavailableError


class Disk:
    """Writes that take as long as a test wants, and fail as it wants."""

    def __init__(self) -> None:
        self.begun = 0
        self.groups: list[list[int]] = []
        self.free = asyncio.Event()
        self.free.set()
        self.error: Exception | None = None
        self.poison: int | None = None

    async def write(self, items: Sequence[int]) -> list[int]:
        self.begun += 1
        await self.free.wait()
        self.groups.append(list(items))
        if self.error is not None:
            raise self.error
        if self.poison in items:
            raise ValueError(self.poison)
        return [item * 10 for item in items]


@asynccontextmanager
async def committing(disk: Disk, **limits: int) -> AsyncIterator[GroupCommit[int, int]]:
    commits = GroupCommit(disk.write, **limits)
    async with Background() as background:
        background.start("commits", commits.run())
        yield commits


async def test_an_item_that_comes_alone_is_written_at_once() -> None:
    async with committing(disk := Disk()) as commits:
        assert await commits.submit(1) == 10
    assert disk.groups == [[1]]


async def test_what_comes_during_a_write_shares_the_next_one() -> None:
    async with committing(disk := Disk()) as commits:
        disk.free.clear()
        first = asyncio.ensure_future(commits.submit(1))
        await eventually(lambda: disk.begun == 1)
        others = [asyncio.ensure_future(commits.submit(item)) for item in (2, 3, 4)]
        await eventually(lambda: commits.waiting == 3)
        assert not first.done()
        disk.free.set()
        assert await asyncio.gather(first, *others) == [10, 20, 30, 40]
    assert disk.groups == [[1], [2, 3, 4]]


async def test_a_group_has_a_largest_size() -> None:
    async with committing(disk := Disk(), largest_group=2) as commits:
        assert await asyncio.gather(*(commits.submit(item) for item in range(5))) == [0, 10, 20, 30, 40]
    assert [len(group) for group in disk.groups] == [2, 2, 1]


async def test_a_full_disk_fails_all_of_a_group_and_the_next_one_is_tried_again() -> None:
    async with committing(disk := Disk()) as commits:
        disk.error = StorageUnavailableError()
        failed = await asyncio.gather(*(commits.submit(item) for item in (1, 2)), return_exceptions=True)
        assert [type(error) for error in failed] == [StorageUnavailableError] * 2
        assert disk.groups == [[1, 2]]
        disk.error = None
        assert await commits.submit(3) == 30


async def test_one_item_that_cannot_be_written_takes_no_other_with_it() -> None:
    async with committing(disk := Disk()) as commits:
        disk.poison = 2
        results = await asyncio.gather(*(commits.submit(item) for item in (1, 2, 3)), return_exceptions=True)
        assert results[0] == 10
        assert isinstance(results[1], ValueError)
        assert results[2] == 30


async def test_beyond_the_longest_queue_nothing_more_is_taken() -> None:
    async with committing(disk := Disk(), longest_queue=2) as commits:
        disk.free.clear()
        first = asyncio.ensure_future(commits.submit(1))
        await eventually(lambda: disk.begun == 1)
        waiting = [asyncio.ensure_future(commits.submit(item)) for item in (2, 3)]
        await eventually(lambda: commits.waiting == 2)
        assert commits.is_full()
        with pytest.raises(StorageUnavailableError):
            await commits.submit(4)
        disk.free.set()
        assert await asyncio.gather(first, *waiting) == [10, 20, 30]
        assert not commits.is_full()


async def test_whoever_hangs_up_does_not_disturb_the_others() -> None:
    async with committing(disk := Disk()) as commits:
        disk.free.clear()
        first, second = (asyncio.ensure_future(commits.submit(item)) for item in (1, 2))
        await eventually(lambda: disk.begun == 1)
        first.cancel()
        disk.free.set()
        assert await second == 20
    assert disk.groups == [[1, 2]]


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0)
