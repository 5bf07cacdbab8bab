"""Whoever's page falls silent is gone, by the fold of what was told: nobody goes on watching for ever."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from services.attendance.application.log_fold import LogFold
from services.streaming_bridge.application.findings import fact_of
from services.streaming_bridge.application.watching import arrival_of
from services.streaming_bridge.domain.viewings import Beat, Movement, Viewing, end_in_silence, follow
from tests.fakes.bridge import OPENING

WATCHER = "par_" + "a" * 32
PLAYS, STOPS, ROUND = "plays", "stops", "round"

steps = st.lists(
    st.tuples(st.sampled_from([PLAYS, PLAYS, STOPS, ROUND]), st.sampled_from([0, 1, 15, 30, 44, 45, 46, 60, 90, 135])),
    min_size=1,
    max_size=12,
)


def ongoing(movements: Sequence[Movement]) -> list[bool]:
    """Of each stay that the fold makes, whether it goes on."""
    fold = LogFold()
    for movement in movements:
        finding = arrival_of(
            movement, room="live", participant_id=WATCHER, page="page", received_at=OPENING + timedelta(hours=1)
        ).finding
        assert finding is not None
        fact = fact_of(finding, event_id="evt_1", recorded_at=OPENING + timedelta(hours=1))
        fold.take(b"evt_1", fact.to_bytes())
    people = fold.presences()["evt_1"].people if movements else {}
    return [interval.end is None for presence in people.values() for interval in presence.intervals]


@given(steps)
@example([(PLAYS, 30), (ROUND, 90), (PLAYS, 30)])
@example([(PLAYS, 30), (ROUND, 90), (PLAYS, 44), (STOPS, 45)])
@example([(PLAYS, 30), (STOPS, 30), (PLAYS, 30), (STOPS, 30)])
def test_after_the_last_silence_nobody_is_there(told: list[tuple[str, int]]) -> None:
    viewing: Viewing | None = None
    movements: list[Movement] = []
    for number, (what, second) in enumerate(told):
        at = OPENING + timedelta(seconds=second)
        if what != ROUND:
            viewing, moved = follow(viewing, [Beat(number=number, at=at, stops=what == STOPS)])
        elif viewing is not None:
            viewing, moved = end_in_silence(viewing, now=at)
        else:
            continue
        movements += moved
    if viewing is not None:
        viewing, moved = end_in_silence(viewing, now=OPENING + timedelta(hours=1))
        movements += moved
    assert True not in ongoing(movements)
