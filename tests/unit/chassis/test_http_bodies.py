import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pydantic import AwareDatetime, BaseModel, Field, RootModel

from services.chassis.http import LARGEST_BODY, create_app, read_json, read_query
from services.chassis.settings import CommonSettings

Client = TestClient[web.Request, web.Application]
NewClient = Callable[[web.Application], Awaitable[Client]]


class Talk(BaseModel):
    title: str = Field(min_length=1)
    starts_at: AwareDatetime
    rooms: list[str] = []


class Ship(BaseModel):
    kind: Literal["ship"]
    masts: int


class Train(BaseModel):
    kind: Literal["train"]
    carriages: list[int]


class Vehicle(RootModel[Annotated[Ship | Train, Field(discriminator="kind")]]):
    pass


class Window(BaseModel):
    limit: Annotated[int, Field(le=10)] = 5


async def take_talk(request: web.Request) -> web.Response:
    talk = await read_json(request, Talk)
    return web.json_response(talk.model_dump(mode="json"), status=201)


async def take_vehicle(request: web.Request) -> web.Response:
    await read_json(request, Vehicle)
    return web.Response()


async def show_window(request: web.Request) -> web.Response:
    return web.json_response({"limit": read_query(request, Window).limit})


@pytest.fixture
async def client(aiohttp_client: NewClient) -> Client:
    app = create_app(CommonSettings.model_validate({"secret_key": "k" * 32}), service="sample")
    app.router.add_post("/talks", take_talk)
    app.router.add_post("/vehicles", take_vehicle)
    app.router.add_get("/window", show_window)
    return await aiohttp_client(app)


async def test_a_json_body_becomes_its_model(client: Client) -> None:
    response = await client.post("/talks", json={"title": "Ponts", "starts_at": "2026-11-23T09:00:00+01:00"})

    assert response.status == 201
    assert (await response.json())["title"] == "Ponts"


async def test_every_wrong_field_of_a_body_is_named(client: Client) -> None:
    response = await client.post("/talks", json={"title": "", "rooms": ["a", 3]})

    assert response.status == 400
    pointers = [error["pointer"] for error in (await response.json())["errors"]]
    assert pointers == ["#/title", "#/starts_at", "#/rooms/1"]


@pytest.mark.parametrize(
    "vehicle,pointers",
    [
        ({"kind": "ship"}, ["#/masts"]),
        ({"kind": "train", "carriages": [1, "two"]}, ["#/carriages/1"]),
        ({"kind": "train", "carriages": 3}, ["#/carriages"]),
        ({"kind": "car"}, ["#"]),
        ([], ["#"]),
    ],
)
async def test_a_wrong_field_of_one_of_several_forms_is_named_by_its_place_in_the_body(
    client: Client, vehicle: object, pointers: list[str]
) -> None:
    response = await client.post("/vehicles", json=vehicle)

    assert response.status == 400
    assert [error["pointer"] for error in (await response.json())["errors"]] == pointers


@pytest.mark.parametrize(
    "body,where",
    [
        (b'{"title": }', "line 1 column 11"),
        (b'{\n"title"', "line 2 column 7"),
        (b"", "line 1 column 0"),
        (b'{"title": "\xff"}', "line 1"),
        (b"[" * 100_000, "recursion limit"),
    ],
)
async def test_what_is_not_json_is_refused_saying_where(client: Client, body: bytes, where: str) -> None:
    response = await client.post("/talks", data=body, headers={"Content-Type": "application/json"})

    assert response.status == 400
    answer = await response.json()
    assert where in answer["detail"]
    assert answer["errors"][0]["pointer"] == "#"


async def test_a_null_character_is_refused_where_it_stands(client: Client) -> None:
    talk = {"title": "a", "starts_at": "2026-11-23T09:00:00Z", "rooms": ["a", "b\0c"]}

    response = await client.post("/talks", json=talk)

    assert response.status == 400
    assert [error["pointer"] for error in (await response.json())["errors"]] == ["#/rooms/1"]


async def test_an_escaped_backslash_before_u0000_is_an_ordinary_text(client: Client) -> None:
    response = await client.post("/talks", json={"title": "\\u0000", "starts_at": "2026-11-23T09:00:00Z"})

    assert response.status == 201


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"]
)
async def test_another_content_type_is_refused(client: Client, content_type: str) -> None:
    response = await client.post("/talks", data=b"{}", headers={"Content-Type": content_type})

    assert response.status == 415


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 65_536):
        yield b" " * 65_536


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_one_mebibyte_is_refused(client: Client, chunked: bool) -> None:
    data = chunks(LARGEST_BODY + 65_536) if chunked else io.BytesIO(b" " * (LARGEST_BODY + 1))

    response = await client.post("/talks", data=data, headers={"Content-Type": "application/json"})

    assert response.status == 413
    assert response.content_type == "application/problem+json"
    assert (await response.json())["detail"] == "The body is larger than 1 MiB."


async def test_a_body_of_exactly_one_mebibyte_is_read(client: Client) -> None:
    talk = json.dumps({"title": "a", "starts_at": "2026-11-23T09:00:00Z"}).encode()

    response = await client.post(
        "/talks", data=io.BytesIO(talk.ljust(LARGEST_BODY)), headers={"Content-Type": "application/json"}
    )

    assert response.status == 201


@pytest.mark.parametrize("limit", ["11", "many", ""])
async def test_a_wrong_query_parameter_is_named(client: Client, limit: str) -> None:
    response = await client.get("/window", params={"limit": limit})

    assert response.status == 400
    assert [error["parameter"] for error in (await response.json())["errors"]] == ["limit"]


async def test_a_query_becomes_its_model(client: Client) -> None:
    assert await (await client.get("/window?limit=7&other=1")).json() == {"limit": 7}
