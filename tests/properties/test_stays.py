"""What the bridge shows of stays is what attendance folds, whatever was delivered and in whatever order."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.attendance.application.log_fold import LogFold
from services.streaming_bridge.application.findings import fact_of
from services.streaming_bridge.domain.observations import PERSONAL_KINDS, Finding, Kind, Room
from services.streaming_bridge.domain.reconciliation import union, without
from services.streaming_bridge.domain.stays import stays_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GUESTS = [f"gst_{number:032x}" for number in (1, 2)]


def minutes(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


@st.composite
def findings(draw: st.DrawFn) -> list[Finding]:
    found = []
    for number in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from([Kind.JOINED, Kind.LEFT, Kind.ROOM_OPENED, Kind.ROOM_CLOSED]))
        time, personal = draw(st.integers(0, 20)), kind in PERSONAL_KINDS
        came = draw(st.none() | st.integers(0, time)) if kind is Kind.LEFT else None
        session = draw(st.sampled_from(["one", "two"]))
        found.append(
            Finding(
                fact_id=str(number),
                source="main",
                source_uri="/bridge/jaas/main",
                kind=kind,
                room_key="plenary",
                room=Room(name="plenary", key="plenary", session=session),
                time=minutes(time),
                subject=draw(st.sampled_from(GUESTS)) if personal else None,
                connection=draw(st.sampled_from(["a", "b"])) if personal else None,
                joined_at=None if came is None else minutes(came),
                inferred=draw(st.sampled_from([None, None, "silence"])) if kind is Kind.LEFT else None,
            )
        )
    return found


@given(findings())
def test_stays_are_the_intervals_of_the_fold(told: list[Finding]) -> None:
    fold = LogFold()
    for finding in told:
        fold.take(b"evt_1", fact_of(finding, event_id="evt_1", recorded_at=minutes(60)).to_bytes())
    people = fold.presences()["evt_1"].people if told else {}
    folded = {
        (whose, interval.start, interval.end) for whose, presence in people.items() for interval in presence.intervals
    }
    assert {(stay.subject, _written(stay.start), stay.end and _written(stay.end)) for stay in stays_of(told)} == folded


spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda ends: (minutes(min(ends)), minutes(max(ends))))
)


@given(spans, spans)
def test_what_is_missing_is_every_minute_of_one_side_that_the_other_lacks(
    one: list[tuple[datetime, datetime]], other: list[tuple[datetime, datetime]]
) -> None:
    left = without(union(one), union(other))
    for minute in range(31):
        moment = minutes(minute) + timedelta(seconds=30)
        missing = _holds(one, moment) and not _holds(other, moment)
        assert _holds(left, moment) == missing


def _holds(some: list[tuple[datetime, datetime]], moment: datetime) -> bool:
    return any(start <= moment < end for start, end in some)


def _written(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
