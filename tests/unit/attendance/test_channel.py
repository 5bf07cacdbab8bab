"""The walk through one channel: rule by rule of the design's fold."""

from functools import partial

import pytest

from services.attendance.domain.channel import fold_channel
from services.attendance.domain.context import fold_context
from services.attendance.domain.errors import BackwardIntervalError
from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import EventFact, Movement, Place
from services.attendance.domain.intervals import EndInferred, Interval
from tests.unit.attendance.facts import (
    ROOM,
    SOURCE,
    came,
    ends_of,
    event_as_of,
    in_person,
    joined,
    left,
    remote,
    room_closed,
    room_opened,
    went,
)

MONDAY = Place(SOURCE, "hall", "session-monday")
TUESDAY = Place(SOURCE, "hall", "session-tuesday")


unheard = partial(left, inferred="silence")


def fold(facts: list[Movement], *event_facts: EventFact) -> list[Interval]:
    return list(ends_of(fold_channel(facts, fold_context(event_facts)).intervals))


@pytest.mark.parametrize(
    "facts, intervals",
    [
        pytest.param([], [], id="nothing is nothing"),
        pytest.param([joined(1), left(5)], [remote(1, 5)], id="a join and a leave are an interval"),
        pytest.param([left(5), joined(1)], [remote(1, 5)], id="a leave that comes before its join closes it"),
        pytest.param([joined(1)], [remote(1, None)], id="a join without a leave goes on"),
        pytest.param([joined(1), joined(2), left(5)], [remote(1, 5)], id="a join while in is ignored"),
        pytest.param([left(1), joined(2)], [remote(2, None)], id="a leave while out is ignored"),
        pytest.param([joined(1), left(5), left(6)], [remote(1, 5)], id="a second leave is ignored"),
        pytest.param(
            [joined(1), left(5), joined(6), left(9)], [remote(1, 5), remote(6, 9)], id="a rejoin is a new interval"
        ),
        pytest.param(
            [joined(1), joined(6), left(9), left(5)],
            [remote(1, 5), remote(6, 9)],
            id="a leave that comes after the rejoin is sorted into its place",
        ),
        pytest.param(
            [left(5, joined_at=1)], [remote(1, 5, start_inferred=True)], id="a leave that knows its join replaces it"
        ),
        pytest.param(
            [joined(2), left(5, joined_at=1)], [remote(2, 5)], id="a join that came counts before what the leave says"
        ),
        pytest.param(
            [left(5, joined_at=5)], [remote(5, 5, start_inferred=True)], id="joined and left in one instant, join lost"
        ),
        pytest.param([left(5, joined_at=6)], [], id="a leave before its own join says nothing"),
        pytest.param(
            [left(5, joined_at=3), left(5, joined_at=2)],
            [remote(2, 5, start_inferred=True)],
            id="of two leaves of one instant the longest counts",
        ),
        pytest.param(
            [joined(1), left(5), left(9, joined_at=7)],
            [remote(1, 5), remote(7, 9, start_inferred=True)],
            id="a lost rejoin",
        ),
        pytest.param(
            [joined(1), left(5), left(9, joined_at=5)],
            [remote(1, 5), remote(5, 9, start_inferred=True)],
            id="a lost rejoin in the instant of the leave",
        ),
        pytest.param(
            [joined(1), left(5), left(9, joined_at=1)],
            [remote(1, 9)],
            id="a leave told twice with two times is one interval",
        ),
        pytest.param(
            [joined(2), left(3), joined(4), left(5), left(9, joined_at=1)],
            [remote(1, 9, start_inferred=True)],
            id="a lost join before several intervals swallows them",
        ),
        pytest.param([joined(1), left(1)], [remote(1, 1)], id="in and out in one instant is an interval of no length"),
        pytest.param(
            [joined(1), left(1, joined_at=0)], [remote(1, 1)], id="of one instant, the join counts and not what is said"
        ),
        pytest.param(
            [joined(1), left(5), joined(5), left(9)], [remote(1, 9)], id="out and in in one instant is staying"
        ),
        pytest.param(
            [joined(1), left(1), left(5)], [remote(1, 1)], id="an interval of no length leaves the channel closed"
        ),
        pytest.param([came(1), went(5)], [in_person(1, 5)], id="a check-in and a check-out are an interval"),
        pytest.param([came(1), came(3)], [in_person(1, None)], id="a second check-in is ignored"),
        pytest.param([went(3)], [], id="a check-out alone is ignored"),
    ],
)
def test_the_walk(facts: list[Movement], intervals: list[Interval]) -> None:
    assert fold(facts) == intervals


@pytest.mark.parametrize(
    "facts, event_facts, intervals",
    [
        pytest.param(
            [joined(1)],
            [room_closed(9)],
            [remote(1, 9, end_inferred=EndInferred.ROOM_CLOSED)],
            id="a room that closes ends who is in it",
        ),
        pytest.param(
            [joined(1), left(12)], [room_closed(9)], [remote(1, 12)], id="a leave of its own counts before the room"
        ),
        pytest.param([joined(10)], [room_closed(9)], [remote(10, None)], id="a room that closed before ends nobody"),
        pytest.param([joined(9)], [room_closed(9)], [remote(9, None)], id="only what comes after the start ends it"),
        pytest.param([joined(1)], [room_opened(1)], [remote(1, None)], id="a room opens with its first join"),
        pytest.param(
            [joined(1)],
            [room_opened(9)],
            [remote(1, 9, end_inferred=EndInferred.ROOM_REOPENED)],
            id="a room that opens again had died",
        ),
        pytest.param(
            [joined(1)],
            [room_closed(20), room_opened(9), room_closed(15)],
            [remote(1, 9, end_inferred=EndInferred.ROOM_REOPENED)],
            id="the earliest end counts",
        ),
        pytest.param(
            [joined(1)],
            [room_opened(9), room_closed(9)],
            [remote(1, 9, end_inferred=EndInferred.ROOM_CLOSED)],
            id="closed and opened in one instant is closed",
        ),
        pytest.param(
            [joined(1)], [room_closed(9, Place(SOURCE, "attic"))], [remote(1, None)], id="another room ends nobody"
        ),
        pytest.param(
            [joined(1)],
            [room_closed(9, Place("/bridge/jitsi/other", "hall"))],
            [remote(1, None)],
            id="a room of the same name at another source ends nobody",
        ),
        pytest.param(
            [joined(1, place=MONDAY)],
            [room_closed(9, MONDAY)],
            [remote(1, 9, end_inferred=EndInferred.ROOM_CLOSED)],
            id="its session closes",
        ),
        pytest.param(
            [joined(1, place=MONDAY)],
            [room_closed(9, TUESDAY)],
            [remote(1, None)],
            id="another session closes, which ends nobody",
        ),
        pytest.param(
            [joined(1, place=MONDAY)],
            [room_opened(9, TUESDAY)],
            [remote(1, 9, end_inferred=EndInferred.ROOM_REOPENED)],
            id="another session of the room opens",
        ),
        pytest.param(
            [joined(1, place=MONDAY)],
            [room_opened(0, MONDAY), room_opened(9, MONDAY)],
            [remote(1, 9, end_inferred=EndInferred.ROOM_REOPENED)],
            id="the same session opens again",
        ),
        pytest.param(
            [joined(1, place=MONDAY)],
            [room_opened(2, MONDAY)],
            [remote(1, None)],
            id="a session that opens for the first time after a join of its own ends nobody",
        ),
        pytest.param(
            [joined(1, place=MONDAY)],
            [room_closed(9)],
            [remote(1, 9, end_inferred=EndInferred.ROOM_CLOSED)],
            id="a room closed without a session closes them all",
        ),
        pytest.param(
            [joined(1)],
            [room_closed(9, MONDAY)],
            [remote(1, 9, end_inferred=EndInferred.ROOM_CLOSED)],
            id="any session of a room closes who named none",
        ),
        pytest.param(
            [joined(1)],
            [event_as_of(20, closes_at=30)],
            [remote(1, 30, end_inferred=EndInferred.EVENT_CLOSED)],
            id="a closed event ends the remote",
        ),
        pytest.param(
            [came(1)],
            [event_as_of(20, closes_at=30)],
            [in_person(1, 30, end_inferred=EndInferred.EVENT_CLOSED)],
            id="a closed event ends who is on site",
        ),
        pytest.param(
            [came(1)],
            [room_closed(9, ROOM), room_opened(10, ROOM)],
            [in_person(1, None)],
            id="no room ends the on-site",
        ),
        pytest.param(
            [came(31)], [event_as_of(20, closes_at=30)], [in_person(31, None)], id="who came after the end goes on"
        ),
        pytest.param(
            [came(30)], [event_as_of(20, closes_at=30)], [in_person(30, None)], id="who came at the end goes on"
        ),
        pytest.param(
            [came(1)],
            [event_as_of(20, closes_at=None), event_as_of(10, closes_at=30)],
            [in_person(1, None)],
            id="an event opened again ends nobody",
        ),
        pytest.param(
            [joined(1), left(5), joined(6)],
            [room_closed(9)],
            [remote(1, 5), remote(6, 9, end_inferred=EndInferred.ROOM_CLOSED)],
            id="only the open interval is ended",
        ),
    ],
)
def test_what_ends_an_open_interval(
    facts: list[Movement], event_facts: list[EventFact], intervals: list[Interval]
) -> None:
    assert fold(facts, *event_facts) == intervals


SILENT = EndInferred.SILENCE


@pytest.mark.parametrize(
    "facts, intervals",
    [
        pytest.param([joined(1), unheard(5)], [remote(1, 5, end_inferred=SILENT)], id="silence ends an interval"),
        pytest.param([joined(1), unheard(5), left(9)], [remote(1, 9)], id="a leave seen later tells the end after all"),
        pytest.param(
            [joined(1), left(5), unheard(9)], [remote(1, 5)], id="after a leave that was seen it says nothing"
        ),
        pytest.param(
            [joined(1), unheard(5), unheard(9)], [remote(1, 5, end_inferred=SILENT)], id="the first silence counts"
        ),
        pytest.param(
            [joined(1), unheard(5), joined(7), left(9)],
            [remote(1, 5, end_inferred=SILENT), remote(7, 9)],
            id="who comes back begins anew",
        ),
        pytest.param(
            [joined(1), unheard(5), left(5)], [remote(1, 5)], id="of one instant the leave that was seen counts"
        ),
        pytest.param([joined(1), unheard(5), joined(5), left(9)], [remote(1, 9)], id="heard again at once is staying"),
        pytest.param([unheard(5, joined_at=1)], [], id="alone it says nothing, whatever it brings"),
        pytest.param(
            [joined(1), unheard(5), left(9, joined_at=7)],
            [remote(1, 5, end_inferred=SILENT), remote(7, 9, start_inferred=True)],
            id="a leave that knows of a later join leaves the silence as it is",
        ),
        pytest.param(
            [joined(1), unheard(5), left(9, joined_at=1)],
            [remote(1, 9)],
            id="a leave that knows of the same join ends what silence had ended",
        ),
    ],
)
def test_a_leave_inferred_from_silence(facts: list[Movement], intervals: list[Interval]) -> None:
    presence = fold_channel(facts, fold_context([room_closed(8)]))
    assert list(ends_of(presence.intervals)) == intervals
    assert presence.contradictions == ()
    assert [one.grade for one in presence.intervals] == [
        Grade.INFERRED if one.start_inferred or one.end_inferred else Grade.OBSERVED for one in intervals
    ]


def test_an_interval_that_runs_backwards_cannot_be_built() -> None:
    with pytest.raises(BackwardIntervalError, match="backwards"):
        remote(2, 1)
