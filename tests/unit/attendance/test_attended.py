"""What somebody attended of a half-day and of sessions that run beside each other."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.attendance.domain.agenda import Agenda, Slot, agenda_of
from services.attendance.domain.attended import Counting, Record
from services.attendance.domain.attribution import Attribution, Scan, Whereabouts
from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import EndInferred, Interval

PARIS = ZoneInfo("Europe/Paris")
MINUTE = 60_000
VIAS = {"/bridge/jitsi/main/a": "A", "/bridge/jitsi/main/b": "B"}
ROOMS = {"room_a": "A", "room_b": "B", "room_c": "Lobby"}


def at(clock: str, day: int = 24, month: int = 11) -> int:
    hour, minute = map(int, clock.split(":"))
    return int(datetime(2026, month, day, hour, minute, tzinfo=PARIS).timestamp() * 1000)


def slot(name: str, start: str, end: str, room: str | None = None, day: int = 24) -> Slot:
    return Slot(id=name, title=name, start=at(start, day), end=at(end, day), room=room)


def here(start: str, end: str | None, **said: EndInferred) -> Interval:
    return Interval(
        mode=Mode.IN_PERSON,
        start=at(start),
        end=None if end is None else at(end),
        via="door",
        end_inferred=said.get("by"),
    )


def online(start: str, end: str, room: str = "a") -> Interval:
    return Interval(mode=Mode.REMOTE, start=at(start), end=at(end), via=f"/bridge/jitsi/main/{room}")


def agenda(*slots: Slot, start: str = "09:00", end: str = "17:00") -> Agenda:
    return agenda_of(slots, start=at(start), end=at(end), zone=PARIS)


def record(those: Agenda, *intervals: Interval, where: Whereabouts | None = None, horizon: int | None = None) -> Record:
    counting = Counting(those, grace=MINUTE, horizon=horizon, room_of=VIAS.get, rooms=ROOMS)
    return counting.record(intervals, where)


def minutes(told: Record) -> dict[str, tuple[int, Attribution | None]]:
    return {one: (spent.durations.total // MINUTE, spent.attributed) for one, spent in told.sessions.items()}


def halves(those: Agenda) -> Sequence[tuple[str, int, int]]:
    return [(half.id, half.start, half.end) for half in those.half_days]


PARALLEL = agenda(
    slot("keynote", "09:00", "10:00", "A"), slot("a", "10:00", "11:00", "A"), slot("b", "10:00", "11:00", "B")
)


def test_somebody_online_was_in_the_session_of_the_room_they_were_connected_to() -> None:
    told = record(PARALLEL, online("09:30", "10:20"), online("10:21", "11:30", "b"))
    assert minutes(told) == {"keynote": (30, None), "a": (20, Attribution.ROOM), "b": (39, Attribution.ROOM)}
    assert told.whole.durations.total == 121 * MINUTE - MINUTE  # from 9:30 to 11:30, the minute of the change bridged
    assert told.whole.bridged == MINUTE


def test_a_reconnect_to_the_same_room_is_bridged_in_its_session_too() -> None:
    told = record(PARALLEL, online("10:00", "10:20"), online("10:21", "11:00"))
    assert minutes(told)["a"] == (60, Attribution.ROOM)
    assert told.sessions["a"].bridged == MINUTE


def test_somebody_in_the_building_was_where_they_were_scanned_last() -> None:
    scans = [Scan(time=at("08:50")), Scan(time=at("09:55"), place_id="a"), Scan(time=at("10:40"), place_id="room_b")]
    told = record(PARALLEL, here("08:50", "11:30"), where=Whereabouts(scans=scans))
    assert minutes(told) == {"keynote": (60, None), "a": (40, Attribution.SCAN), "b": (20, Attribution.SCAN)}


def test_who_was_scanned_into_a_room_without_a_session_was_in_none_of_them() -> None:
    told = record(
        PARALLEL, here("08:50", "11:30"), where=Whereabouts(scans=[Scan(time=at("10:00"), place_id="room_c")])
    )
    assert minutes(told) == {"keynote": (60, None), "a": (0, None), "b": (0, None)}


def test_a_scan_at_a_session_that_is_over_or_at_a_door_afterwards_tells_nothing_any_more() -> None:
    for scans in (
        [Scan(time=at("09:00"), place_id="keynote")],
        [Scan(time=at("09:00"), place_id="room_a"), Scan(time=at("09:50"))],
    ):
        told = record(PARALLEL, here("08:50", "11:30"), where=Whereabouts(scans=scans))
        assert minutes(told)["a"] == minutes(told)["b"] == (0, Attribution.UNKNOWN)


def test_without_a_scan_the_seat_they_chose_decides_and_two_of_them_decide_nothing() -> None:
    chosen = record(PARALLEL, here("08:50", "11:30"), where=Whereabouts(chosen={"b", "keynote"}))
    assert minutes(chosen) == {"keynote": (60, None), "a": (0, None), "b": (60, Attribution.CHOICE)}
    both = record(PARALLEL, here("08:50", "11:30"), where=Whereabouts(chosen={"a", "b"}))
    assert minutes(both)["a"] == minutes(both)["b"] == (0, Attribution.UNKNOWN)


def test_what_nobody_knows_the_session_of_counts_for_the_half_day_and_the_event() -> None:
    told = record(PARALLEL, here("08:50", "10:30"))
    assert minutes(told) == {"keynote": (60, None), "a": (0, Attribution.UNKNOWN), "b": (0, Attribution.UNKNOWN)}
    assert told.half_days["2026-11-24/morning"].durations.total == told.whole.durations.total == 90 * MINUTE


def test_sessions_that_overlap_in_one_room_are_no_choice_between_two() -> None:
    told = record(
        agenda(slot("talk", "10:00", "11:00", "A"), slot("questions", "10:50", "11:10", "A")), here("09:00", "12:00")
    )
    assert minutes(told) == {"talk": (60, None), "questions": (20, None)}


def test_a_stay_of_which_the_end_is_inferred_counts_as_such_and_what_goes_on_up_to_the_horizon() -> None:
    those = agenda(slot("talk", "10:00", "11:00"))
    closed = record(those, here("09:30", "10:30", by=EndInferred.EVENT_CLOSED))
    assert (closed.whole.inferred, closed.whole.basis) == (60 * MINUTE, Grade.INFERRED)
    going_on = record(those, here("09:30", None), horizon=at("10:15"))
    assert minutes(going_on) == {"talk": (15, None)}
    assert (going_on.whole.inferred, going_on.whole.basis) == (0, Grade.OBSERVED)


def test_who_comes_early_and_stays_late_attended_no_more_than_the_event() -> None:
    told = record(agenda(start="09:00", end="12:00"), here("07:00", "18:00"))
    assert told.whole.durations.total == 180 * MINUTE


def test_a_half_day_lasts_from_its_first_session_to_its_last_and_a_session_across_one_oclock_is_in_both() -> None:
    those = agenda(slot("one", "09:30", "11:00"), slot("lunch talk", "12:30", "13:30"), slot("two", "15:00", "16:00"))
    assert halves(those) == [
        ("2026-11-24/morning", at("09:30"), at("13:00")),
        ("2026-11-24/afternoon", at("13:00"), at("16:00")),
    ]
    assert those.days == ((at("09:00"), at("17:00")),)


def test_an_event_of_several_days_has_its_hours_each_day_and_nobody_attends_its_nights() -> None:
    those = agenda_of([], start=at("09:00", 24), end=at("17:00", 26), zone=PARIS)
    assert [half for half, *_ in halves(those)] == [
        f"2026-11-{day}/{half}" for day in (24, 25, 26) for half in ("morning", "afternoon")
    ]
    assert those.days == tuple((at("09:00", day), at("17:00", day)) for day in (24, 25, 26))
    assert record(those, here("09:00", None), horizon=at("17:00", 26)).whole.durations.total == 24 * 60 * MINUTE


def test_a_day_on_which_clocks_go_back_has_an_hour_more() -> None:
    start, end = at("00:00", 25, 10), at("23:00", 25, 10)
    those = agenda_of([], start=start, end=end, zone=PARIS)
    assert [(until - since) // (60 * MINUTE) for _, since, until in halves(those)] == [14, 10]


def test_an_evening_that_ends_after_midnight_is_of_two_days() -> None:
    those = agenda_of([], start=at("20:00"), end=at("02:00", 25), zone=PARIS)
    assert halves(those) == [
        ("2026-11-24/afternoon", at("20:00"), at("00:00", 25)),
        ("2026-11-25/morning", at("00:00", 25), at("02:00", 25)),
    ]
    assert those.days == ((at("20:00"), at("02:00", 25)),)


def test_an_event_without_length_has_no_half_day_and_nobody_attends_it() -> None:
    those = agenda_of([slot("none", "10:00", "10:00")], start=at("09:00"), end=at("09:00"), zone=UTC)
    assert (those.half_days, those.slots, those.planned) == ((), (), 0)
    assert record(those, here("08:00", "12:00")).whole.durations.total == 0
