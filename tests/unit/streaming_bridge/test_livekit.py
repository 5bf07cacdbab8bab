"""What is particular to LiveKit."""

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from jwt.types import Options
from pydantic import ValidationError
from yarl import URL

from services.streaming_bridge.adapters.platforms.anatomy import Delivery, Visitor
from services.streaming_bridge.adapters.platforms.livekit import LIVEKIT, LivekitForm
from services.streaming_bridge.domain.errors import NoMeetingError, UnreadableDeliveryError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import Ignored, Kind, Observation
from services.streaming_bridge.domain.sources import PlatformName, Source
from tests.fakes.bridge import OPENING
from tests.fakes.platforms import LivekitShapes, instant
from tests.fakes.platforms.livekit import API_KEY
from tests.fakes.platforms.shapes import Request

SHAPES = LivekitShapes()
TOLERANCE = timedelta(hours=24)
UNTIMED: Options = {"verify_exp": False, "verify_nbf": False}
SETTINGS = {
    "api_key": API_KEY,
    "server_url": "wss://livekit.example.org",
    "meeting_page": "https://meet.example.org/custom",
}


def observed(body: bytes, **changes: Any) -> Observation | Ignored:  # noqa: ANN401  (any field)
    delivery = Delivery(url="", headers={}, body=json.dumps(json.loads(body) | changes).encode())
    (observed,) = LIVEKIT.observe(LIVEKIT.parse(delivery))
    return observed


def seen(body: bytes, **changes: Any) -> Observation:  # noqa: ANN401
    observation = observed(body, **changes)
    assert isinstance(observation, Observation)
    return observation


def participant(body: bytes, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """The participant of a delivery with some fields changed, or taken away by `...`."""
    changed = json.loads(body)["participant"] | changes
    return {name: value for name, value in changed.items() if value is not ...}


def refusal(request: Request, *, late: timedelta = timedelta()) -> str | None:
    delivery = Delivery(url="", headers=request.headers, body=request.body)
    try:
        LIVEKIT.verify(delivery, ["another-secret-1", SHAPES.secret], now=OPENING + late, tolerance=TOLERANCE)
    except UnverifiedDeliveryError as error:
        return error.reason
    return None


def test_the_room_s_sid_is_its_session_and_the_participant_s_the_connection() -> None:
    observation = seen(SHAPES.joined(5, who="ada"))
    assert (observation.room.name, observation.room.key) == (SHAPES.room, SHAPES.room)
    assert observation.room.session == "RM_oNe0fOurS"
    assert observation.connection is not None
    assert observation.connection.key.startswith("PA_")


def test_somebody_came_when_they_came_whenever_it_was_told() -> None:
    body = SHAPES.joined(5, who="ada")
    milliseconds = str(round(instant(5).timestamp() * 1000) + 123)
    exact = seen(body, participant=participant(body, joinedAtMs=milliseconds))
    assert exact.time == instant(5) + timedelta(milliseconds=123)
    assert seen(body, participant=participant(body, joinedAtMs=...)).time == instant(5)
    assert seen(body, participant=participant(body, joinedAtMs="0", joinedAt="0")).time == instant(5)


def test_a_leave_in_the_second_of_its_join_is_not_before_it() -> None:
    body = SHAPES.left(5, who="ada", came=5)
    milliseconds = str(round(instant(5).timestamp() * 1000) + 640)
    left = seen(body, participant=participant(body, joinedAtMs=milliseconds))
    assert left.kind is Kind.LEFT
    assert left.time == left.joined_at == instant(5) + timedelta(milliseconds=640)


def test_a_leave_says_when_it_began() -> None:
    assert seen(SHAPES.left(20, who="ada", came=5)).joined_at == instant(5)
    assert seen(SHAPES.left(20, who="ada")).joined_at is None


@pytest.mark.parametrize("kind", ["INGRESS", "EGRESS", "AGENT", "BRIDGE", "SOMETHING_NEW", 12])
def test_machines_are_left_out(kind: object) -> None:
    body = SHAPES.joined(5, who="ada")
    assert isinstance(observed(body, participant=participant(body, kind=kind)), Ignored)


@pytest.mark.parametrize("kind", ["STANDARD", "SIP", "CONNECTOR"])
def test_people_count_on_the_telephone_too(kind: str) -> None:
    body = SHAPES.joined(5, who="ada")
    assert seen(body, participant=participant(body, kind=kind)).kind is Kind.JOINED


def test_a_connection_that_failed_was_no_presence() -> None:
    body = SHAPES.event("participant_connection_aborted", 5, participant=SHAPES.participant("ada"))
    assert observed(body) == Ignored(
        identity=("delivery", json.loads(body)["id"]), event_type="participant_connection_aborted"
    )


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"createdAt": ...}, "createdAt"),
        ({"createdAt": "0"}, "createdAt"),
        ({"createdAt": "yesterday"}, "createdAt"),
        ({"createdAt": "9" * 30}, "createdAt"),
        ({"room": {"sid": "RM_1"}}, "room.name"),
        ({"participant": ...}, "participant"),
        ({"participant": {"identity": "ada"}}, "participant.sid"),
        ({"participant": {"sid": "PA_1", "joinedAtMs": 10**400}}, "participant.joinedAtMs"),
        ({"id": ...}, "id"),
    ],
)
def test_what_is_missing_or_wrong_is_named(changes: dict[str, Any], named: str) -> None:
    whole = json.loads(SHAPES.joined(5, who="ada")) | changes
    body = json.dumps({name: value for name, value in whole.items() if value is not ...}).encode()
    with pytest.raises(UnreadableDeliveryError) as error:
        observed(body)
    assert named in error.value.explanation


def test_a_delivery_is_proved_by_any_valid_secret() -> None:
    assert refusal(SHAPES.request(SHAPES.joined(5, who="ada"))) is None


def test_a_participant_s_own_token_proves_nothing() -> None:
    claims = {"iss": API_KEY, "sub": "ada", "exp": OPENING + timedelta(hours=6), "video": {"roomJoin": True}}
    assert refusal(SHAPES.proved(SHAPES.closed(5), claims)) == "signature_wrong"


def test_a_token_that_expired_or_never_does_is_refused() -> None:
    request = SHAPES.request(SHAPES.joined(5, who="ada"))
    assert refusal(request, late=timedelta(minutes=6)) is None
    assert refusal(request, late=timedelta(minutes=6, seconds=1)) == "signature_stale"
    digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
    assert refusal(SHAPES.proved(request.body, {"iss": API_KEY, "sha256": digest})) == "signature_stale"


@pytest.mark.parametrize(
    "token", ["", "no token", "Bearer a.b.c", "é.b.c", "\udcff", "a" * 5000, "W" * 4000 + ".e30.x"]
)
def test_what_is_no_token_is_malformed(token: str) -> None:
    assert refusal(Request(path="", headers={"Authorization": token}, body=b"{}")) == "signature_malformed"


def test_another_algorithm_is_refused() -> None:
    body = SHAPES.joined(5, who="ada")
    claims = {"exp": OPENING, "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode()}
    for algorithm, secret in (("none", ""), ("HS512", SHAPES.secret * 2)):
        forged = jwt.encode(claims, secret, algorithm=algorithm)
        assert refusal(Request(path="", headers={"Authorization": forged}, body=body)) == "signature_malformed"


def source(**settings: str) -> Source:
    return Source(
        name="ours",
        platform=PlatformName.LIVEKIT,
        webhook_secrets=(SHAPES.secret,),
        settings=settings,
        secrets={"api_secret": SHAPES.secret} if settings else {},
        created_at=OPENING,
        updated_at=OPENING,
    )


def test_a_join_link_carries_a_token_for_this_room_and_this_person() -> None:
    visitor = Visitor(participant_id="par_1", display_name="Ada Löwe", room="Grande%20salle")
    lifetime = timedelta(minutes=10)
    url = URL(LIVEKIT.join_url(source(**SETTINGS), visitor, now=OPENING, lifetime=lifetime))
    assert str(url.with_query(None)) == "https://meet.example.org/custom"
    assert url.query["liveKitUrl"] == "wss://livekit.example.org"
    claims = jwt.decode(url.query["token"], SHAPES.secret, algorithms=["HS256"], options=UNTIMED)
    assert claims == {
        "iss": API_KEY,
        "sub": "par_1",
        "name": "Ada Löwe",
        "nbf": int((OPENING - timedelta(minutes=1)).timestamp()),
        "exp": int((OPENING + lifetime).timestamp()),
        "video": {"roomJoin": True, "room": "Grande salle", "canPublish": True, "canSubscribe": True},
    }


def test_a_source_that_names_no_page_leads_nowhere() -> None:
    with pytest.raises(NoMeetingError):
        LIVEKIT.join_url(
            source(), Visitor(participant_id="p", display_name="A", room="r"), now=OPENING, lifetime=TOLERANCE
        )


def form(**fields: object) -> LivekitForm:
    return LivekitForm.model_validate({"platform": "livekit", "name": "ours", "api_secret": SHAPES.secret} | fields)


@pytest.mark.parametrize(
    "written, kept",
    [
        ("livekit.example.org", "wss://livekit.example.org"),
        ("https://livekit.example.org:7880/", "wss://livekit.example.org:7880"),
        (" ws://192.168.1.20:7880 ", "ws://192.168.1.20:7880"),
        ("wss://example.org/livekit/", "wss://example.org/livekit"),
    ],
)
def test_a_server_s_address_is_taken_as_people_write_it(written: str, kept: str) -> None:
    assert form(api_key=API_KEY, server_url=written).settings()["server_url"] == kept


@pytest.mark.parametrize(
    "fields",
    [
        {"api_key": API_KEY},
        {"server_url": "wss://livekit.example.org"},
        {"meeting_page": "https://meet.example.org/custom"},
        {"api_key": API_KEY, "server_url": "ftp://livekit.example.org"},
        {"api_key": API_KEY, "server_url": "wss://user@livekit.example.org"},
        {"api_key": API_KEY, "server_url": "wss://livekit.example.org?x=1"},
        {"api_key": API_KEY, "server_url": "wss://[half"},
        {"api_key": API_KEY, "server_url": "https:/livekit"},
        {"api_key": API_KEY, "server_url": "livekit"},
        SETTINGS | {"meeting_page": "n importe quoi"},
        SETTINGS | {"meeting_page": "https://n importe quoi"},
        SETTINGS | {"meeting_page": "http://meet.example.org/custom"},
    ],
)
def test_a_form_that_could_not_work_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        form(**fields)
