"""A full disk: SQLite itself refuses, as it does on one, when its file may not grow beyond a number of pages."""

import asyncio

import sqlalchemy as sa

from services.streaming_bridge.adapters.tables import DELIVERIES
from tests.fakes.bridge import BridgeUnderTest
from tests.fakes.platforms import JitsiShapes
from tests.unit.streaming_bridge.test_source_pages import page

SHAPES = JitsiShapes()


async def test_a_full_disk_is_answered_503_and_leaves_nothing_half_written(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="jitsi", name=SHAPES.source, webhook_token=SHAPES.secret)
    await bridge.claim((SHAPES.source, SHAPES.room))
    await fill(bridge)
    answers = await asyncio.gather(*(answer(bridge, SHAPES.joined(n / 60, who=f"person {n}")) for n in range(400)))
    taken = sum(status == 200 for status, _ in answers)
    assert {status for status, _ in answers} == {200, 503}
    assert {retry for status, retry in answers if status == 503} == {"2"}
    stored = {row.fact_id for row in await bridge.rows(sa.select(DELIVERIES.c.fact_id))}
    assert len(stored) == taken
    assert {fact.id for fact in await bridge.facts()} == stored
    assert SHAPES.source in await page(bridge, f"/sources/{SHAPES.source}")

    await fill(bridge, pages=10_000_000)
    assert await answer(bridge, SHAPES.joined(200, who="the one after")) == (200, None)
    assert "the disk is full" in await page(bridge, f"/sources/{SHAPES.source}")


async def answer(bridge: BridgeUnderTest, body: bytes) -> tuple[int, str | None]:
    """The status and the advice when to try again."""
    request = SHAPES.request(body)
    async with bridge.client.post(request.path, data=request.body, headers=request.headers) as response:
        return response.status, response.headers.get("Retry-After")


async def fill(bridge: BridgeUnderTest, *, pages: int | None = None) -> None:
    """Let the database grow to so many pages and no further (by default: hardly), as a full disk would."""
    async with bridge.bridge.engine.begin() as connection:
        current = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count={pages or current + 8}")
