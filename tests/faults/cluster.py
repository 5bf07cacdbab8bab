"""Three real brokers on this machine: replication 3, and a write is acknowledged when two of them have it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.kafka import EmbeddedKafka
from deploy.local.kafka_files import HOST, choose_ports, new_cluster_id

REPLICATION: Final = 3
_SETTINGS: Final = {
    name: str(REPLICATION)
    for name in (
        "default.replication.factor",
        "offsets.topic.replication.factor",
        "transaction.state.log.replication.factor",
        "share.coordinator.state.topic.replication.factor",
    )
} | {
    name: str(REPLICATION - 1)
    for name in ("min.insync.replicas", "transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The brokers, numbered from 1."""

    brokers: Sequence[EmbeddedKafka]

    @property
    def bootstrap_servers(self) -> str:
        """Where clients find it."""
        return ",".join(broker.bootstrap_servers for broker in self.brokers)

    async def coordinator(self, group: str) -> int:
        """The number of the broker that coordinates a consumer group."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            number: int = await admin.find_coordinator(group)
        finally:
            await admin.close()
        return number

    async def kill(self, number: int) -> None:
        """`kill -9`, and nobody starts it again."""
        await self.brokers[number - 1].kill()


@asynccontextmanager
async def three_brokers(folder: Path) -> AsyncIterator[Cluster]:
    """A cluster that runs, each broker also a controller, and is gone at the end."""
    folders = {number: folder / f"broker-{number}" for number in range(1, REPLICATION + 1)}
    voters = []
    for number, its_folder in folders.items():
        root = its_folder / "kafka"
        root.mkdir(parents=True)
        # Remembered in the folder, and taken again when the broker is made ready.
        voters.append(f"{number}@{HOST}:{choose_ports(root, preferred=0).controller}")
    cluster_id = new_cluster_id()
    brokers = [
        EmbeddedKafka(
            its_folder,
            port=0,
            cluster_id=cluster_id,
            settings={**_SETTINGS, "node.id": str(number), "controller.quorum.voters": ",".join(voters)},
        )
        for number, its_folder in folders.items()
    ]
    with contextlib.ExitStack() as claims:
        for broker in brokers:
            claims.enter_context(broker.claimed())
            await asyncio.to_thread(broker.prepare)
        try:
            # None is ready before two are there to elect a controller.
            await asyncio.gather(*(broker.start() for broker in brokers))
            yield Cluster(brokers=brokers)
        finally:
            await asyncio.gather(*(broker.stop() for broker in brokers))
