"""What clients may send."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from services.registration.domain.seats import Wish
from services.registration.web.bodies import CheckInBody, check_email
from services.registration.web.event_bodies import EventPatch, NewEvent
from services.registration.web.registration_bodies import NewRegistration


@pytest.mark.parametrize(
    "address",
    ["name@example.org", "first.last+tag@sub.example.co.uk", "o'neil@example.org", "x@xn--caf-dma.fr", "a@1.fr"],
)
def test_addresses_that_mail_can_reach_are_taken(address: str) -> None:
    assert check_email(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "name",
        "name@",
        "@example.org",
        "name@example",
        "na me@example.org",
        "name@exam ple.org",
        "name@example..org",
        "name@-example.org",
        "na..me@example.org",
        ".name@example.org",
        "name@example.org\nBcc: all@example.org",
        "two@signs@example.org",
        "n" * 250 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(PydanticCustomError):
        check_email(address)


def test_the_domain_of_an_address_is_kept_in_lower_case() -> None:
    assert check_email("Name@Example.ORG") == "Name@example.org"


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\u202eb", "a\x07b", "n" * 201])
def test_names_that_do_not_show_what_they_are_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        NewRegistration(mode=Wish.IN_PERSON, name=name, email="name@example.org")


@given(st.text(max_size=300))
def test_any_text_is_an_address_or_a_clear_error(text: str) -> None:
    with suppress(PydanticCustomError):
        assert "@" in check_email(text)


@pytest.mark.parametrize(
    "body",
    [
        {"action": "in"},
        {"action": "in", "ticket": "A", "participant_id": "par_1"},
        {"action": "sideways", "ticket": "A"},
        {"action": "in", "ticket": "A", "at": "2026-11-23T09:00:00"},
        {"action": "in", "ticket": "A", "at": 12},
        {"action": "in", "ticket": "A", "at": "12"},
        {"action": "in", "ticket": "A", "unknown": 1},
    ],
)
def test_a_check_in_names_one_person_one_direction_and_an_aware_instant(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CheckInBody.model_validate(body)


@pytest.mark.parametrize("field", ["title", "starts_at", "ends_at", "timezone", "grace_minutes", "sessions", "rooms"])
def test_a_patch_cannot_set_a_field_to_null(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        EventPatch.model_validate({field: None})
    assert refused.value.errors()[0]["loc"] == (field,)


def test_a_field_of_a_new_event_that_is_null_is_left_out() -> None:
    needed = {
        "title": "Colloque",
        "starts_at": "2026-11-23T09:00:00+01:00",
        "ends_at": "2026-11-23T18:00:00+01:00",
        "timezone": "Europe/Paris",
    }
    nothing = {"capacity": None, "grace_minutes": None, "sessions": None, "rooms": None}
    assert NewEvent.model_validate(needed | nothing) == NewEvent.model_validate(needed)
    with pytest.raises(ValidationError, match="title"):
        NewEvent.model_validate(needed | {"title": None})
