"""Deliveries of any platform to a bridge, and the presence that the fold makes of what it tells."""

from collections.abc import Sequence
from typing import Any

from services.attendance.application.translation import document, domain_fact
from services.attendance.domain.fold import fold_event
from tests.fakes.bridge import OPENING, BridgeUnderTest
from tests.fakes.platforms import Request, Shapes


async def deliver(
    bridge: BridgeUnderTest, shapes: Shapes, bodies: Sequence[bytes], *, status: int = 200
) -> list[dict[str, Any]]:
    """Send deliveries one after the other."""
    return [await send(bridge, shapes.request(body, signed_at=bridge.clock()), status=status) for body in bodies]


async def send(bridge: BridgeUnderTest, request: Request, *, status: int | None = None) -> dict[str, Any]:
    return await bridge.post(request.path, request.body, request.headers, status=status)


async def presence(bridge: BridgeUnderTest, subject: str) -> list[tuple[float, float | None]]:
    """The intervals of somebody, in minutes after the opening, as the fold makes them of the facts."""
    folded = fold_event([domain_fact(document(fact)) for fact in await bridge.facts()])
    start = OPENING.timestamp() * 1000
    return [
        ((interval.start - start) / 60_000, None if interval.end is None else (interval.end - start) / 60_000)
        for interval in folded.people[subject].intervals
    ]
