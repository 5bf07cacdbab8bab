import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any, Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, RootModel

from services.chassis.access import Grant, Role
from services.chassis.http import create_app
from services.chassis.openapi import Api, add_api, build_document, merge_documents
from services.chassis.paging import Page, PageQuery
from services.chassis.settings import CommonSettings

Client = TestClient[web.Request, web.Application]
NewClient = Callable[[web.Application], Awaitable[Client]]

SETTINGS = CommonSettings.model_validate({"secret_key": "k" * 32})


class Ship(BaseModel):
    kind: Literal["ship"]
    masts: Annotated[int, Field(ge=0)] = 3


class Train(BaseModel):
    kind: Literal["train"]


class Vehicle(RootModel[Annotated[Ship | Train, Field(discriminator="kind")]]):
    pass


class Filter(PageQuery):
    kind: str | None = None


async def list_vehicles(request: web.Request) -> web.Response:
    """The newest first."""
    return web.Response()


async def add_vehicle(request: web.Request) -> web.Response:
    return web.Response(status=201)


async def watch_vehicle(request: web.Request) -> web.Response:
    return web.Response()


async def scrap_vehicle(request: web.Request) -> web.Response:
    return web.Response(status=204)


@pytest.fixture
def api() -> Api:
    api = Api(tag="vehicles")
    one = r"/api/v1/events/{event_id}/vehicles/{number:\d+}"
    api.route("GET", "/api/v1/vehicles", summary="List", roles=[], query=Filter, answers={200: Page[Vehicle]})(
        list_vehicles
    )
    api.route("POST", "/api/v1/vehicles", summary="Add", body=Vehicle, answers={201: Vehicle}, problems=[409])(
        add_vehicle
    )
    api.route(
        "GET", one, summary="Watch", roles=[Role.DESK], answers={200: "text/event-stream"}, headers=["Last-Event-ID"]
    )(watch_vehicle)
    api.route("DELETE", one, summary="Scrap", roles=[Role.DESK], answers={204: None})(scrap_vehicle)
    return api


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    return build_document(api.operations, title="Vehicles")


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            elif key == "mapping":
                yield from value.values()
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere_and_every_schema_is_one(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert {reference.removeprefix("#/components/schemas/") for reference in references(document)} <= schemas.keys()
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_a_pattern_in_a_route_is_no_part_of_the_described_path(document: dict[str, Any]) -> None:
    assert list(document["paths"]) == ["/api/v1/vehicles", "/api/v1/events/{event_id}/vehicles/{number}"]


def test_what_is_sent_and_answered_is_described_by_the_models(document: dict[str, Any]) -> None:
    added = document["paths"]["/api/v1/vehicles"]["post"]

    assert added["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Vehicle"}
    assert added["responses"]["201"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Vehicle"
    }
    assert document["components"]["schemas"]["Ship"]["properties"]["masts"]["minimum"] == 0


def test_a_handler_explains_itself(document: dict[str, Any]) -> None:
    listed = document["paths"]["/api/v1/vehicles"]["get"]

    assert (listed["operationId"], listed["summary"]) == ("list_vehicles", "List")
    assert listed["description"] == "The newest first."
    assert listed["tags"] == ["vehicles"]


def test_parameters_are_described_with_their_place(document: dict[str, Any]) -> None:
    watched = document["paths"]["/api/v1/events/{event_id}/vehicles/{number}"]["get"]
    listed = document["paths"]["/api/v1/vehicles"]["get"]
    added = document["paths"]["/api/v1/vehicles"]["post"]

    assert [(p["name"], p["in"], p["required"]) for p in watched["parameters"]] == [
        ("event_id", "path", True),
        ("number", "path", True),
        ("Last-Event-ID", "header", False),
    ]
    assert [(p["name"], p["in"], p["required"]) for p in listed["parameters"]] == [
        ("after", "query", False),
        ("limit", "query", False),
        ("kind", "query", False),
    ]
    assert [p["name"] for p in added["parameters"]] == ["Idempotency-Key"]


def test_the_errors_that_can_happen_are_described(document: dict[str, Any]) -> None:
    paths = document["paths"]
    one = paths["/api/v1/events/{event_id}/vehicles/{number}"]

    assert set(paths["/api/v1/vehicles"]["post"]["responses"]) == {"201", "400", "409", "413", "415", "422"}
    assert set(paths["/api/v1/vehicles"]["get"]["responses"]) == {"200", "400", "401", "403"}
    # Any that changes something may be repeated under an Idempotency-Key, and is answered for a wrong one.
    assert set(one["delete"]["responses"]) == {"204", "400", "401", "403", "404", "409", "422"}
    assert one["get"]["responses"]["404"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
    }


def test_who_needs_a_token_is_described(document: dict[str, Any]) -> None:
    vehicles = document["paths"]["/api/v1/vehicles"]

    assert vehicles["get"]["security"] == [{"token": []}]
    assert vehicles["post"]["security"] == []
    assert document["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}


class Tokens:
    async def verify(self, token: str) -> Grant | None:
        role, _, event_id = token.partition(":")
        return Grant(token_id="t", role=Role(role), event_id=event_id or None)


@pytest.fixture
async def client(api: Api, aiohttp_client: NewClient) -> Client:
    app = create_app(SETTINGS, service="vehicles", verifier=Tokens())
    add_api(app, api)
    return await aiohttp_client(app)


@pytest.mark.parametrize(
    "method,path,token,status",
    [
        ("POST", "/api/v1/vehicles", None, 201),
        ("GET", "/api/v1/vehicles", None, 401),
        ("GET", "/api/v1/vehicles", "desk", 403),
        ("GET", "/api/v1/vehicles", "organizer", 200),
        ("DELETE", "/api/v1/events/evt_1/vehicles/7", "analyst", 403),
        ("DELETE", "/api/v1/events/evt_1/vehicles/7", "desk", 204),
        ("DELETE", "/api/v1/events/evt_1/vehicles/7", "desk:evt_1", 204),
        ("DELETE", "/api/v1/events/evt_1/vehicles/7", "desk:evt_2", 403),
        ("DELETE", "/api/v1/events/evt_1/vehicles/seven", "desk", 404),
    ],
)
async def test_the_declared_roles_are_required(
    client: Client, method: str, path: str, token: str | None, status: int
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    assert (await client.request(method, path, headers=headers)).status == status


async def test_a_service_publishes_its_description(client: Client, document: dict[str, Any]) -> None:
    published = await (await client.get("/internal/openapi.json")).json()

    assert published["openapi"] == "3.1.0"
    assert published["paths"] == json.loads(json.dumps(document["paths"]))


def described(path: str, **schemas: object) -> dict[str, Any]:
    return {"paths": {path: {"get": schemas}}, "components": {"schemas": schemas}}


def test_services_are_joined_and_keep_what_each_means_by_a_name() -> None:
    reference = {"$ref": "#/components/schemas/Mode"}
    merged = merge_documents(
        {
            "one": described("/one", Mode={"enum": ["a"]}, Person=reference, Same={"type": "null"}),
            "two": described("/two", Mode={"enum": ["Mode"]}, Person=reference, Same={"type": "null"}),
        }
    )

    schemas = merged["components"]["schemas"]
    assert (schemas["Mode"], schemas["two.Mode"]) == ({"enum": ["a"]}, {"enum": ["Mode"]})
    assert (schemas["Person"], schemas["two.Person"]) == (reference, {"$ref": "#/components/schemas/two.Mode"})
    assert "two.Same" not in schemas
    assert merged["paths"]["/two"]["get"]["Person"] == {"$ref": "#/components/schemas/two.Mode"}
    assert merged["paths"]["/one"]["get"]["Person"] == reference


def test_two_services_may_not_answer_the_same_operation() -> None:
    with pytest.raises(ValueError, match="two services answer get /one"):
        merge_documents({"one": described("/one"), "two": described("/one")})
