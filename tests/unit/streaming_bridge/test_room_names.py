from datetime import timedelta

import pytest

from services.streaming_bridge.application.room_names import room_key, room_name
from services.streaming_bridge.domain.claims import Claim, choose
from tests.fakes.platforms import instant


@pytest.mark.parametrize(
    "written",
    [
        "Réunion 1",
        "  réunion 1 ",
        "r%c3%a9union%201",
        "R%C3%A9union%201@conference.meet.example.org",
        "https://meet.example.org/R%C3%A9union%201?jwt=a/b#config",
        "vpaas-magic-cookie-1/Réunion 1",
        "Re\u0301union 1",
    ],
)
def test_a_room_is_the_same_however_it_is_written(written: str) -> None:
    assert room_key(written) == "réunion 1"


def test_the_name_keeps_its_letters() -> None:
    assert room_name("https://8x8.vc/vpaas-1/PleniereA") == "PleniereA"


def test_what_is_nothing_but_marks_stays_what_it_is() -> None:
    assert room_key("@") == "@"


def claim(event_id: str, *, starts: float, ends: float) -> Claim:
    return Claim(event_id=event_id, source="s", room="r", starts_at=instant(starts), ends_at=instant(ends))


def test_of_several_events_the_one_nearest_in_time_gets_the_room() -> None:
    morning, evening = claim("morning", starts=0, ends=60), claim("evening", starts=600, ends=660)
    chosen = {minute: choose([morning, evening], instant(minute)) for minute in (-100, 30, 320, 340, 630, 900)}
    assert {minute: found.event_id for minute, found in chosen.items() if found} == {
        -100: "morning",
        30: "morning",
        320: "morning",
        340: "evening",
        630: "evening",
        900: "evening",
    }


def test_of_two_events_equally_near_the_later_one_gets_the_room() -> None:
    first, second = claim("first", starts=0, ends=60), claim("second", starts=30, ends=90)
    found = choose([second, first], instant(45))
    assert found is second


def test_nobody_s_room_belongs_to_no_event() -> None:
    assert choose([], instant(0)) is None


def test_an_event_is_at_no_distance_from_what_happens_in_it() -> None:
    assert claim("e", starts=0, ends=60).distance(instant(60)) == timedelta()
