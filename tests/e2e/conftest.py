"""What the end-to-end tests share: a browser, and everything running as `passerelle up` runs it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect
from rich.console import Console

from deploy.local.up import Running, everything
from services.attendance.adapters.tables import MIGRATIONS
from services.chassis.access import Role
from services.chassis.settings import CommonSettings, load_settings
from services.registration.bootstrap import create_token
from services.registration.settings import RegistrationSettings
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def passerelle(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Running, str]]:
    """Everything, running, and an organizer's token."""
    data_dir = tmp_path_factory.mktemp("passerelle")
    settings = load_settings(CommonSettings, data_dir=data_dir)
    async with everything(settings, port=0, console=Console(quiet=True)) as running:
        yield running, await create_token(load_settings(RegistrationSettings, data_dir=data_dir), role=Role.ORGANIZER)
