import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from schemas.identifiers import new_participant_id
from schemas.participation import Interaction, Joined, RoomClosed, RoomOpened
from tests.databases import ON_BOTH
from tests.fakes.bridge import OPENING, ORGANIZER, BridgeUnderTest
from tests.fakes.deliveries import deliver, presence, send
from tests.fakes.platforms import BigBlueButtonShapes, instant

SHAPES = BigBlueButtonShapes()
ADA = new_participant_id()
DEAD_LETTERS = "passerelle-dead-letter"


@pytest.fixture
async def bbb(bridge: BridgeUnderTest) -> BridgeUnderTest:
    await bridge.add_source(platform="bigbluebutton", name=SHAPES.source, shared_secret=SHAPES.secret)
    await bridge.claim((SHAPES.source, SHAPES.room))
    return bridge


def about(kind: str, minute: float, **user: Any) -> dict[str, Any]:  # noqa: ANN401
    return SHAPES.message(kind, minute, user=SHAPES.user("ada", ADA) | user)


def without_name(message: dict[str, Any]) -> dict[str, Any]:
    del message["data"]["attributes"]["meeting"]["external-meeting-id"]
    return message


async def test_any_of_the_four_checksums_is_a_proof(bbb: BridgeUnderTest) -> None:
    body = SHAPES.joined(5, who="ada", user_id=ADA)
    for algorithm in ("sha1", "sha256", "sha384", "sha512"):
        request = SHAPES.request(body, algorithm=algorithm)
        await send(bbb, request, status=200)
        await bbb.post(request.path, body.replace(b"user-joined", b"user-left"), request.headers, status=403)


async def test_a_bearer_token_is_a_proof_too(bbb: BridgeUnderTest) -> None:
    request = SHAPES.request(SHAPES.joined(5, who="ada"))
    path = request.path.partition("?")[0]
    await bbb.post(path, request.body, {"Authorization": f"Bearer {SHAPES.secret}"}, status=200)
    await bbb.post(path, request.body, {"Authorization": "Bearer another"}, status=403)


async def test_the_callback_may_be_registered_by_another_name_of_this_host(bbb: BridgeUnderTest) -> None:
    request = SHAPES.request(SHAPES.joined(5, who="ada"), origin="https://passerelle.lan:8443")
    await send(bbb, request, status=403)
    await bbb.post(request.path, request.body, {"Host": "passerelle.lan:8443"}, status=200)


async def test_what_is_no_checksum_is_refused_and_never_by_401(bbb: BridgeUnderTest) -> None:
    for checksum in ("", "a" * 39, "z" * 40, "A" * 40, "é"):
        path = f"/webhooks/bigbluebutton/{SHAPES.source}?checksum={checksum}"
        refused = await bbb.post(path, SHAPES.joined(5, who="ada"), {}, status=403)
        assert refused["reason"] == "signature_malformed", checksum


async def test_one_delivery_tells_several_things(bbb: BridgeUnderTest) -> None:
    bbb.clock.advance(timedelta(hours=2))
    messages = [SHAPES.message("meeting-created", 0), about("user-joined", 5), about("user-left", 65)]
    await deliver(bbb, SHAPES, [SHAPES.delivery(*messages, SHAPES.message("meeting-ended", 70))])
    facts = await bbb.facts()
    assert len(facts) == 4
    assert isinstance(facts[0], RoomOpened)
    assert isinstance(facts[3], RoomClosed)
    assert await presence(bbb, ADA) == [(5, 65)]


async def test_a_poisonous_message_costs_only_itself_and_all_is_kept_aside(bbb: BridgeUnderTest) -> None:
    poison = about("user-joined", 6)
    poison["data"]["event"]["ts"] = "yesterday"
    body = SHAPES.delivery(about("user-joined", 5), poison, ["nothing"], about("user-left", 65))
    request = SHAPES.request(body)
    assert (await send(bbb, request, status=200))["status"] == "accepted"
    assert len(await bbb.facts()) == 2
    (letter,) = await bbb.records(DEAD_LETTERS)
    assert letter.headers["reason"] == "event.1.data.event.ts: not a number; event.2: not an object"
    assert ADA.encode() not in letter.value
    assert (await send(bbb, request, status=200))["status"] == "duplicate"
    assert len(await bbb.records(DEAD_LETTERS)) == 1
    # Each time, the page of the source shows that a part of it was none.
    headers = ORGANIZER | {"Accept": "text/html", "Accept-Language": "en"}
    async with bbb.client.get(f"/sources/{SHAPES.source}", headers=headers) as response:
        shown = await response.text()
    refused = r"Something in it is missing, or is not as expected\.(?:(?!</tr>).)*>2<"
    assert re.search(refused, shown, re.DOTALL), shown


async def test_what_cannot_be_read_is_taken_so_that_the_hook_stays_and_kept_aside(bbb: BridgeUnderTest) -> None:
    raw = urlencode({"event": json.dumps([{"envelope": {}, "core": {}}])}).encode()
    reasons = {
        b"domain=x&timestamp=1": "event: must be there, once",
        b"event=%5B%5D&event=%5B%5D": "event: must be there, once",
        b"event=%7B%7D": "event: not an array of messages",
        b"event=%FF": "body: not a form",
        raw: "event.0: a raw message: register the hook without getRaw",
    }
    for body in reasons:
        assert (await send(bbb, SHAPES.request(body), status=200))["status"] == "unreadable"
    assert [letter.headers["reason"] for letter in await bbb.records(DEAD_LETTERS)] == list(reasons.values())


@ON_BOTH
async def test_a_meeting_that_is_not_named_is_found_by_its_digest(bbb: BridgeUnderTest) -> None:
    bbb.clock.advance(timedelta(hours=2))
    joined = without_name(about("user-joined", 5))
    await deliver(bbb, SHAPES, [SHAPES.delivery(joined), SHAPES.delivery(about("user-left", 65))])
    assert await presence(bbb, ADA) == [(5, 65)]


@ON_BOTH
async def test_a_meeting_that_is_not_named_waits_for_its_event(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="bigbluebutton", name=SHAPES.source, shared_secret=SHAPES.secret)
    await bridge.claim((SHAPES.source, "another"))
    messages = [without_name(about("user-joined", 5)), about("user-left", 65)]
    await deliver(bridge, SHAPES, [SHAPES.delivery(message) for message in messages], status=202)
    bridge.clock.advance(timedelta(hours=2))
    assert await bridge.claim((SHAPES.source, SHAPES.room), changed_at=OPENING) == 2
    assert await presence(bridge, ADA) == [(5, 65)]


async def test_the_same_leave_made_up_twice_ends_once_and_makes_no_guest(bbb: BridgeUnderTest) -> None:
    bbb.clock.advance(timedelta(hours=2))
    forgotten = {"external-user-id": ""}
    messages = [
        about("user-joined", 5),
        about("user-joined", 5.5),
        about("user-left", 60),
        about("user-left", 61),
        about("user-left", 62, **forgotten),
    ]
    answers = await deliver(bbb, SHAPES, [SHAPES.delivery(message) for message in messages])
    assert answers[-1]["status"] == "ignored"
    assert await presence(bbb, ADA) == [(5, 60)]
    assert {fact.subject for fact in await bbb.facts()} == {ADA}


async def test_a_meeting_begins_when_it_was_made_and_not_when_that_was_told(bbb: BridgeUnderTest) -> None:
    created = SHAPES.message("meeting-created", 9, meeting={"create-time": int(instant(0).timestamp() * 1000)})
    late = SHAPES.message("meeting-created", 11, meeting={"create-time": int(instant(0).timestamp() * 1000)})
    await deliver(bbb, SHAPES, [SHAPES.delivery(created), SHAPES.delivery(late)])
    (fact,) = await bbb.facts()
    assert fact.time == instant(0)


async def test_what_somebody_does_is_told_without_its_content(bbb: BridgeUnderTest) -> None:
    acts: list[tuple[str, dict[str, Any], str | None]] = [
        ("user-raise-hand-changed", {"raise-hand": True}, "raised_hand"),
        ("user-raise-hand-changed", {"raise-hand": False}, None),
        ("user-raise-hand-changed", {"raiseHand": True}, "raised_hand"),
        ("user-emoji-changed", {"emoji": "happy"}, "reaction"),
        ("user-emoji-changed", {"emoji": "none"}, None),
        ("user-emoji-changed", {"emoji": "raiseHand"}, None),
        ("poll-responded", {}, "poll_answered"),
        ("poll-responded", {"external-user-id": ""}, None),
    ]
    for minute, (kind, more, told) in enumerate(acts):
        (answer,) = await deliver(bbb, SHAPES, [SHAPES.delivery(about(kind, minute, **more))])
        assert answer["status"] == ("ignored" if told is None else "accepted"), (kind, more)
    found = [fact.data.kind for fact in await bbb.facts() if isinstance(fact, Interaction)]
    assert found == [told for _, _, told in acts if told is not None]


async def test_a_chat_message_counts_and_its_text_stays_behind(bbb: BridgeUnderTest) -> None:
    sender = {"internal-user-id": "w_abc", "external-user-id": ADA, "name": "Ada Zanzibar", "time": 1}
    chat = {"id": "17-x", "message": "mon secret de jardin", "sender": sender}
    await deliver(
        bbb, SHAPES, [SHAPES.delivery(SHAPES.message("chat-group-message-sent", 7, **{"chat-message": chat}))]
    )
    (record,) = await bbb.records()
    assert b"jardin" not in record.value
    assert b"Zanzibar" not in record.value
    (fact,) = await bbb.facts()
    assert isinstance(fact, Interaction)
    assert (fact.subject, fact.data.kind, fact.data.connection) == (ADA, "chat", "w_abc")


async def test_whoever_came_without_an_id_is_a_guest_of_that_connection(bbb: BridgeUnderTest) -> None:
    await deliver(bbb, SHAPES, [SHAPES.joined(5, who="phone", name="+33 1 …"), SHAPES.left(9, who="phone")])
    first, second = await bbb.facts()
    assert isinstance(first, Joined)
    assert first.subject == second.subject


async def test_the_server_s_address_is_taken_as_it_is_copied(bridge: BridgeUnderTest) -> None:
    addresses = {
        "https://bbb.example.org/bigbluebutton/": "https://bbb.example.org/bigbluebutton",
        "https://bbb.example.org/bigbluebutton/api/": "https://bbb.example.org/bigbluebutton",
        " http://10.0.0.5:8090 ": "http://10.0.0.5:8090/bigbluebutton",
        "https://load.example.org/scalelite/api": "https://load.example.org/scalelite",
    }
    form = {"platform": "bigbluebutton", "secret": SHAPES.secret}
    for number, (given, kept) in enumerate(addresses.items()):
        made = await bridge.add_source(**form, name=f"server-{number}", server_url=given)
        assert made["settings"]["server_url"] == kept
        assert made["makes_join_links"] is True


async def test_a_wrong_field_of_the_form_is_named(bridge: BridgeUnderTest) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"server_url": "bbb.example.org"}, "#/server_url"),
        ({"server_url": "https://bbb.example.org/?a=b"}, "#/server_url"),
        ({"server_url": None, "keeps_hook": True}, "server_url is needed"),
        ({"shared_secret": None}, "#/shared_secret"),
        ({"creates_meetings": "perhaps"}, "#/creates_meetings"),
    ]
    for change, field in wrong:
        form = {"platform": "bigbluebutton", "name": "b", "shared_secret": SHAPES.secret, **change}
        assert field in str(await bridge.api("POST", "/api/v1/sources", form, status=400))
