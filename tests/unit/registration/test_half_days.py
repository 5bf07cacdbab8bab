"""The half-days of an event: cut at one o'clock there, with the hours of the agenda, or of the event on its days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from services.registration.domain.agenda import Session
from services.registration.domain.event import Event
from services.registration.domain.half_days import DayPart, days_left_out, half_days, sessions_in, signed_for

START = datetime(2037, 11, 23, 8, 0, tzinfo=UTC)
PARIS = "Europe/Paris"


def an_event(*sessions: tuple[int, int], days: int = 1, hours: int = 8, timezone: str = PARIS) -> Event:
    """Sessions from one hour to another after the start, which is at nine in Paris."""
    return Event(
        event_id="evt_1",
        title="Formation",
        starts_at=START,
        ends_at=START + timedelta(days=days - 1, hours=hours),
        timezone=timezone,
        changed_at=START,
        sessions=tuple(
            Session(
                session_id=f"ses_{number}",
                title=str(number),
                starts_at=START + timedelta(hours=start),
                ends_at=START + timedelta(hours=end),
            )
            for number, (start, end) in enumerate(sessions)
        ),
    )


def told(event: Event) -> list[tuple[str, int, int]]:
    return [
        (half.half_day_id, (half.starts_at - START) // timedelta(hours=1), (half.ends_at - START) // timedelta(hours=1))
        for half in half_days(event)
    ]


def test_an_event_without_an_agenda_goes_on_each_day_at_its_hours() -> None:
    assert told(an_event(days=2)) == [
        ("2037-11-23/morning", 0, 4),
        ("2037-11-23/afternoon", 4, 8),
        ("2037-11-24/morning", 24, 28),
        ("2037-11-24/afternoon", 28, 32),
    ]


def test_the_agenda_says_the_hours_and_a_day_without_a_session_has_no_half_day() -> None:
    event = an_event((0, 2), (1, 3), (5, 8), (48, 50), days=3)
    assert told(event) == [("2037-11-23/morning", 0, 3), ("2037-11-23/afternoon", 5, 8), ("2037-11-25/morning", 48, 50)]
    assert [session.session_id for session in sessions_in(event, half_days(event)[0])] == ["ses_0", "ses_1"]


def test_a_day_without_a_session_is_left_out_only_where_there_is_an_agenda() -> None:
    assert days_left_out(an_event((0, 2), (48, 50), days=3)) == [date(2037, 11, 24)]
    assert days_left_out(an_event(days=3)) == []
    assert days_left_out(an_event((0, 14), hours=15)) == [], "it ends at midnight"


def test_a_session_over_lunch_is_in_both_halves_and_the_cut_is_that_of_the_place() -> None:
    assert told(an_event((3, 6))) == [("2037-11-23/morning", 3, 4), ("2037-11-23/afternoon", 4, 6)]
    assert told(an_event((3, 6), timezone="America/Cayenne")) == [("2037-11-23/morning", 3, 6)]


def test_people_sign_for_the_first_half_day_of_today_that_is_not_over() -> None:
    halves = half_days(an_event((0, 3), (5, 8)))

    def at(hours: float) -> str | None:
        half = signed_for(halves, now=START + timedelta(hours=hours), timezone=PARIS)
        return half.half_day_id if half else None

    assert (at(-2), at(3)) == ("2037-11-23/morning", "2037-11-23/afternoon")
    assert at(12) == "2037-11-23/afternoon"
    assert at(24) is None
    assert (halves[0].day, halves[0].part) == (date(2037, 11, 23), DayPart.MORNING)


def test_a_half_day_in_which_clocks_change_is_as_long_as_it_was() -> None:
    start = datetime(2037, 10, 24, 10, 0, tzinfo=UTC)
    night = Session(session_id="ses_1", title="Hackathon", starts_at=start, ends_at=start + timedelta(hours=30))
    event = replace(an_event(), starts_at=night.starts_at, ends_at=night.ends_at, sessions=(night,))
    lengths = {half.half_day_id: half.ends_at - half.starts_at for half in half_days(event)}
    assert lengths["2037-10-25/morning"] == timedelta(hours=14)
    assert sum(lengths.values(), timedelta()) == timedelta(hours=30)
