"""What is particular to Owncast."""

import json
from datetime import timedelta
from typing import Any

import pytest
import structlog
from pydantic import ValidationError

from schemas.identifiers import guest_id
from services.streaming_bridge.adapters.platforms.anatomy import Delivery, Visitor
from services.streaming_bridge.adapters.platforms.owncast import OWNCAST, OwncastForm
from services.streaming_bridge.domain.errors import NoMeetingError, UnreadableDeliveryError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import Ignored, Kind, Observation
from services.streaming_bridge.domain.sources import PlatformName, Source
from tests.fakes.bridge import OPENING, BridgeUnderTest
from tests.fakes.deliveries import deliver, presence, send
from tests.fakes.platforms import OwncastShapes, instant

SHAPES = OwncastShapes()


def observed(body: bytes) -> list[Observation | Ignored]:
    return list(OWNCAST.observe(OWNCAST.parse(Delivery(url="", headers={}, body=body))))


def test_a_stream_that_begins_or_stops_is_a_room_that_opens_or_closes() -> None:
    started, stopped = observed(SHAPES.opened(0)), observed(SHAPES.closed(60))
    assert [one.kind for one in started if isinstance(one, Observation)] == [Kind.STREAM_STARTED, Kind.ROOM_OPENED]
    assert [one.kind for one in stopped if isinstance(one, Observation)] == [Kind.STREAM_STOPPED, Kind.ROOM_CLOSED]
    assert len({one.identity for one in (*started, *stopped)}) == 4


def test_nanoseconds_are_cut_off() -> None:
    (seen,) = observed(SHAPES.joined(5, who="ada"))
    assert isinstance(seen, Observation)
    assert seen.time == instant(5)


def test_nothing_that_somebody_wrote_is_read() -> None:
    parsed = OWNCAST.parse(Delivery(url="", headers={}, body=SHAPES.unknown(5)))
    assert "Bonjour" not in repr(parsed)
    assert OWNCAST.observe(parsed) == [Ignored(identity=("ignored", "CHAT"), event_type="CHAT")]


@pytest.mark.parametrize("event_type", ["NAME_CHANGE", "VISIBILITY-UPDATE", "STREAM_TITLE_UPDATED"])
def test_other_deliveries_are_ignored_whatever_they_hold(event_type: str) -> None:
    (seen,) = observed(json.dumps({"type": event_type, "eventData": None}).encode())
    assert isinstance(seen, Ignored)


@pytest.mark.parametrize("event_type", [None, 7, ["USER_JOINED"], {}, ""], ids=str)
def test_a_delivery_without_a_type_is_refused(event_type: object) -> None:
    with pytest.raises(UnreadableDeliveryError):
        observed(json.dumps({"type": event_type}).encode())


@pytest.mark.parametrize(
    "query,expected",
    [
        ("", "signature_missing"),
        ("?token=", "signature_missing"),
        ("?other=owncast-token-0123456789", "signature_missing"),
        ("?token=wrong", "signature_wrong"),
        ("?token=%C3%A9%FF", "signature_wrong"),
        ("?token=wrong&token=owncast-token-0123456789", "signature_wrong"),
    ],
)
def test_another_token_is_refused(query: str, expected: str) -> None:
    delivery = Delivery(url=f"https://example.org/webhooks/owncast/s{query}", headers={}, body=b"{}")
    with pytest.raises(UnverifiedDeliveryError) as error:
        OWNCAST.verify(delivery, [SHAPES.secret], now=OPENING, tolerance=timedelta(hours=1))
    assert error.value.reason == expected


async def test_the_token_is_neither_logged_nor_kept(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="owncast", name=SHAPES.source, webhook_token=SHAPES.secret)
    with structlog.testing.capture_logs() as logs:
        await send(bridge, SHAPES.request(SHAPES.joined(5, who="ada")), status=202)
        await send(bridge, SHAPES.request(b"no JSON"), status=400)
        await send(bridge, SHAPES.request(b"no JSON", secret=SHAPES.secret[:-1]), status=401)
    (letter,) = await bridge.records("passerelle-dead-letter")
    metrics = await (await bridge.client.get("/metrics")).text()
    assert SHAPES.secret[:-1] not in f"{logs}{letter.headers}{metrics}"


async def test_who_is_still_in_the_chat_stops_watching_with_the_stream(bridge: BridgeUnderTest) -> None:
    bridge.clock.advance(timedelta(hours=2))
    await bridge.add_source(platform="owncast", name=SHAPES.source, webhook_token=SHAPES.secret)
    await bridge.claim((SHAPES.source, "Stream"))
    ada, bob = "a" * 16, "b" * 16
    bodies = [
        SHAPES.opened(0),
        SHAPES.joined(5, who="ada", user_id=ada),
        SHAPES.joined(6, who="bob", user_id=bob),
        SHAPES.left(30, who="bob", user_id=bob),
        SHAPES.closed(60),
    ]
    await deliver(bridge, SHAPES, bodies)
    source = f"/bridge/owncast/{SHAPES.source}"
    assert await presence(bridge, guest_id(source=source, person=ada)) == [(5, 60)]
    assert await presence(bridge, guest_id(source=source, person=bob)) == [(6, 30)]


def form(**given: Any) -> OwncastForm:  # noqa: ANN401
    return OwncastForm.model_validate({"platform": "owncast", "name": "o", "webhook_token": "a" * 16, **given})


@pytest.mark.parametrize("token", ["short", "with a space in it", "quoted%2Fin-an-address", "a+b" * 8, "é" * 20])
def test_a_token_that_would_not_stand_in_an_address_is_refused(token: str) -> None:
    with pytest.raises(ValidationError):
        form(webhook_token=token)


def test_participants_are_sent_to_the_stream() -> None:
    visitor = Visitor(participant_id="par_1", display_name="Ada", room="stream")
    addresses = []
    for given in (form(domain="https://stream.example.org/"), form()):
        source = Source(
            name="o",
            platform=PlatformName.OWNCAST,
            webhook_secrets=(given.delivery_secret(),),
            settings=given.settings(),
            secrets=given.secrets(),
            created_at=OPENING,
            updated_at=OPENING,
        )
        addresses.append(source)
    assert OWNCAST.join_url(addresses[0], visitor, now=OPENING, lifetime=timedelta(1)) == "https://stream.example.org/"
    with pytest.raises(NoMeetingError):
        OWNCAST.join_url(addresses[1], visitor, now=OPENING, lifetime=timedelta(1))
