"""Dead letters keep what came, and give it back."""

from datetime import UTC, datetime

import pytest

from schemas.topics import DEAD_LETTER
from services.chassis.dead_letter_log import Kept, listed
from services.chassis.dead_letters import PURPOSE, Origin, from_record, from_request, read_dead_letter
from services.chassis.kafka import LARGEST_RECORD, encode_headers
from services.chassis.outbox import OutboxRecord, RecordTooLargeError
from services.chassis.secrets import BrokenSealError, SecretBox
from tests.builders import SECRET_KEY

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BOX = SecretBox.derive(SECRET_KEY, purpose=PURPOSE)
ORIGIN = Origin(topic="passerelle-checkin", partition=3, offset=42)


def test_a_record_comes_back_whole_and_goes_where_it_was() -> None:
    kept = from_record(
        service="attendance",
        reason="type: unknown",
        now=NOW,
        origin=ORIGIN,
        key=b"evt_1",
        value=b"\xff not a fact",
        headers=[("content-type", b"text/plain"), ("odd", b"\xfe\xff")],
    )
    letter = read_dead_letter(key=kept.key, value=kept.value, headers=encode_headers(kept.headers))

    assert kept.topic == DEAD_LETTER.name
    assert (letter.service, letter.reason, letter.time, letter.origin) == ("attendance", "type: unknown", NOW, ORIGIN)
    assert letter.open(BOX) == b"\xff not a fact"
    again = letter.redriven()
    assert again is not None
    assert (again.topic, again.key, again.value) == ("passerelle-checkin", b"evt_1", b"\xff not a fact")
    assert encode_headers(again.headers) == [("content-type", b"text/plain"), ("odd", b"\xfe\xff")]


def test_a_record_that_dies_again_says_the_new_reason_and_place() -> None:
    first = from_record(service="attendance", reason="first", now=NOW, origin=ORIGIN, key=b"k", value=b"v")
    second = from_record(
        service="attendance",
        reason="second",
        now=NOW,
        origin=Origin(topic="passerelle-checkin", partition=3, offset=50),
        key=b"k",
        value=b"v",
        headers=encode_headers(first.headers),
    )

    assert second.headers["reason"] == "second"
    assert second.headers["origin_offset"] == "50"


def test_an_empty_record_can_be_kept_too() -> None:
    kept = from_record(service="attendance", reason="empty", now=NOW, origin=ORIGIN, key=None, value=None)

    assert kept.value == b""


@pytest.mark.parametrize(
    "key, value, headers, reason",
    [
        (b"k", b"v" * (LARGEST_RECORD + 60_000), [], "unreadable"),
        (b"k", b"v" * (LARGEST_RECORD - 5_000), [("odd", b"\xff" * 2_000)], "unreadable"),
        (b"k", b"v", [(f"h{number}", b"") for number in range(150_000)], "unreadable"),
        (b"k" * LARGEST_RECORD, None, [], "value: is missing"),
        (b"k", b"v" * (LARGEST_RECORD - 60_000), [], "type: é" + "é" * LARGEST_RECORD),
    ],
)
def test_a_record_that_would_not_fit_with_what_is_said_of_it_is_cut_and_not_driven_again(
    key: bytes, value: bytes | None, headers: list[tuple[str, bytes]], reason: str
) -> None:
    kept = from_record(
        service="attendance", reason=reason, now=NOW, origin=ORIGIN, key=key, value=value, headers=headers
    )
    letter = read_dead_letter(key=kept.key, value=kept.value, headers=encode_headers(kept.headers))

    assert len(kept.key or b"") + len(kept.value or b"") <= LARGEST_RECORD // 2 + 1024
    assert (letter.cut, letter.origin, letter.reason) == (True, ORIGIN, reason[:1024])
    assert letter.redriven() is None
    assert (value or b"").startswith(kept.value or b"")


def test_the_largest_record_that_fits_with_what_is_said_of_it_stays_whole() -> None:
    value = b"v" * (LARGEST_RECORD - 9_000)
    kept = from_record(service="attendance", reason="r", now=NOW, origin=ORIGIN, key=b"k", value=value)

    assert kept.value == value
    assert "cut" not in kept.headers


def test_the_body_of_a_request_is_sealed() -> None:
    kept = from_request(
        service="streaming_bridge", reason="not JSON", now=NOW, path="/webhooks/jitsi/main", body=b"Anna", box=BOX
    )
    letter = read_dead_letter(key=kept.key, value=kept.value, headers=encode_headers(kept.headers))

    assert b"Anna" not in (kept.value or b"")
    assert kept.headers["sealed"] == "fernet"
    assert letter.origin == "/webhooks/jitsi/main"
    assert letter.open(BOX) == b"Anna"
    assert letter.redriven() is None
    with pytest.raises(BrokenSealError):
        letter.open(SecretBox.derive(SECRET_KEY, purpose="sources"))


def test_the_largest_request_fits_once_sealed() -> None:
    kept = from_request(service="b", reason="r", now=NOW, path="/webhooks/x", body=b"x" * 1024 * 1024, box=BOX)

    assert len(kept.value or b"") > 1024 * 1024


def test_a_record_that_no_topic_takes_is_refused_when_it_is_made() -> None:
    with pytest.raises(RecordTooLargeError) as raised:
        OutboxRecord(topic="t", key=b"k", value=b"x" * LARGEST_RECORD)

    assert raised.value.size == LARGEST_RECORD + 1


def test_a_record_without_key_and_value_is_refused_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="a key or a value"):
        OutboxRecord(topic="t", key=None, value=None)


@pytest.mark.parametrize("lost", ["reason", "service", "time", "origin_offset"])
def test_a_record_that_is_no_dead_letter_is_named_by_the_header_it_lacks(lost: str) -> None:
    kept = from_record(service="attendance", reason="r", now=NOW, origin=ORIGIN, key=b"k", value=b"v")
    headers = {name: text for name, text in kept.headers.items() if name != lost}

    with pytest.raises(ValueError, match=lost):
        read_dead_letter(key=b"k", value=b"v", headers=encode_headers(headers))


def test_a_list_of_dead_letters_names_each_whole_on_one_line() -> None:
    reason = "occupant.joined_at: not a number,\n\tand more"
    path = "/webhooks/jitsi/main/events/occupant/joined"
    kept = from_request(service="streaming_bridge", reason=reason, now=NOW, path=path, body=b"{", box=BOX)
    letter = read_dead_letter(key=kept.key, value=kept.value, headers=encode_headers(kept.headers))

    head, row = listed([Kept(id="7-0", letter=letter)])

    assert head == ("id", "time", "service", "from", "reason", "redriven")
    assert row == (
        "7-0",
        "2026-11-22T09:00:00.000Z",
        "streaming_bridge",
        path,
        "occupant.joined_at: not a number, and more",
        "",
    )
