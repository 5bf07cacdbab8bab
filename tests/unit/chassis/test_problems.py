import json

import pytest
from pydantic import BaseModel, Field, ValidationError

from services.chassis.problems import (
    FieldError,
    Problem,
    conflict,
    invalid_body,
    invalid_query,
    json_pointer,
    problem_response,
    unavailable,
)


class Seat(BaseModel):
    number: int = Field(ge=1)


class Room(BaseModel):
    name: str
    seats: list[Seat]


def refused(document: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Room.model_validate(document)
    return caught.value


def test_a_problem_has_the_members_of_rfc_9457() -> None:
    problem = Problem(410, "Over", detail="The door is closed.", type="urn:x", extensions={"reason": "closed"})

    assert problem.as_json() == {
        "type": "urn:x",
        "title": "Over",
        "status": 410,
        "detail": "The door is closed.",
        "reason": "closed",
    }


def test_the_title_is_the_phrase_of_the_status_unless_it_is_given() -> None:
    assert Problem(404).as_json() == {"type": "about:blank", "title": "Not Found", "status": 404}


def test_an_answer_has_the_content_type_of_problems_and_the_headers_of_this_one() -> None:
    response = problem_response(unavailable("Not now.", retry_after=7))

    assert response.status == 503
    assert response.content_type == "application/problem+json"
    assert response.headers["Retry-After"] == "7"


def test_a_conflict_says_its_reason_to_programs() -> None:
    assert conflict("Full.", reason="no_seat_left").as_json()["reason"] == "no_seat_left"


def test_each_wrong_field_of_a_body_is_named_by_its_json_pointer() -> None:
    problem = invalid_body(refused({"seats": [{"number": 1}, {"number": 0}]}))

    assert problem.status == 400
    assert [error.pointer for error in problem.errors] == ["#/name", "#/seats/1/number"]
    assert problem.detail == "The body is not valid: see #/name, #/seats/1/number."


def test_what_was_sent_is_never_repeated() -> None:
    problem = invalid_body(refused({"name": {"first": "Ada Lovelace"}, "seats": "ada@example.org"}))

    assert "Ada" not in json.dumps(problem.as_json())
    assert "ada@" not in json.dumps(problem.as_json())


def test_a_wrong_query_parameter_is_named() -> None:
    problem = invalid_query(refused({"name": "a", "seats": 3}))

    assert problem.as_json()["errors"] == [{"parameter": "seats", "detail": "Input should be a valid list"}]


@pytest.mark.parametrize(
    "location,pointer",
    [((), "#"), (("a", 0), "#/a/0"), (("a/b", "c~d"), "#/a~1b/c~0d")],
)
def test_a_json_pointer_escapes_what_it_must(location: tuple[str | int, ...], pointer: str) -> None:
    assert json_pointer(location) == pointer


def test_a_field_error_names_one_place() -> None:
    assert FieldError(pointer="#/a", detail="no").as_json() == {"pointer": "#/a", "detail": "no"}
    assert FieldError(parameter="a", detail="no").as_json() == {"parameter": "a", "detail": "no"}
