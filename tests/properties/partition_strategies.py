"""Days as they are: people come and go mostly in order, through several channels, and a little goes wrong."""

from typing import Any, Final

from hypothesis import strategies as st

from services.attendance.domain.facts import (
    IN_PERSON,
    Channel,
    Fact,
    LinkChange,
    Mode,
    Movement,
    Place,
    Registration,
    RoomChange,
    SeatChange,
    Snapshot,
    Unheard,
    Voiding,
)

_PEOPLE: Final = ("par-1", "par-1", "gst-1")
_HALL: Final = Place("jitsi", "hall")
_CHANNELS: Final = (
    None,
    None,
    ("c1", _HALL),
    ("c1", _HALL),
    ("c2", _HALL),
    ("c3", Place("jitsi", "attic", "monday")),
    ("c4", Place("jaas", 'a "room" of é', "tuesday")),
)
_inferred: Final[st.SearchStrategy[Unheard | None]] = st.sampled_from([None, None, None, "silence"])


@st.composite
def busy_days(draw: st.DrawFn) -> list[Fact]:
    """Distinct facts in the order in which they come, a few of them late."""
    time = 10
    facts: list[tuple[int, Fact]] = []
    kinds = draw(st.lists(st.integers(0, 29), max_size=30))
    for number, kind in enumerate(kinds):
        time += draw(st.integers(0, 3)) if draw(st.integers(0, 4)) == 0 else 2
        fact = _fact(draw, kind, f"f{number}", time)
        late = draw(st.integers(1, 20)) if draw(st.integers(0, 9)) == 0 else 0
        facts.append((time + late, fact))
    return [fact for _, fact in sorted(facts, key=lambda pair: pair[0])]


@st.composite
def crowded_instants(draw: st.DrawFn) -> list[Fact]:
    """One person who comes and goes at a handful of instants, so that many stays begin and end in the same one."""
    facts: list[Fact] = []
    for number in range(draw(st.integers(5, 30))):
        time, opens = draw(st.integers(0, 6)), draw(st.booleans())
        joined_at = draw(st.none() | st.integers(0, time)) if not opens else None
        inferred = draw(_inferred) if not opens else None
        facts.append(
            Movement(
                id=f"f{number}",
                time=time,
                recorded=time + number,
                subject="par-1",
                channel=Channel(Mode.REMOTE, _HALL.source, _HALL.room, "c1"),
                opens=opens,
                via="jitsi/hall",
                place=_HALL,
                joined_at=joined_at,
                inferred=inferred,
            )
        )
    return facts


@st.composite
def overtaken_days(draw: st.DrawFn) -> list[Fact]:
    """One person who comes and goes, now here and now there, each fact perhaps after the next few."""
    facts: list[tuple[int, Fact]] = []
    channels = draw(st.sampled_from([_CHANNELS[:1], _CHANNELS[2:3], _CHANNELS[:3], _CHANNELS[2:6]]))
    here = dict.fromkeys(channels, 0)
    for time in range(10, draw(st.integers(14, 40)), 2):
        channel = draw(st.sampled_from(channels))
        stamp: dict[str, Any] = {"id": f"f{time}", "time": time, "recorded": time + 1, "subject": "par-1"}
        opens = not here[channel] if draw(st.integers(0, 7)) else draw(st.booleans())
        if channel is None:
            gate = draw(st.sampled_from(["gate", "gate", "back"]))
            move = Movement(**stamp, channel=IN_PERSON, opens=opens, via=gate)
        else:
            joined_at, inferred = draw(st.sampled_from([None, None, here[channel]])), draw(_inferred)
            move = _remote(stamp, channel, opens=opens, joined_at=joined_at, inferred=inferred)
        here[channel] = time if opens else 0
        facts.append((time + draw(st.sampled_from([0, 0, 0, 3, 5])), move))
    return [fact for _, fact in sorted(facts, key=lambda pair: pair[0])]


def _remote(
    stamp: dict[str, Any],
    channel: tuple[str, Place],
    *,
    opens: bool,
    joined_at: int | None,
    inferred: Unheard | None,
) -> Movement:
    connection, place = channel
    return Movement(
        **stamp,
        channel=Channel(Mode.REMOTE, place.source, place.session or place.room, connection),
        opens=opens,
        via=f"{place.source}/{place.room}",
        place=place,
        joined_at=None if opens else joined_at,
        inferred=None if opens else inferred,
    )


def _fact(draw: st.DrawFn, kind: int, fact_id: str, time: int) -> Fact:
    stamp: dict[str, Any] = {"id": fact_id, "time": time, "recorded": time + draw(st.integers(-1, 3))}
    match kind:
        case 0:
            return RoomChange(
                **stamp, place=draw(st.sampled_from([_HALL, _CHANNELS[5][1]])), opened=draw(st.booleans())
            )
        case 1:
            return Snapshot(**stamp, closes_at=draw(st.none() | st.integers(0, 60)))
        case 2:
            return LinkChange(**stamp, guest="gst-1", participant="par-1", linked=draw(st.booleans()))
        case 3:
            return Voiding(**stamp, subject="par-1", voided_id=f"f{draw(st.integers(0, 29))}")
        case 4 | 5:
            return SeatChange(
                **stamp, subject="par-1", registration=Registration.CONFIRMED, mode=draw(st.sampled_from(Mode))
            )
        case _:
            return _movement(draw, stamp)


def _movement(draw: st.DrawFn, stamp: dict[str, Any]) -> Movement:
    subject, chosen = draw(st.sampled_from(_PEOPLE)), draw(st.sampled_from(_CHANNELS))
    opens = draw(st.booleans())
    if chosen is None:
        gate = draw(st.sampled_from(["gate", "gate", "porte d’entrée"]))
        return Movement(**stamp, subject=subject, channel=IN_PERSON, opens=opens, via=gate)
    joined_at = None if opens else draw(st.none() | st.integers(0, 60))
    inferred = draw(_inferred)
    return _remote({**stamp, "subject": subject}, chosen, opens=opens, joined_at=joined_at, inferred=inferred)
