"""The desk in a browser: from a ticket to the painted answer, on a processor so many times slower than this one.

    python -m benchmarks.desk_page [--slower 1 6] [--tickets 300] [--scans 15] [--beside DIR]

The page is the real one in Debian's Chromium, the service a process of its own on SQLite. Tickets come by the typed
field (as from a handheld scanner) and by a camera, whose picture is drawn in the page; the clock starts when Enter is
pressed or the code is drawn, and stops when the frame with the answer has been painted. `first` is the first answer on
the screen, `last` the server's word. Chromium slows the page's main thread down, and no worker: what runs in one is as
fast as here. `CPU` is what the page's main thread computes until the first answer is painted, at full speed: it is the
same whoever else uses the machine. `--beside` names another copy of the project, measured in turns with this one.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import segno
from playwright.async_api import Browser, CDPSession, Page, async_playwright, expect
from rich.console import Console
from rich.table import Table

from benchmarks.door_service import ROOT, Service, running_service
from services.chassis.access import SESSION_COOKIE

WAYS: Final = ("typed", "typed, no network", "camera", "camera, no network")
_WARM: Final = 2
"""So many scans are not counted: what is compiled and opened with them is not what a queue waits for."""
_NOWHERE: Final = "127.0.0.1:9"
_INSIDE: Final = (Path(__file__).with_suffix(".js")).read_text()


@asynccontextmanager
async def desk(browser: Browser, service: Service, event_id: str) -> AsyncIterator[tuple[Page, CDPSession]]:
    """A desk that knows its list."""
    url = f"http://127.0.0.1:{service.port}"
    context = await browser.new_context(locale="en-GB", viewport={"width": 360, "height": 740}, has_touch=True)
    await context.add_cookies([{"name": SESSION_COOKIE, "value": service.desk, "url": url}])
    page = await context.new_page()
    await page.add_init_script(_INSIDE)
    await page.goto(f"{url}/events/{event_id}/desk")
    await page.wait_for_selector("#desk[data-ready]")
    await expect(page.locator("#network-state")).to_have_text("Connected")
    yield page, await context.new_cdp_session(page)
    await context.close()


async def measure(
    browser: Browser, service: Service, *, tickets: int, scans: int, slower: float
) -> dict[str, list[Any]]:
    """The times of each way, in milliseconds; the processor's own where it is not slowed down."""
    event_id = await service.event({"in_person": tickets})
    shown = iter(await service.tickets(event_id, tickets))
    times: dict[str, list[Any]] = {}
    async with desk(browser, service, event_id) as (page, devtools):
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        for way in WAYS:
            away = way.endswith("no network")
            camera = way.startswith("camera")
            await page.context.set_offline(offline=away)
            if camera:
                await page.evaluate("bench.camera(true)")
            times[way] = []
            if slower == 1:
                await browser.start_tracing(page=page, categories=["toplevel", "blink.user_timing"])
            for number in range(scans + _WARM):
                ticket = next(shown)
                code = [list(row) for row in segno.make_qr(ticket).matrix_iter(border=4)] if camera else None
                taken = await page.evaluate(
                    "([text, code, away]) => bench.scan(text, code, away)", [ticket, code, away]
                )
                if number >= _WARM:
                    times[way].append(taken)
            if slower == 1:
                spent = cpu_spent(json.loads(await browser.stop_tracing())["traceEvents"])
                times[way] = [one | {"cpu": cpu} for one, cpu in zip(times[way], spent[_WARM:], strict=True)]
            if camera:
                await page.evaluate("bench.camera(false)")
    return times


def cpu_spent(events: Sequence[dict[str, Any]]) -> list[float]:
    """What the thread that was asked to scan computed between the marks of each scan, in milliseconds."""
    marks = {kind: [one for one in events if one["name"] == f"bench {kind}"] for kind in ("asked", "painted")}
    thread = {(one["pid"], one["tid"]) for one in marks["asked"]}
    tasks = [
        one
        for one in events
        if one["name"].endswith("RunTask") and "tdur" in one and (one["pid"], one["tid"]) in thread
    ]
    return [
        sum(task["tdur"] for task in tasks if asked["ts"] <= task["ts"] < painted["ts"]) / 1000
        for asked, painted in zip(marks["asked"], marks["painted"], strict=True)
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


async def main() -> None:
    """Measure and print the table."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--slower", type=float, nargs="+", default=[1, 6])
    given.add_argument("--tickets", type=int, default=300)
    given.add_argument("--scans", type=int, default=15)
    given.add_argument("--beside", type=Path)
    options = given.parse_args()
    table = Table(
        "", "ticket", "slower", "first p50", "p90", "worst", "last p50", "p90", "worst", "CPU", title="Milliseconds"
    )
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        copies = {"this": ROOT} | ({"beside": options.beside.resolve()} if options.beside else {})
        services = {}
        for label, code in copies.items():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            services[label] = await stack.enter_async_context(running_service(folder, kafka=_NOWHERE, code=code))
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        stack.push_async_callback(browser.close)
        for slower in options.slower:
            for label, service in services.items():
                times = await measure(browser, service, tickets=options.tickets, scans=options.scans, slower=slower)
                for way, taken in times.items():
                    cells = [
                        f"{figure:.0f}"
                        for which in ("first", "last")
                        for values in [[one[which] for one in taken]]
                        for figure in (median(values), percentile(values, 0.9), max(values))
                    ]
                    cpu = f"{median(one['cpu'] for one in taken):.0f}" if slower == 1 else ""
                    table.add_row(label, way, f"{slower:g} x", *cells, cpu)
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(main())
