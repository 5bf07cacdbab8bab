"""The day of a person as a drawing."""

from schemas.registration import EventData
from services.attendance.adapters.tables import to_column
from services.attendance.domain.facts import Mode
from services.attendance.domain.fold import Presence
from services.attendance.domain.heads import MINUTE
from services.attendance.domain.intervals import Interval
from services.attendance.web.day import day_of
from tests.fakes.attendance_facts import STARTS_AT, EventFacts

START = to_column(STARTS_AT)


def day(*intervals: tuple[Mode, float, float | None], horizon: float = 480) -> list[tuple[Mode, str, str, bool]]:
    event = EventData.model_validate(EventFacts(event_id="evt_1").event().data)
    presence = Presence(
        intervals=tuple(
            Interval(
                mode=mode,
                start=START + round(start * MINUTE),
                end=None if end is None else START + round(end * MINUTE),
                via="",
            )
            for mode, start, end in intervals
        )
    )
    drawn = day_of(event, presence, START + round(horizon * MINUTE))
    return [] if drawn is None else [(bar.mode, bar.x, bar.width, bar.ongoing) for bar in drawn.bars]


def test_who_never_came_has_no_day() -> None:
    assert day() == []


def test_each_interval_has_its_place_and_what_goes_on_reaches_to_the_horizon() -> None:
    assert day((Mode.IN_PERSON, 0, 120), (Mode.REMOTE, 240, None), horizon=360) == [
        (Mode.IN_PERSON, "0.00%", "25.00%", False),
        (Mode.REMOTE, "50.00%", "25.00%", True),
    ]


def test_thousands_of_reconnects_become_the_bars_that_a_screen_can_show() -> None:
    blinks = [(Mode.REMOTE, number / 10, number / 10 + 0.05) for number in range(4800)]
    assert day(*blinks) == [(Mode.REMOTE, "0.00%", "99.99%", False)]
