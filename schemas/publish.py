"""Publish the wire format: one JSON Schema a fact type, and an AsyncAPI 3 document of the topics.

`python -m schemas.publish` writes `schemas/frozen/` anew and refuses a change that breaks compatibility with what
stands there. The frozen schema only ever grows by optional fields, so that it holds its whole history: compatible with
it is compatible with every version before it (FULL_TRANSITIVE).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, get_args

from schemas import topics
from schemas.compatibility import breaking_changes
from schemas.decode import KnownFact
from schemas.envelope import CONTENT_TYPE, Fact, fact_type
from schemas.timeline import AttendanceEndInferred

FROZEN: Final = Path(__file__).parent / "frozen"
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

_TOPIC_OF: Final = MappingProxyType(
    {topic.name.removeprefix("passerelle-"): topic for topic in (*topics.INPUTS, topics.TIMELINE, topics.PRESENCE)},
)


def fact_models() -> tuple[type[Fact], ...]:
    """Every concrete fact that stands on a topic, in the order of `schemas.decode`."""
    return get_args(KnownFact)


def topic_of(type_: str) -> topics.Topic:
    """The topic that carries a fact type."""
    return _TOPIC_OF[type_.split(".")[1]]


def embedded_models() -> tuple[type[Fact], ...]:
    """The facts that stand inside the record of another."""
    return (AttendanceEndInferred,)


def json_schema(model: type[Fact]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one fact type's record value."""
    return {"$schema": _DRAFT, "$id": f"urn:passerelle:{fact_type(model)}", **model.model_json_schema()}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document: a channel a topic, a message a fact type, an operation for each side of each service."""
    used = [topic for topic in topics.ALL if topic is not topics.ATTENDANCE_CONTEXT]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Passerelle",
            "version": "1.0.0",
            "description": "Facts of hybrid events on Kafka: CloudEvents 1.0, structured JSON mode.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.name: _channel(topic) for topic in used},
        "operations": dict(_operation(topic, service, action) for topic, service, action in _sides(used)),
        "components": {"messages": {fact_type(model): _message(model) for model in fact_models()}},
    }


def documents() -> dict[str, str]:
    """Every published document by file name, as text that ends in a newline."""
    found: dict[str, Any] = _schemas()
    found["asyncapi.json"] = asyncapi()
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in found.items()}


def check(frozen: Path = FROZEN) -> list[str]:
    """What differs from the frozen documents in a way that breaks a reader or a writer, one sentence each."""
    problems = []
    generated = _schemas()
    for path in sorted(frozen.glob("passerelle.*.json")):
        if path.name not in generated:
            problems.append(f"{path.stem}: the type is gone, and replay starts at offset 0")
            continue
        old = json.loads(path.read_text())
        problems += [f"{path.stem}: {change}" for change in breaking_changes(old, generated[path.name])]
    return problems


def _schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each fact type by file name."""
    return {f"{fact_type(model)}.json": json_schema(model) for model in (*fact_models(), *embedded_models())}


def main() -> None:
    """Write `schemas/frozen/`, unless that would break compatibility (exit code 1, each break named)."""
    if problems := check():
        sys.exit("\n".join([*problems, "Nothing written: give the changed type a new version."]))
    FROZEN.mkdir(exist_ok=True)
    for name, text in documents().items():
        (FROZEN / name).write_text(text)


def _channel(topic: topics.Topic) -> dict[str, Any]:
    types = [fact_type(model) for model in fact_models() if topic_of(fact_type(model)) is topic]
    key = "event_id/subject`, or `event_id/subject/NNNN" if topic is topics.PRESENCE else "event_id"
    channel: dict[str, Any] = {
        "address": topic.name,
        "description": f"{topic.summary} Key: `{key}` (UTF-8).",
        "messages": {type_: {"$ref": f"#/components/messages/{type_}"} for type_ in types},
        "bindings": {
            "kafka": {
                "partitions": topics.DEFAULT_PARTITIONS,
                "topicConfiguration": _kafka_binding(topic.settings),
            },
        },
    }
    if not types:
        channel["messages"] = {"anything": {"summary": "What could not be read, whole; the reason is in headers."}}
    return channel


def _kafka_binding(settings: Mapping[str, str]) -> dict[str, Any]:
    """Topic settings as the Kafka binding of AsyncAPI spells them."""
    return {name: [value] if name == "cleanup.policy" else int(value) for name, value in settings.items()}


def _message(model: type[Fact]) -> dict[str, Any]:
    return {
        "name": fact_type(model),
        "summary": (model.__doc__ or "").strip().split("\n")[0],
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"./{fact_type(model)}.json"},
    }


def _sides(used: list[topics.Topic]) -> Iterator[tuple[topics.Topic, str, str]]:
    for topic in used:
        for service in topic.producers:
            yield topic, service, "send"
        for service in topic.consumers:
            yield topic, service, "receive"


def _operation(topic: topics.Topic, service: str, action: str) -> tuple[str, dict[str, Any]]:
    name = f"{service}.{action}.{topic.name}"
    return name, {"action": action, "channel": {"$ref": f"#/channels/{topic.name}"}, "title": f"{service}: {action}"}


if __name__ == "__main__":
    main()
