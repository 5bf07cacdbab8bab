"""What the facts of an event tell the fold of its closing and of its first day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.publish import FROZEN
from schemas.registration import EventChanged, EventClosed, EventData, EventStatus
from services.attendance.application.translation import digest, document, domain_fact, milliseconds, read_fact
from services.attendance.domain.facts import Act, Fact, Notice, Snapshot

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
END = START + timedelta(hours=8)


def snapshot(kind: type[EventChanged | EventClosed] = EventChanged, **changed: Any) -> Snapshot:  # noqa: ANN401
    given: dict[str, Any] = {
        "event_id": "evt_1",
        "title": "Colloque",
        "status": EventStatus.CLOSED,
        "starts_at": START,
        "ends_at": END,
        "timezone": "Europe/Paris",
    }
    fact = kind(  # type: ignore[call-arg]  # the type of a fact follows from its class
        id="f1", source="/registration", time=END, recordedtime=END, data=EventData(**(given | changed))
    )
    read = domain_fact(document(fact))
    assert isinstance(read, Snapshot)
    return read


def at(instant: datetime) -> int:
    return milliseconds(instant.isoformat())


@pytest.mark.parametrize(
    "changed, closes_at",
    [
        pytest.param({}, END + timedelta(minutes=15), id="by the clock: its end plus its grace"),
        pytest.param({"grace_seconds": 0}, END, id="without a grace"),
        pytest.param({"closed_at": START}, START, id="by hand, early"),
        pytest.param({"closed_at": END + timedelta(days=1)}, END + timedelta(minutes=15), id="by hand, late"),
        pytest.param({"status": EventStatus.PUBLISHED, "closed_at": START}, None, id="open: nothing ends it"),
        pytest.param({"status": EventStatus.CANCELLED}, None, id="cancelled: nothing ends it"),
    ],
)
def test_when_an_event_ended(changed: dict[str, Any], closes_at: datetime | None) -> None:
    assert snapshot(**changed).closes_at == (None if closes_at is None else at(closes_at))


def test_the_fact_that_closes_is_a_closing_whatever_its_data_says() -> None:
    assert snapshot(EventClosed, status=EventStatus.PUBLISHED).closes_at == at(END + timedelta(minutes=15))


@pytest.mark.parametrize(
    "starts_at, timezone, first_instant",
    [
        pytest.param("2026-11-24T08:00:00Z", "Europe/Paris", "2026-11-23T23:00:00+00:00", id="in winter"),
        pytest.param("2026-07-14T08:00:00Z", "Europe/Paris", "2026-07-13T22:00:00+00:00", id="in summer"),
        pytest.param("2026-11-24T01:00:00Z", "America/New_York", "2026-11-23T05:00:00+00:00", id="a day earlier there"),
        pytest.param("2026-11-24T20:00:00Z", "Pacific/Auckland", "2026-11-24T11:00:00+00:00", id="a day later there"),
        pytest.param("2026-03-29T10:00:00Z", "Asia/Beirut", "2026-03-28T22:00:00+00:00", id="a day without a midnight"),
        pytest.param("2026-10-25T10:00:00Z", "Atlantic/Azores", "2026-10-25T00:00:00+00:00", id="two midnights"),
    ],
)
def test_the_first_instant_of_the_day(starts_at: str, timezone: str, first_instant: str) -> None:
    read = snapshot(starts_at=starts_at, ends_at="2026-12-24T08:00:00Z", timezone=timezone)

    assert read.day_starts_at == milliseconds(first_instant)


@pytest.mark.parametrize("timezone", ["Europe/Atlantis", "../../etc/passwd", "", "a\\0b"])
def test_in_a_zone_that_nobody_knows_no_day_is_known(timezone: str) -> None:
    assert snapshot(timezone=timezone).day_starts_at is None


def test_a_first_day_at_the_beginning_of_time_breaks_nothing() -> None:
    assert snapshot(starts_at="0001-01-01T00:00:00Z", timezone="America/New_York").day_starts_at is None


def test_a_digest_tells_two_records_apart() -> None:
    assert digest(b'{"id":"a"}') == digest(b'{"id":"a"}') != digest(b'{"id": "a"}')


@pytest.mark.parametrize(
    "name, kind",
    [("eligibility.changed", Notice), ("attendance.contested", Act), ("attendance.contest_answered", Act)],
)
def test_what_is_contested_and_granted_stands_on_the_timeline_and_is_no_presence(name: str, kind: type[Fact]) -> None:
    example = FROZEN.parent / "examples" / f"passerelle.registration.{name}.v1.json"
    assert type(read_fact(example.read_bytes())) is kind
