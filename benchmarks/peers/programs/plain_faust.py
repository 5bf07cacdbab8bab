"""Faust as its documentation has it: an agent, a table, a topic to send to. The variant is the table's store."""

from typing import Any

import faust
from faust.types import StreamT

from benchmarks.peers.programs.arguments import Arguments, arguments
from benchmarks.peers.programs.fold import entry, is_movement, presence, state_key, take

_PARTITIONS = 8


def build(told: Arguments) -> faust.App:
    """Make the app."""
    app = faust.App(
        told.group,
        broker=f"kafka://{told.servers}",
        store="rocksdb://" if told.variant == "rocksdb" else "memory://",
        datadir=str(told.directory),
        topic_partitions=_PARTITIONS,
        topic_replication_factor=1,
        value_serializer="json",
        web_enabled=False,
    )
    people = app.Table("people", partitions=_PARTITIONS)
    facts = app.topic(*told.inputs, key_type=bytes, key_serializer="raw", value_serializer="json")
    presences = app.topic(told.presence, key_serializer="raw", value_serializer="json")
    entries = app.topic(told.entries, key_serializer="raw", value_serializer="json") if told.entries else None

    async def fold(stream: StreamT[dict[str, Any]]) -> None:
        async for fact in stream:
            if not is_movement(fact):
                continue
            key = state_key(fact)
            state = take(people.get(key), fact)
            if state is None:
                continue
            people[key] = state
            if state["changed"]:
                await presences.send(  # type: ignore[unused-awaitable]  # nobody waits for the answer of each
                    key=key.encode(), value=presence(key, state)
                )
            if entries is not None:
                await entries.send(  # type: ignore[unused-awaitable]
                    key=fact["data"]["event_id"].encode(), value=entry(fact, state)
                )

    app.agent(facts)(fold)
    return app


if __name__ == "__main__":
    faust.Worker(build(arguments()), loglevel="WARNING").execute_from_commandline()
