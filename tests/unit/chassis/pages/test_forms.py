import io
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient
from babel.support import NullTranslations
from pydantic import AfterValidator, BaseModel, Field

from services.chassis.http import create_app
from services.chassis.pages.forms import Form, parse_form, read_form
from services.chassis.pages.languages import load_texts
from services.chassis.settings import CommonSettings

Client = TestClient[web.Request, web.Application]
NewClient = Callable[[web.Application], Awaitable[Client]]

ENGLISH = NullTranslations()
FRENCH = load_texts("fr", [Path("services/chassis/pages").resolve()])


def not_a_duck(name: str) -> str:
    if name == "duck":
        raise ValueError("Ducks need no ticket.")
    return name


class Registration(BaseModel):
    name: Annotated[str, Field(max_length=10), AfterValidator(not_a_duck)]
    mode: Literal["in_person", "remote"]
    seats: Annotated[int, Field(ge=1)] = 1
    days: list[str] = []
    born: date | None = None
    arrives: datetime | None = None
    news: bool = False


FILLED = {"name": ["Ada"], "mode": ["remote"]}


def test_a_filled_form_gives_its_model() -> None:
    form = parse_form(FILLED | {"seats": ["2"], "days": ["1", "2"], "news": ["true"]}, Registration, ENGLISH)

    assert form.errors == {}
    assert form.model == Registration(name="Ada", mode="remote", seats=2, days=["1", "2"], news=True)


def test_an_empty_field_counts_as_not_filled_in() -> None:
    form = parse_form(FILLED | {"name": ["  "], "seats": [""], "born": [""]}, Registration, ENGLISH)

    assert form.model is None
    assert form.errors == {"name": "Fill in this field."}


@pytest.mark.parametrize(
    "name,typed,english,french",
    [
        ("name", "x" * 11, "Use at most 10 characters.", "Saisissez au plus 10 caractères."),
        ("mode", "by boat", "Choose one of the proposed answers.", "Choisissez l’une des réponses proposées."),
        ("seats", "0", "Enter 1 or more.", "Saisissez 1 ou plus."),
        ("seats", "many", "Enter a whole number, such as 120.", "Saisissez un nombre entier, par exemple 120."),
        ("born", "soon", "Enter a date, such as 2026-11-23.", "Saisissez une date, par exemple 2026-11-23."),
        (
            "arrives",
            "soon",
            "Enter a date and a time, such as 2026-11-23 09:00.",
            "Saisissez une date et une heure, par exemple 2026-11-23 09:00.",
        ),
        ("name", "a\0b", "This does not have the expected form.", "Ceci n’a pas la forme attendue."),
        ("name", "duck", "Ducks need no ticket.", "Ducks need no ticket."),
    ],
)
def test_an_error_says_what_to_do_in_the_readers_language(name: str, typed: str, english: str, french: str) -> None:
    assert parse_form(FILLED | {name: [typed]}, Registration, ENGLISH).errors == {name: english}
    assert parse_form(FILLED | {name: [typed]}, Registration, FRENCH).errors == {name: french}


def test_what_was_typed_is_kept_for_the_next_try() -> None:
    form = parse_form({"name": ["Ada"], "mode": ["by boat"]}, Registration, ENGLISH)

    assert form.value("name") == "Ada"
    assert form.value("unknown") == ""
    assert form.chosen("mode", "by boat")
    assert not form.chosen("mode", "remote")


def test_a_use_case_may_refuse_a_valid_form() -> None:
    form = parse_form(FILLED, Registration, ENGLISH).with_error("mode", "No seat is left.")

    assert form.model is None
    assert form.errors == {"mode": "No seat is left."}
    assert form.value("name") == "Ada"


def test_an_empty_form_may_be_filled_beforehand() -> None:
    form: Form[Registration] = Form.empty(mode="remote")

    assert form.errors == {}
    assert form.chosen("mode", "remote")


@pytest.fixture
async def client(aiohttp_client: NewClient) -> Client:
    async def register(request: web.Request) -> web.Response:
        form = await read_form(request, Registration)
        return web.json_response({"errors": form.errors, "valid": form.model is not None})

    app = create_app(CommonSettings.model_validate({"secret_key": "k" * 32}), service="sample")
    app.router.add_post("/register", register)
    return await aiohttp_client(app)


async def test_a_submitted_form_is_read_in_the_language_of_the_page(client: Client) -> None:
    response = await client.post("/register?lang=fr", data={"mode": "remote"})

    assert await response.json() == {"errors": {"name": "Remplissez ce champ."}, "valid": False}


async def test_a_file_in_place_of_a_text_counts_as_not_filled_in(client: Client) -> None:
    data = FormData({"mode": "remote"})
    data.add_field("name", io.BytesIO(b"file"), filename="name.txt")

    response = await client.post("/register", data=data)

    assert (await response.json())["errors"].keys() == {"name"}


async def test_what_is_no_form_is_refused(client: Client) -> None:
    assert (await client.post("/register", json=FILLED)).status == 415


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded; charset=morse"])
async def test_a_broken_form_is_refused(client: Client, content_type: str) -> None:
    response = await client.post("/register", data=b"name=Ada", headers={"Content-Type": content_type})

    assert response.status == 400
