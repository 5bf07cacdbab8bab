"""What is particular to Zoom."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.streaming_bridge.adapters.platforms.anatomy import Delivery, Visitor
from services.streaming_bridge.adapters.platforms.zoom import ZOOM, ZoomForm
from services.streaming_bridge.domain.errors import NoMeetingError, UnreadableDeliveryError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import Ignored, Kind, Observation
from services.streaming_bridge.domain.sources import PlatformName, Source
from tests.fakes.bridge import OPENING, BridgeUnderTest
from tests.fakes.deliveries import deliver, send
from tests.fakes.platforms import ZoomShapes, instant

SHAPES = ZoomShapes()
TOLERANCE = timedelta(hours=24)


def observed(body: bytes) -> Observation | Ignored:
    (seen,) = ZOOM.observe(ZOOM.parse(Delivery(url="", headers={}, body=body)))
    assert isinstance(seen, Observation | Ignored)
    return seen


def somebody(body: bytes, **changes: Any) -> Observation:  # noqa: ANN401  (any field of the participant)
    whole = json.loads(body)
    whole["payload"]["object"]["participant"].update(changes)
    seen = observed(json.dumps(whole).encode())
    assert isinstance(seen, Observation)
    return seen


def test_a_meeting_is_claimed_by_its_id_and_each_taking_place_is_a_session() -> None:
    seen = somebody(SHAPES.joined(5, who="ada"))
    assert (seen.room.name, seen.room.key, seen.room.session) == (SHAPES.room, SHAPES.room, SHAPES.session)
    whole = json.loads(SHAPES.opened(0))
    whole["payload"]["object"]["id"] = int(SHAPES.room)
    numbered = observed(json.dumps(whole).encode())
    assert isinstance(numbered, Observation)
    assert numbered.room == seen.room


@pytest.mark.parametrize("gathering", ["meeting", "webinar"])
def test_meetings_and_webinars_are_told_alike(gathering: str) -> None:
    shapes = ZoomShapes(gathering)
    bodies = [shapes.opened(0), shapes.joined(5, who="ada"), shapes.left(9, who="ada"), shapes.closed(60)]
    told = [seen for body in bodies if isinstance(seen := observed(body), Observation)]
    assert [seen.kind for seen in told] == [Kind.ROOM_OPENED, Kind.JOINED, Kind.LEFT, Kind.ROOM_CLOSED]
    assert told[1].connection is not None
    assert told[2].connection is not None
    assert told[1].connection.key == told[2].connection.key


def test_a_meeting_begins_when_that_was_sent_and_not_when_it_was_planned() -> None:
    seen = observed(SHAPES.opened(3))
    assert isinstance(seen, Observation)
    assert seen.time == instant(3) + timedelta(milliseconds=511)


def test_a_registrant_is_the_same_person_at_each_join() -> None:
    first = somebody(SHAPES.joined(5, who="ada"), registrant_id="r-1", id="")
    second = somebody(SHAPES.joined(9, who="ada"), registrant_id="r-1", id="an-account")
    assert first.connection is not None
    assert second.connection is not None
    assert first.connection.key != second.connection.key
    assert first.connection.user_id == second.connection.user_id == first.connection.registrant_id == "r-1"


@pytest.mark.parametrize("account,vouched", [("", None), ("30R7kT7bTIKSNUFEuH_Qlg", "ada@example.org")])
def test_an_address_counts_only_for_who_is_signed_in(account: str, vouched: str | None) -> None:
    seen = somebody(SHAPES.joined(5, who="ada"), id=account, email="ada@example.org")
    assert seen.connection is not None
    assert seen.connection.email == vouched


@pytest.mark.parametrize("email", ["", None, 7, "no address", "a@b c", "@", "x" * 70 + "@example.org"])
def test_what_is_no_address_is_left_out(email: object) -> None:
    seen = somebody(SHAPES.joined(5, who="ada"), id="account", email=email)
    assert seen.connection is not None
    assert seen.connection.email is None


def test_a_participant_without_any_connection_is_refused() -> None:
    with pytest.raises(UnreadableDeliveryError) as error:
        somebody(SHAPES.joined(5, who="ada"), user_id="", participant_uuid=None)
    assert "user_id is missing" in error.value.explanation


@pytest.mark.parametrize("join_time", ["yesterday", "2026-11-23T09:05:00", 1795424400, "1970-01-01T00:00:00Z"])
def test_an_instant_of_another_form_is_refused(join_time: object) -> None:
    with pytest.raises(UnreadableDeliveryError) as error:
        somebody(SHAPES.joined(5, who="ada"), join_time=join_time)
    assert error.value.explanation.startswith("payload.object.participant.join_time: ")


@pytest.mark.parametrize("event", ["meeting.participant_put_in_waiting_room", "recording.completed", "something.new"])
def test_other_deliveries_are_ignored_whatever_they_hold(event: str) -> None:
    assert isinstance(observed(json.dumps({"event": event, "payload": None}).encode()), Ignored)


def reason(headers: dict[str, str], body: bytes = b"{}") -> str:
    with pytest.raises(UnverifiedDeliveryError) as error:
        ZOOM.verify(Delivery(url="", headers=headers, body=body), [SHAPES.secret], now=OPENING, tolerance=TOLERANCE)
    return error.value.reason


@pytest.mark.parametrize(
    "changes,expected",
    [
        ({"x-zm-request-timestamp": ""}, "signature_malformed"),
        ({"x-zm-request-timestamp": "٣"}, "signature_malformed"),
        ({"x-zm-request-timestamp": "1" * 5000}, "signature_malformed"),
        ({"x-zm-signature": "v1=00"}, "signature_malformed"),
        ({"x-zm-signature": "v0="}, "signature_wrong"),
        ({"x-zm-signature": "v0=é"}, "signature_wrong"),
    ],
)
def test_headers_of_another_form_are_refused(changes: dict[str, str], expected: str) -> None:
    assert reason(dict(SHAPES.request(b"{}").headers) | changes) == expected


def test_a_signature_is_of_its_stamp() -> None:
    headers = dict(SHAPES.request(b"{}").headers)
    headers["x-zm-request-timestamp"] = str(int(headers["x-zm-request-timestamp"]) + 1)
    assert reason(headers) == "signature_wrong"


def test_the_last_repetition_is_taken_though_it_may_bear_the_first_signature() -> None:
    request = SHAPES.request(b"{}", signed_at=OPENING)
    delivery = Delivery(url="", headers=request.headers, body=request.body)
    ZOOM.verify(delivery, [SHAPES.secret], now=OPENING + timedelta(minutes=85), tolerance=TOLERANCE)


async def test_the_address_is_validated_by_the_secret_that_asked(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="zoom", name=SHAPES.source, secret_token=SHAPES.secret)
    newer = "zoom_secret_token_4567"
    await bridge.api("PATCH", f"/api/v1/sources/{SHAPES.source}", {"secret_token": newer}, status=200)
    for secret in (SHAPES.secret, newer):
        answer = await send(bridge, SHAPES.request(SHAPES.validation("plain"), secret=secret), status=200)
        expected = hmac.digest(secret.encode(), b"plain", hashlib.sha256).hex()
        assert (answer["plainToken"], answer["encryptedToken"]) == ("plain", expected)
    refused = await send(bridge, SHAPES.request(SHAPES.validation(), secret="somebody else's"), status=401)
    assert "encryptedToken" not in refused


@pytest.mark.parametrize("token", ["", "x" * 201, 7, None, ["plain"]], ids=str)
async def test_what_is_no_token_is_not_signed(bridge: BridgeUnderTest, token: object) -> None:
    await bridge.add_source(platform="zoom", name=SHAPES.source, secret_token=SHAPES.secret)
    answer = await send(bridge, SHAPES.request(SHAPES.validation(token)), status=200)
    assert answer["status"] == "unreadable"


async def test_what_cannot_be_read_is_kept_and_answered_as_taken(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="zoom", name=SHAPES.source, secret_token=SHAPES.secret)
    body = SHAPES.joined(5, who="ada").replace(b'"uuid"', b'"other"')
    (answer,) = await deliver(bridge, SHAPES, [body])
    assert answer["status"] == "unreadable"
    (letter,) = await bridge.records("passerelle-dead-letter")
    assert "payload.object.uuid" in letter.headers["reason"]


async def test_an_event_claims_a_meeting_by_its_number_as_zoom_shows_it(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="zoom", name=SHAPES.source, secret_token=SHAPES.secret)
    await bridge.claim((SHAPES.source, "847 1263 9219"))
    (answer,) = await deliver(bridge, SHAPES, [SHAPES.joined(5, who="ada")])
    assert answer["status"] == "accepted"


def source(**given: str) -> Source:
    form = ZoomForm.model_validate({"platform": "zoom", "name": "z", "secret_token": "zoom_secret", **given})
    return Source(
        name="z",
        platform=PlatformName.ZOOM,
        webhook_secrets=(form.delivery_secret(),),
        settings=form.settings(),
        secrets=form.secrets(),
        created_at=OPENING,
        updated_at=OPENING,
    )


@pytest.mark.parametrize(
    "given,expected",
    [
        ("https://us02web.zoom.us/j/{room}?pwd=x", "https://us02web.zoom.us/j/84712639219?pwd=x"),
        ("https://zoom.us/w/{room}?tk=y", "https://zoom.us/w/84712639219?tk=y"),
    ],
)
def test_participants_are_sent_to_the_address_that_was_given(given: str, expected: str) -> None:
    visitor = Visitor(participant_id="par_1", display_name="Ada", room="847 1263 9219")
    assert ZOOM.join_url(source(join_url=given), visitor, now=OPENING, lifetime=timedelta(minutes=5)) == expected
    with pytest.raises(NoMeetingError):
        ZOOM.join_url(source(), visitor, now=OPENING, lifetime=timedelta(minutes=5))
    nowhere = replace(visitor, room="Grand amphi")
    with pytest.raises(NoMeetingError):
        ZOOM.join_url(source(join_url=given), nowhere, now=OPENING, lifetime=timedelta(minutes=5))


@pytest.mark.parametrize(
    "address",
    [
        "http://zoom.us/j/{room}",
        "zoom.us/j/{room}",
        "https://",
        "https://me@zoom.us/{room}",
        "https://zoom.us/j {room}",
        "https://[",
        "https://zoom.us/j/84712639219",
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        source(join_url=address)
