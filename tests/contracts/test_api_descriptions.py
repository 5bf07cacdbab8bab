"""The API as all services together describe it."""

import importlib
import pkgutil
import re
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from services.chassis.clock import system_clock
from services.chassis.openapi import Api, build_document, merge_documents
from services.streaming_bridge.adapters.platforms import PLATFORMS
from services.streaming_bridge.web.meetings_api import meetings_api
from services.streaming_bridge.web.rooms import rooms_api
from services.streaming_bridge.web.sources import sources_api
from services.streaming_bridge.web.webhooks import webhooks_api


def declared_in(service: str) -> list[Api]:
    """What the web modules of a service declare."""
    package = importlib.import_module(f"services.{service}.web")
    names = [f"{package.__name__}.{found.name}" for found in pkgutil.iter_modules(package.__path__)]
    values = [value for name in names for value in vars(importlib.import_module(name)).values()]
    return list({id(value): value for value in values if isinstance(value, Api)}.values())


def declared_by_the_bridge() -> list[Api]:
    """The bridge's handlers hold what they need; to be described, they need nothing."""
    nothing, here = cast("Any", None), "http://127.0.0.1:8080"
    return [
        webhooks_api(nothing, nothing, nothing, PLATFORMS.values(), public_url=here),
        sources_api(nothing, PLATFORMS, clock=system_clock, public_url=here),
        rooms_api(nothing),
        meetings_api(nothing, nothing, system_clock),
    ]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    declared = {
        "registration": declared_in("registration"),
        "streaming_bridge": declared_by_the_bridge(),
        "attendance": declared_in("attendance"),
    }
    return merge_documents(
        {
            service: build_document([operation for api in apis for operation in api.operations], title=service)
            for service, apis in declared.items()
        }
    )


@pytest.mark.parametrize(
    "method,path",
    [
        ("post", "/api/v1/events"),
        ("get", "/api/v1/events/{event_id}"),
        ("patch", "/api/v1/events/{event_id}"),
        ("post", "/api/v1/events/{event_id}/publish"),
        ("post", "/api/v1/events/{event_id}/close"),
        ("post", "/api/v1/events/{event_id}/cancel"),
        ("post", "/api/v1/events/{event_id}/registrations"),
        ("get", "/api/v1/events/{event_id}/registrations"),
        ("patch", "/api/v1/events/{event_id}/registrations/{participant_id}"),
        ("post", "/api/v1/events/{event_id}/check-ins"),
        ("post", "/api/v1/events/{event_id}/check-ins/{fact_id}/void"),
        ("post", "/api/v1/events/{event_id}/links"),
        ("post", "/api/v1/sources"),
        ("get", "/api/v1/events/{event_id}/timeline"),
        ("get", "/api/v1/events/{event_id}/presence"),
        ("get", "/api/v1/events/{event_id}/stats"),
        ("get", "/api/v1/events/{event_id}/live"),
    ],
)
def test_what_the_design_names_is_described(document: dict[str, Any], method: str, path: str) -> None:
    assert method in document["paths"].get(path, {})


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]

    assert sorted(names) == sorted(set(names))


def test_every_schema_is_a_json_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_parameter_of_a_path_is_described(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            in_path = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path))


def test_every_reference_leads_to_a_schema(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert set(_references(document)) <= known


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for child in node.values() for found in _references(child)]
    return [found for child in node for found in _references(child)] if isinstance(node, list) else []
