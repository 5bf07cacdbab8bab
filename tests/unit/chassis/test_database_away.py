"""Which errors of a database may heal by trying again."""

import asyncpg
import pytest

from services.chassis.database import is_away


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.TooManyConnectionsError("too many clients already"),
        asyncpg.ConnectionDoesNotExistError("connection was closed"),
        ConnectionRefusedError(),
    ],
)
def test_a_server_that_starts_stops_or_is_full_is_away(error: Exception) -> None:
    assert is_away(error)


@pytest.mark.parametrize(
    "error", [asyncpg.InvalidPasswordError("no"), asyncpg.InvalidCatalogNameError("no"), ValueError("no")]
)
def test_what_no_time_heals_is_not(error: Exception) -> None:
    assert not is_away(error)
