"""Live latency: from the first byte of a signed webhook to its entry in a client's live stream.

    python -m benchmarks.latency [--rate 100] [--seconds 20]

Everything runs as `passerelle up` runs it (gateway, bridge, Kafka, worker, read model, SSE). Deliveries are spread
evenly over one event, at a fixed rate whatever the answers take; the first second is not counted.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import aiohttp
from rich.console import Console

from deploy.local.demo.client import Client, UnexpectedAnswerError
from deploy.local.demo.deliveries import JAAS_APP, PLENARY, Platforms
from deploy.local.demo.scenario import ConnectionDelivery, Venue
from deploy.local.up import everything
from services.chassis.access import Role
from services.chassis.settings import CommonSettings, load_settings
from services.registration.bootstrap import create_token
from services.registration.settings import RegistrationSettings

_WARM_UP_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 30.0


async def measure(*, rate: float, seconds: float) -> list[float]:
    """The latencies in milliseconds, in the order the deliveries were sent; one that never came is infinite."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        token = await create_token(load_settings(RegistrationSettings, data_dir=data_dir), role=Role.ORGANIZER)
        settings = load_settings(CommonSettings, data_dir=data_dir)
        async with (
            everything(settings, port=0, console=Console(stderr=True)) as running,
            Client(running.address, token) as client,
        ):
            platforms = Platforms(opens_at=datetime.now(UTC) - timedelta(hours=1), run=uuid4().hex[:6])
            event_id = await _event(client, platforms)
            return await _deliver_and_listen(client, platforms, event_id, token, rate=rate, seconds=seconds)


async def _event(client: Client, platforms: Platforms) -> str:
    """An event whose room is the plenary's, known to attendance."""
    source = {"platform": "jaas", "name": platforms.jaas_source, "app_id": JAAS_APP}
    await client.api("POST", "/api/v1/sources", source | {"webhook_secret": platforms.jaas_secret})
    starts_at = platforms.opens_at
    event = await client.api(
        "POST",
        "/api/v1/events",
        {
            "title": "Latency",
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(hours=8)).isoformat(),
            "timezone": "Europe/Paris",
            "capacity": {},
            "sessions": [],
            "rooms": [{"name": "Room", "conference": {"source": platforms.jaas_source, "room": PLENARY}}],
        },
    )
    return str(event["event_id"])


async def _deliver_and_listen(
    client: Client, platforms: Platforms, event_id: str, token: str, *, rate: float, seconds: float
) -> list[float]:
    count = int(rate * (seconds + _WARM_UP_SECONDS))
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    complete = asyncio.Event()

    async def listen(ready: asyncio.Event) -> None:
        """Note when each connection of ours is first told of."""
        path = f"/api/v1/events/{event_id}/live"
        headers = {"Authorization": f"Bearer {token}"}
        timeout = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(client.origin, headers=headers, timeout=timeout) as session,
            session.get(path) as answer,
        ):
            answer.raise_for_status()
            ready.set()
            async for line in answer.content:
                now = time.perf_counter()
                for guest in _guests(line):
                    seen.setdefault(guest, now)
                if len(seen) >= count:
                    complete.set()

    async def deliver(number: int) -> None:
        guest = f"{number:032x}"
        delivery = ConnectionDelivery(
            key=guest,
            send=0,
            at=number,
            venue=Venue.PLENARY,
            kind="joined",
            who=guest,
            connection=f"c{number}",
            joined_at=number,
        )
        request = platforms.request(delivery, platform_id=guest, name=None)
        sent[platforms.guest(guest)] = time.perf_counter()
        await client.webhook(request.path, request.body, request.headers)

    ready = asyncio.Event()
    await _until_event_is_known(client, event_id)
    async with asyncio.TaskGroup() as group:
        listener = group.create_task(listen(ready))
        await ready.wait()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(count):
            await asyncio.sleep(began + number / rate - loop.time())
            group.create_task(deliver(number))
        with suppress(TimeoutError):
            await asyncio.wait_for(complete.wait(), _PATIENCE_SECONDS)
        listener.cancel()
    latencies = [(seen.get(guest, float("inf")) - at) * 1000 for guest, at in sent.items()]
    return latencies[int(rate * _WARM_UP_SECONDS) :]


async def _until_event_is_known(client: Client, event_id: str) -> None:
    """Wait until the event itself has come all the way."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            try:
                await client.api("GET", f"/api/v1/events/{event_id}/stats")
            except UnexpectedAnswerError:
                await asyncio.sleep(0.1)
            else:
                return


def _guests(line: bytes) -> list[str]:
    """The guest that a line of the stream tells of, if it does."""
    if not line.startswith(b"data: {"):
        return []
    item = json.loads(line.removeprefix(b"data: "))
    return [item["guest_id"]] if item.get("guest_id") else []


def main() -> None:
    """Print the percentiles."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    arguments = parser.parse_args()
    latencies = asyncio.run(measure(rate=arguments.rate, seconds=arguments.seconds))
    percentiles = statistics.quantiles(latencies, n=100)
    lost = sum(latency == float("inf") for latency in latencies)
    print(f"webhook to SSE at {arguments.rate:g}/s, {len(latencies)} deliveries, {lost} not seen:")
    print(f"p50 {percentiles[49]:.1f} ms   p99 {percentiles[98]:.1f} ms   max {max(latencies):.1f} ms")


if __name__ == "__main__":
    main()
