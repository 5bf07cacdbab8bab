"""The API as all services together describe it."""

import importlib
import pkgutil
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from services.chassis.openapi import Api, build_document, merge_documents

SERVICES = ("registration", "streaming_bridge", "attendance")


def apis(service: str) -> list[Api]:
    """What the web modules of a service declare."""
    package = importlib.import_module(f"services.{service}.web")
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)
    ]
    declared = [value for module in modules for value in vars(module).values() if isinstance(value, Api)]
    return list({id(api): api for api in declared}.values())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return merge_documents(
        {
            service: build_document([operation for api in apis(service) for operation in api.operations], title=service)
            for service in SERVICES
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
            assert in_path == {part.strip("{}") for part in path.split("/") if part.startswith("{")}
