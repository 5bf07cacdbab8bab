"""What aiokafka says of a connection that uvloop has closed, before aiokafka has noticed it."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest

import services.chassis.kafka  # noqa: F401  (it is what is tested)

TURNS = 3
"""Of the event loop, from the loss of a connection to its end in aiokafka."""


async def _connected(servers: str) -> AIOKafkaConnection:
    host, _, port = servers.partition(":")
    connection = AIOKafkaConnection(host, int(port))
    await connection.connect()
    return connection


async def _sent_while_it_ends(servers: str, send: Callable[..., Any]) -> set[type[BaseException] | None]:
    """What comes of a request in each turn of the loop."""
    connection = await _connected(servers)
    connection._writer.transport.abort()  # noqa: SLF001  (as if it were reset: nobody hears of it before the next turn)
    outcomes: set[type[BaseException] | None] = set()
    for _ in range(TURNS):
        await asyncio.sleep(0)
        try:
            with contextlib.closing(send(connection, ApiVersionRequest())):
                outcomes.add(None)
        except (KafkaConnectionError, RuntimeError) as error:
            outcomes.add(type(error))
    connection.close()
    return outcomes


def test_a_write_to_a_connection_that_uvloop_has_closed_is_told_as_a_broken_connection(kafka: str) -> None:
    ours, theirs = AIOKafkaConnection.send, AIOKafkaConnection.send.__wrapped__
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert RuntimeError in runner.run(_sent_while_it_ends(kafka, theirs))
        assert runner.run(_sent_while_it_ends(kafka, ours)) <= {None, KafkaConnectionError}
