"""What these tests share: everything running, as `passerelle up` runs it. One process of the tests has them all."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from rich.console import Console

from deploy.local.up import Running, everything
from services.chassis.access import Role
from services.chassis.settings import CommonSettings, load_settings
from services.registration.bootstrap import create_token
from services.registration.settings import RegistrationSettings
from tests.fakes.programs import without_preference


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def passerelle(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Running, str]]:
    """Everything, running, and an organizer's token."""
    data_dir = tmp_path_factory.mktemp("passerelle")
    settings = load_settings(CommonSettings, data_dir=data_dir)
    without_preference(data_dir)
    async with everything(settings, port=0, console=Console(quiet=True)) as running:
        yield running, await create_token(load_settings(RegistrationSettings, data_dir=data_dir), role=Role.ORGANIZER)
