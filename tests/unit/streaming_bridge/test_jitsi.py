"""What is particular to Jitsi's `event_sync`."""

import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from jwt.types import Options

from services.streaming_bridge.adapters.platforms.anatomy import Delivery, Visitor
from services.streaming_bridge.adapters.platforms.jitsi import JITSI, JitsiForm
from services.streaming_bridge.domain.errors import NoMeetingError, UnreadableDeliveryError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import Ignored, Kind, Observation
from services.streaming_bridge.domain.sources import PlatformName, Source
from tests.fakes.bridge import OPENING
from tests.fakes.platforms import JitsiShapes, instant

SHAPES = JitsiShapes()
SECRET = "a-secret-of-enough-characters-12"
UNTIMED: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


def observed(body: bytes, **changes: Any) -> Observation | Ignored:  # noqa: ANN401  (any field)
    delivery = Delivery(url="", headers={}, body=json.dumps(json.loads(body) | changes).encode())
    (observed,) = JITSI.observe(JITSI.parse(delivery))
    return observed


def occupant(body: bytes, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    found: dict[str, Any] = json.loads(body)["occupant"] | changes
    return {key: value for key, value in found.items() if value is not ...}


def refusal(body: bytes, **changes: Any) -> list[str]:  # noqa: ANN401
    """The places that are refused."""
    with pytest.raises(UnreadableDeliveryError) as refused:
        observed(body, **changes)
    return [".".join(map(str, place)) for place, _ in refused.value.errors]


def found(body: bytes, **changes: Any) -> Observation:  # noqa: ANN401
    observation = observed(body, **changes)
    assert isinstance(observation, Observation)
    return observation


def test_a_breakout_is_a_room_of_its_own_that_the_main_room_s_event_claims() -> None:
    main = found(SHAPES.joined(5, who="ada"))
    breakout = found(SHAPES.joined(5, who="ada"), is_breakout=True, breakout_room_id="b-1")
    assert main.connection == breakout.connection
    assert main.room.name == breakout.room.name
    assert main.room.key != breakout.room.key
    assert main.identity != breakout.identity


def test_a_room_without_a_name_has_that_of_its_address() -> None:
    assert found(SHAPES.opened(0), room_name=None).room.name == "pleniere"


@pytest.mark.parametrize("occupants", [{}, [], [{"occupant_jid": 7}], None, "anything"])
def test_the_list_of_all_occupants_is_not_even_looked_at(occupants: object) -> None:
    assert found(SHAPES.closed(60), all_occupants=occupants).kind is Kind.ROOM_CLOSED


def test_whole_and_broken_seconds_are_the_same_fact() -> None:
    whole = int(instant(5).timestamp())
    facts = [found(SHAPES.opened(0), created_at=seconds) for seconds in (whole, float(whole))]
    assert facts[0] == facts[1]
    assert found(SHAPES.opened(0), created_at=whole + 0.25).time == instant(5) + timedelta(milliseconds=250)


def test_the_address_does_not_decide_what_a_delivery_is() -> None:
    assert found(SHAPES.left(9, who="ada", came=5)).kind is Kind.LEFT


@pytest.mark.parametrize(
    "written",
    ["1625824035", True, None, [], {}, -5, 0, 1625824035123, 1e300],
    ids=repr,
)
def test_an_instant_that_a_user_object_wrote_over_is_refused(written: object) -> None:
    body = SHAPES.joined(5, who="ada")
    assert refusal(body, occupant=occupant(body, joined_at=written)) == ["occupant.joined_at"]


@pytest.mark.parametrize("written", [7, None, "", [], {"a": 1}, "with\ttab", "x" * 301], ids=repr)
def test_a_connection_that_a_user_object_wrote_over_is_refused(written: object) -> None:
    body = SHAPES.joined(5, who="ada")
    assert refusal(body, occupant=occupant(body, occupant_jid=written)) == ["occupant.occupant_jid"]


@pytest.mark.parametrize("written", [[], {"id": 1}, True], ids=repr)
def test_a_user_id_that_is_no_id_is_refused(written: object) -> None:
    body = SHAPES.joined(5, who="ada")
    assert refusal(body, occupant=occupant(body, id=written)) == ["occupant.id"]


@pytest.mark.parametrize("written", [7, [], {"first": "Ada"}, "", " \n "], ids=repr)
def test_a_name_that_is_no_name_costs_nobody_their_presence(written: object) -> None:
    body = SHAPES.joined(5, who="ada")
    connection = found(body, occupant=occupant(body, name=written)).connection
    assert connection is not None
    assert connection.display_name is None


def test_every_missing_field_is_named() -> None:
    body = SHAPES.left(9, who="ada")
    changes = {"room_jid": None, "occupant": occupant(body, left_at=..., occupant_jid=...)}
    assert refusal(body, **changes) == ["room_jid", "occupant.occupant_jid", "occupant.left_at"]


def test_a_breakout_without_its_id_is_refused() -> None:
    assert "breakout_room_id is missing, in a breakout room" in explanation(SHAPES.opened(0), is_breakout=True)


def explanation(body: bytes, **changes: Any) -> str:  # noqa: ANN401
    with pytest.raises(UnreadableDeliveryError) as refused:
        observed(body, **changes)
    return refused.value.explanation


def test_a_clock_that_was_set_back_costs_the_beginning_and_not_the_leave() -> None:
    assert found(SHAPES.left(9, who="ada", came=5)).joined_at == instant(5)
    assert found(SHAPES.left(9, who="ada", came=30)).joined_at is None


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer wrong", "", "Bearer \udcff"], ids=repr)
def test_only_the_bearer_token_is_a_proof(header: str) -> None:
    delivery = Delivery(url="", headers={"Authorization": header}, body=b"")
    with pytest.raises(UnverifiedDeliveryError):
        JITSI.verify(delivery, ["right-one"], now=OPENING, tolerance=timedelta())


def source(**form: Any) -> Source:  # noqa: ANN401
    read = JitsiForm.model_validate({"platform": "jitsi", "name": "own", "webhook_token": "a-long-token", **form})
    return Source(
        name=read.name,
        platform=PlatformName.JITSI,
        webhook_secrets=(read.delivery_secret(),),
        settings=read.settings(),
        secrets=read.secrets(),
        created_at=OPENING,
        updated_at=OPENING,
    )


def test_a_join_link_is_signed_by_the_application_s_secret() -> None:
    own = source(domain="https://meet.example.org/", app_id="passerelle", app_secret=SECRET)
    visitor = Visitor(participant_id="par_1", display_name="Ada Löwe", room="Pleniere")
    address = JITSI.join_url(own, visitor, now=OPENING, lifetime=timedelta(minutes=30))
    place, _, token = address.partition("?jwt=")
    assert place == "https://meet.example.org/Pleniere"
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="jitsi", options=UNTIMED)
    assert {name: claims[name] for name in ("iss", "sub", "room")} == {
        "iss": "passerelle",
        "sub": "meet.example.org",
        "room": "Pleniere",
    }
    assert claims["context"]["user"] == {"id": "par_1", "name": "Ada Löwe", "moderator": False}
    assert claims["exp"] == OPENING.timestamp() + 1800
    assert claims["nbf"] < OPENING.timestamp()


def test_a_room_with_letters_of_ours_is_encoded_in_the_address_and_in_the_token() -> None:
    own = source(domain="meet.example.org")
    visitor = Visitor(participant_id="par_1", display_name="Ada", room="Réunion 1")
    address = JITSI.join_url(own, visitor, now=OPENING, lifetime=timedelta(minutes=30))
    assert address == "https://meet.example.org/R%C3%A9union%201"


def test_without_a_domain_there_is_nowhere_to_send_anybody() -> None:
    visitor = Visitor(participant_id="par_1", display_name="Ada", room="r")
    with pytest.raises(NoMeetingError):
        JITSI.join_url(source(), visitor, now=OPENING, lifetime=timedelta(minutes=30))


@pytest.mark.parametrize("email,vouched", [("ada@example.org", "ada@example.org"), (7, None), ("nobody", None)])
def test_the_address_of_a_jwt_is_vouched_for(email: object, vouched: str | None) -> None:
    body = json.loads(SHAPES.joined(5, who="ada"))
    body["occupant"]["email"] = email
    (seen,) = JITSI.observe(JITSI.parse(Delivery(url="", headers={}, body=json.dumps(body).encode())))
    assert isinstance(seen, Observation)
    assert seen.connection is not None
    assert seen.connection.email == vouched
