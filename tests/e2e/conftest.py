"""What the tests in the browser share: the browser, and the web side of attendance."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from services.attendance.adapters.tables import MIGRATIONS
from tests.databases import NewDatabase
from tests.fakes.attendance_browser import NAMES
from tests.fakes.attendance_web import Attendance, attending

# As long as a page may take to load: these tests are about what it says, on a machine that does other work too.
expect.set_options(timeout=30_000)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium; a missing one fails the tests."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield started
        await started.close()


@pytest.fixture
async def attendance(new_database: NewDatabase) -> AsyncIterator[Attendance]:
    """The web side of attendance, which knows some names, with an empty read model."""
    async with attending(await new_database(MIGRATIONS), names=NAMES) as running:
        yield running
