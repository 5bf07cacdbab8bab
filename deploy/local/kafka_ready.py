"""Whether a Kafka answers: the embedded one, or a cluster of the user's own."""

import asyncio
import contextlib
from typing import Final

from deploy.local.kafka_errors import BrokerStartError

__all__ = ["wait_until_ready"]

_RETRY_SECONDS: Final = 0.03


async def wait_until_ready(bootstrap_servers: str, *, cluster: str | None = None, within: float = 60.0) -> None:
    """Return once a broker there takes part in its cluster, so that topics can be created.

    `bootstrap_servers` is `host:port`, or several with commas; with `cluster`, another cluster there
    is none. Raises BrokerStartError after `within` seconds.
    """
    try:
        async with asyncio.timeout(within):
            await _any_port_opens(bootstrap_servers.split(","))
            # Another process gets ready: there is no event to wait for.
            while not await _has_brokers(bootstrap_servers, cluster):  # noqa: ASYNC110
                await asyncio.sleep(_RETRY_SECONDS)
    except TimeoutError:
        reason = f"nothing answered at {bootstrap_servers} within {within:g} s"
        raise BrokerStartError(reason) from None


async def _any_port_opens(addresses: list[str]) -> None:
    """Wait for a bare connection first: aiokafka logs each failed one as an error."""
    while True:
        for address in addresses:
            host, _, port = address.strip().rpartition(":")
            with contextlib.suppress(OSError):
                _reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
                writer.close()
                return
        await asyncio.sleep(_RETRY_SECONDS)


async def _has_brokers(bootstrap_servers: str, expected: str | None) -> bool:
    # `passerelle up` starts the broker first, and loads this while that comes up.
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        # A broker is listed from the moment the controller has let it in.
        cluster = await admin.describe_cluster()
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()
    return bool(cluster["brokers"]) and expected in {None, cluster["cluster_id"]}
