"""What is particular to JaaS."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from jwt.types import Options
from pydantic import ValidationError

from services.streaming_bridge.adapters.platforms.anatomy import Delivery, Visitor
from services.streaming_bridge.adapters.platforms.jaas import JAAS, JaasForm
from services.streaming_bridge.domain.errors import NoMeetingError, UnreadableDeliveryError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import Ignored, Kind, Observation
from services.streaming_bridge.domain.sources import PlatformName, Source
from tests.fakes.bridge import OPENING
from tests.fakes.platforms import JaasShapes
from tests.fakes.platforms.jaas import APP

SHAPES = JaasShapes()
TOLERANCE = timedelta(hours=24)
UNTIMED: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, passphrase: bytes | None = None) -> str:
    encryption: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def observed(body: bytes, **changes: Any) -> Observation | Ignored:  # noqa: ANN401  (any field)
    delivery = Delivery(url="", headers={}, body=json.dumps(json.loads(body) | changes).encode())
    (observed,) = JAAS.observe(JAAS.parse(delivery))
    return observed


def refused(body: bytes, **changes: Any) -> str:  # noqa: ANN401
    with pytest.raises(UnreadableDeliveryError) as error:
        observed(body, **changes)
    return error.value.explanation


def test_the_session_and_the_connection_are_the_platform_s_own() -> None:
    observation = observed(SHAPES.joined(5, who="ada"))
    assert isinstance(observation, Observation)
    assert observation.room.session == SHAPES.session
    assert observation.room.key == f"{APP}/{SHAPES.room}"
    assert observation.room.name == SHAPES.room
    assert observation.connection is not None
    assert observation.connection.key.endswith("@8x8.vc")


def test_the_delivery_key_makes_the_fact_whatever_else_changed() -> None:
    body = SHAPES.joined(5, who="ada")
    one, other = observed(body), observed(body, timestamp=1795424460000)
    assert one.identity == other.identity


def test_a_connection_without_a_jid_is_known_by_its_id() -> None:
    data = SHAPES.participant("ada")
    del data["participantJid"]
    observation = observed(SHAPES.event("PARTICIPANT_JOINED", 5, data))
    assert isinstance(observation, Observation)
    assert observation.connection is not None
    assert observation.connection.key == data["participantId"]


def test_a_participant_without_any_connection_is_refused() -> None:
    assert "participantJid is missing" in refused(SHAPES.event("PARTICIPANT_LEFT", 5, {"name": "Ada"}))


def test_a_breakout_is_a_room_of_its_own_that_the_main_room_s_event_claims() -> None:
    data = SHAPES.participant("ada") | {"isBreakout": True, "breakoutRoomId": "b-1"}
    main, breakout = observed(SHAPES.joined(5, who="ada")), observed(SHAPES.event("PARTICIPANT_JOINED", 5, data))
    assert isinstance(main, Observation)
    assert isinstance(breakout, Observation)
    assert (main.room.name, main.connection) == (breakout.room.name, breakout.connection)
    assert main.room.key != breakout.room.key


@pytest.mark.parametrize(
    "event_type,kind", [("LIVE_STREAM_STARTED", Kind.STREAM_STARTED), ("LIVE_STREAM_ENDED", Kind.STREAM_STOPPED)]
)
def test_a_live_stream_starts_and_stops(event_type: str, kind: Kind) -> None:
    observation = observed(SHAPES.event(event_type, 5, {"conference": "x"}))
    assert isinstance(observation, Observation)
    assert observation.kind is kind


@pytest.mark.parametrize(
    "event_type", ["PARTICIPANT_LEFT_LOBBY", "RECORDING_STARTED", "SETTINGS_PROVISIONING", "SOMETHING_NEW"]
)
def test_other_deliveries_are_ignored_even_without_a_room(event_type: str) -> None:
    assert isinstance(observed(SHAPES.event(event_type, 5, {}), fqn=None, sessionId=None, data=None), Ignored)


@pytest.mark.parametrize("fqn", ["room-without-app", "/room", "app/", 7, None], ids=repr)
def test_a_room_without_its_application_is_refused(fqn: object) -> None:
    assert refused(SHAPES.opened(0), fqn=fqn).startswith("fqn: ")


@pytest.mark.parametrize("timestamp", ["1600951800112", 1600951800, None, True, 1e300, 10**400])
def test_a_timestamp_in_another_unit_is_refused(timestamp: object) -> None:
    assert refused(SHAPES.opened(0), timestamp=timestamp).startswith("timestamp: ")


def test_every_missing_field_is_named() -> None:
    body = b'{"eventType": "PARTICIPANT_JOINED"}'
    with pytest.raises(UnreadableDeliveryError) as error:
        JAAS.parse(Delivery(url="", headers={}, body=body))
    places = [place for place, _ in error.value.errors]
    assert places == [("idempotencyKey",), ("sessionId",), ("timestamp",), ("fqn",), ("data",)]


def verify(header: str, body: bytes = b"{}") -> None:
    JAAS.verify(
        Delivery(url="", headers={"X-Jaas-Signature": header}, body=body),
        [SHAPES.secret],
        now=OPENING,
        tolerance=TOLERANCE,
    )


def reason(header: str) -> str:
    with pytest.raises(UnverifiedDeliveryError) as error:
        verify(header)
    return error.value.reason


def signature(stamp: str, body: bytes = b"{}") -> str:

    digest = hmac.digest(SHAPES.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return base64.b64encode(digest).decode()


STAMP = str(int(OPENING.timestamp()))


def test_one_right_signature_among_several_is_enough() -> None:
    verify(f"t={STAMP},v1=AAAA,v1={signature(STAMP)}")
    verify(f"v1={signature(STAMP)}, t={STAMP}, v0=whatever")


def test_an_instant_in_milliseconds_is_understood() -> None:
    stamp = f"{STAMP}123"
    verify(f"t={stamp},v1={signature(stamp)}")


def test_a_weaker_scheme_is_no_proof() -> None:
    assert reason(f"t={STAMP},v0={signature(STAMP)}") == "signature_malformed"


@pytest.mark.parametrize("header", ["", "t=,v1=", "v1=AAAA", "t=now,v1=AAAA", "t=1,t=2,v1=AAAA", "t=٣,v1=A", ","])
def test_a_header_of_another_form_is_refused(header: str) -> None:
    assert reason(header) == "signature_malformed"


@pytest.mark.parametrize("stamp", ["0", "99999999999999999999999", str(int(STAMP) + 90_000)])
def test_an_instant_far_from_the_present_is_refused(stamp: str) -> None:
    assert reason(f"t={stamp},v1={signature(stamp)}") == "signature_stale"


def form(**given: Any) -> JaasForm:  # noqa: ANN401
    return JaasForm.model_validate({"platform": "jaas", "name": "our", "webhook_secret": "whsec_12345678", **given})


def wrong(**given: Any) -> str:  # noqa: ANN401
    with pytest.raises(ValidationError) as error:
        form(app_id=APP, key_id="k1", **given)
    (found,) = error.value.errors(include_url=False)
    assert "PRIVATE" not in str(error.value)
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"


def test_a_key_that_is_no_pem_is_refused() -> None:
    assert (
        wrong(private_key="a private key")
        == "private_key: This is no private key: it goes from -----BEGIN to -----END."
    )


def test_a_key_that_is_no_rsa_key_is_refused() -> None:
    assert "no RSA key" in wrong(private_key=pem(ec.generate_private_key(ec.SECP256R1())))


def test_a_key_that_is_too_short_is_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  (that is the point)
    assert "2048 bits or more" in wrong(private_key=pem(short))


def test_a_key_with_a_passphrase_is_refused(key: rsa.RSAPrivateKey) -> None:
    assert "has a passphrase" in wrong(private_key=pem(key, passphrase=b"secret"))


@pytest.mark.parametrize("given", [{"key_id": "k1"}, {"app_id": APP, "private_key": "x"}, {"webhok_secret": "x"}])
def test_a_form_that_is_not_whole_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        form(**given)


def test_a_join_link_is_signed_by_the_application_s_key(key: rsa.RSAPrivateKey) -> None:
    read = form(app_id=APP, key_id="k1", private_key=pem(key))
    own = Source(
        name="our",
        platform=PlatformName.JAAS,
        webhook_secrets=(read.delivery_secret(),),
        settings=read.settings(),
        secrets=read.secrets(),
        created_at=OPENING,
        updated_at=OPENING,
    )
    visitor = Visitor(participant_id="par_1", display_name="Ada", room="atelier")
    address = JAAS.join_url(own, visitor, now=OPENING, lifetime=timedelta(minutes=30))
    place, _, token = address.partition("?jwt=")
    assert place == f"https://8x8.vc/{APP}/atelier"
    assert jwt.get_unverified_header(token)["kid"] == f"{APP}/k1"
    claims = jwt.decode(token, key.public_key(), algorithms=["RS256"], audience="jitsi", options=UNTIMED)
    assert {name: claims[name] for name in ("iss", "sub", "room")} == {"iss": "chat", "sub": APP, "room": "atelier"}
    assert claims["context"]["user"] == {"id": "par_1", "name": "Ada", "moderator": False}
    assert set(claims["context"]["features"].values()) == {False}


def test_without_a_key_nobody_can_be_let_in() -> None:
    read = form()
    own = Source(
        name="our",
        platform=PlatformName.JAAS,
        webhook_secrets=(read.delivery_secret(),),
        settings=read.settings(),
        secrets=read.secrets(),
        created_at=OPENING,
        updated_at=OPENING,
    )
    visitor = Visitor(participant_id="par_1", display_name="Ada", room="atelier")
    with pytest.raises(NoMeetingError):
        JAAS.join_url(own, visitor, now=OPENING, lifetime=timedelta(minutes=30))
