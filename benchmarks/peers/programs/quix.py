"""Quix Streams: a streaming data frame over the input topics, stateful, with its RocksDB store and changelog."""

from typing import Any

from quixstreams import Application, State

from benchmarks.peers.programs.arguments import Arguments, arguments
from benchmarks.peers.programs.fold import entry, is_movement, presence, state_key, take


def run(told: Arguments) -> None:
    """Run until stopped."""
    app = Application(
        broker_address=told.servers,
        consumer_group=told.group,
        auto_offset_reset="earliest",
        state_dir=str(told.directory),
        loglevel="WARNING",
    )

    def fold(fact: dict[str, Any], people: State) -> list[dict[str, Any]]:
        if not is_movement(fact):
            return []
        key = state_key(fact)
        state = take(people.get(key), fact)
        if state is None:
            return []
        people.set(key, state)
        told_of = [{"presence": presence(key, state)}] if state["changed"] else []
        return [*told_of, {"entry": entry(fact, state)}] if told.entries else told_of

    inputs = [app.topic(name, value_deserializer="json", key_deserializer="str") for name in told.inputs]
    frame = app.dataframe(inputs[0])
    for topic in inputs[1:]:
        frame = frame.concat(app.dataframe(topic))
    frame = frame.apply(fold, stateful=True, expand=True)
    presences = frame[frame.contains("presence")].apply(lambda said: said["presence"])
    presences.to_topic(
        app.topic(told.presence, value_serializer="json", key_serializer="str"),
        key=lambda said: f"{said['event_id']}/{said['subject']}",
    )
    if told.entries:
        entries = frame[frame.contains("entry")].apply(lambda said: said["entry"])
        entries.to_topic(app.topic(told.entries, value_serializer="json", key_serializer="str"))
    app.run()


if __name__ == "__main__":
    run(arguments())
