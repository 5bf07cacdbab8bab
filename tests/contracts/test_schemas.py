"""The wire format: what is frozen is what the code does, old examples decode for ever, and a break is a red build."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas import topics
from schemas.compatibility import breaking_changes
from schemas.decode import UnreadableRecordError, decode
from schemas.envelope import fact_type
from schemas.publish import FROZEN, asyncapi, check, documents, embedded_models, fact_models, json_schema, topic_of
from schemas.timeline import AttendanceEndInferred, TimelineEntry

EXAMPLES = sorted((FROZEN.parent / "examples").glob("*.json"))
LEFT = next(json_schema(model) for model in fact_models() if fact_type(model).endswith("participation.left.v1"))


@pytest.mark.parametrize("name", sorted(documents()))
def test_the_frozen_document_is_what_the_models_generate(name: str) -> None:
    assert (FROZEN / name).read_text() == documents()[name], "run `python -m schemas.publish`"


def test_nothing_is_frozen_that_no_model_generates() -> None:
    assert {path.name for path in FROZEN.iterdir()} == set(documents())


def test_every_type_has_an_example() -> None:
    assert {path.stem for path in EXAMPLES} >= {fact_type(model) for model in fact_models()}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_decodes_fits_its_schema_and_survives_a_round_trip(path: Path) -> None:
    fact = decode(path.read_bytes())
    frozen = json.loads((FROZEN / f"{fact.type}.json").read_text())
    jsonschema.Draft202012Validator(frozen).validate(json.loads(path.read_text()))
    jsonschema.Draft202012Validator(frozen).validate(json.loads(fact.to_bytes()))
    assert decode(fact.to_bytes()) == fact


def _inferred_end() -> TimelineEntry:
    entry = decode((FROZEN.parent / "examples" / "passerelle.timeline.entry.v1.end_inferred.json").read_bytes())
    assert isinstance(entry, TimelineEntry)
    return entry


def test_an_inferred_end_stands_in_its_entry_as_a_fact_of_its_own_schema() -> None:
    assert embedded_models() == (AttendanceEndInferred,)
    fact = _inferred_end().data.fact
    frozen = json.loads((FROZEN / f"{fact_type(AttendanceEndInferred)}.json").read_text())
    jsonschema.Draft202012Validator(frozen).validate(fact)
    assert json.loads(AttendanceEndInferred.model_validate(fact).to_bytes()) == fact


def test_an_entry_of_a_malformed_inferred_end_is_refused() -> None:
    document = json.loads(_inferred_end().to_bytes())
    del document["data"]["fact"]["data"]["reason"]
    with pytest.raises(UnreadableRecordError, match="reason"):
        decode(json.dumps(document).encode())


def test_the_published_format_is_compatible_with_the_frozen_one() -> None:
    assert check() == []


def _planted(change: str) -> dict[str, Any]:
    """The schema of `left`, with one breaking change."""
    schema = copy.deepcopy(LEFT)
    data = schema["$defs"]["LeftData"]
    match change:
        case "field gone":
            del data["properties"]["joined_at"]
        case "new required field":
            data["properties"]["why"] = {"type": "string"}
            data["required"].append("why")
        case "required made optional":
            data["required"].remove("connection")
        case "type changed":
            data["properties"]["connection"]["type"] = "integer"
        case "bound tightened":
            data["properties"]["connection"]["maxLength"] = 10
        case "null no longer allowed":
            data["properties"]["joined_at"]["anyOf"].pop()
        case "type constant changed":
            schema["properties"]["type"]["const"] = "passerelle.participation.left.v2"
    return schema


@pytest.mark.parametrize(
    "change",
    [
        "field gone",
        "new required field",
        "required made optional",
        "type changed",
        "bound tightened",
        "null no longer allowed",
        "type constant changed",
    ],
)
def test_a_planted_breaking_change_is_named(change: str) -> None:
    assert len(breaking_changes(LEFT, _planted(change))) == 1


def test_an_optional_field_may_come() -> None:
    grown = copy.deepcopy(LEFT)
    grown["$defs"]["LeftData"]["properties"]["reason"] = {"type": "string"}
    assert breaking_changes(LEFT, grown) == []


def test_the_check_goes_red_when_the_frozen_schema_says_something_else(tmp_path: Path) -> None:
    frozen = copy.deepcopy(LEFT)
    frozen["$defs"]["LeftData"]["properties"]["seat"] = {"type": "string"}
    (tmp_path / "passerelle.participation.left.v1.json").write_text(json.dumps(frozen))
    (tmp_path / "passerelle.participation.waved.v1.json").write_text(json.dumps(frozen))
    assert check(tmp_path) == [
        "passerelle.participation.left.v1: /data/seat is gone",
        "passerelle.participation.waved.v1: the type is gone, and replay starts at offset 0",
    ]


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    document = asyncapi()
    references = [part["$ref"] for part in _mappings(document) if "$ref" in part]
    assert references
    for reference in references:
        if reference.startswith("./"):
            assert (FROZEN / reference).is_file()
        else:
            place: Any = document
            for step in reference.removeprefix("#/").split("/"):
                place = place[step]


def test_each_type_stands_on_the_topic_it_is_named_after() -> None:
    channels = asyncapi()["channels"]
    for model in fact_models():
        assert fact_type(model) in channels[topic_of(fact_type(model)).name]["messages"]
    assert set(channels) == {topic.name for topic in topics.ALL} - {topics.ATTENDANCE_CONTEXT.name}


@pytest.mark.parametrize(
    "value, reason",
    [
        (b"\xff\xfe", "value: Invalid JSON"),
        (b"[]", "value: "),
        (
            b'{"type": "passerelle.participation.teleported.v1"}',
            "type: passerelle.participation.teleported.v1 needs a version of Passerelle that reads it",
        ),
        (
            b'{"type": "passerelle.checkin.checked_in.v2"}',
            "type: passerelle.checkin.checked_in.v2 needs a version of Passerelle that reads v2 (this one reads v1)",
        ),
        (b'{"type": "passerelle.participation.left.v1"}', "passerelle.participation.left.v1.id: Field required"),
        (
            b'{"type": "passerelle.participation.left.v1", "time": "0001-01-01T00:00:00+14:00"}',
            "passerelle.participation.left.v1.",
        ),
    ],
)
def test_an_unreadable_record_is_refused_with_its_reason(value: bytes, reason: str) -> None:
    with pytest.raises(UnreadableRecordError) as caught:
        decode(value)
    assert caught.value.reason.startswith(reason)


def test_a_null_character_is_refused_and_a_backslash_is_not() -> None:
    example = (FROZEN.parent / "examples" / "passerelle.registration.event.created.v1.json").read_text()
    title = json.loads(example)["data"]["title"]
    with pytest.raises(UnreadableRecordError, match=r"U\+0000"):
        decode(example.replace(title, r"a \u0000 b").encode())
    decode(example.replace(title, r"a \\u0000 b").encode())


@pytest.mark.parametrize(
    "type_",
    [
        "Camille Martin <camille@example.org>",
        "passerelle.checkin.Camille.v2",
        "passerelle.checkin.checked_in.v2 Camille",
        "passerelle.checkin.checked_in.v22222",
        f"passerelle.{'a' * 99}.v2",
        "passerelle.checkin.checked_in.v٢",
    ],
)
def test_the_reason_never_quotes_the_value(type_: str) -> None:
    with pytest.raises(UnreadableRecordError) as caught:
        decode(json.dumps({"type": type_}).encode())
    assert caught.value.reason == "type: not a type that this version knows"


def _mappings(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for part in value.values() for found in _mappings(part))]
    return []
