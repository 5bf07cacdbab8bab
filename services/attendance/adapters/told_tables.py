"""What a service tells an analyst of some events, fetched over its API."""

import io
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
import pyarrow as pa
import pyarrow.parquet as pq

from services.attendance.adapters.columns import HORIZONS, Columns
from services.chassis.errors import OperatorError

_TABLES: Final = ("presence_intervals", "agenda")
"""The others are views over these two."""
_SECONDS: Final = 120
_OK: Final = 200


async def add_told(columns: Columns, server: str, *, token: str, events: Sequence[str]) -> int:
    """The tables of some events; gives how many events.

    Raises:
        OperatorError: if the service does not answer, or refuses; it says why.
    """
    told: dict[str, list[pa.Table]] = {table: [] for table in _TABLES}
    headers = {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        for event_id in dict.fromkeys(events):
            for table in _TABLES:
                path = f"/api/v1/events/{event_id}/analysis/{table}.parquet"
                told[table].append(pq.read_table(io.BytesIO(await _get(session, server.rstrip("/") + path))))
    for table, parts in told.items():
        columns.add(table, pa.concat_tables(parts))
    columns.add("horizons", HORIZONS.empty_table())
    return len(told["agenda"])


async def _get(session: aiohttp.ClientSession, url: str) -> bytes:
    try:
        async with session.get(url, allow_redirects=False) as response:
            if response.status == _OK:
                return await response.read()
            problem: dict[str, Any] = await response.json(content_type=None)
            raise OperatorError(f"{url} answers {response.status}: {problem.get('detail', response.reason)}")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise OperatorError(f"{url} does not answer as a Passerelle does: {type(error).__name__}.") from None
