"""Events for the properties of the fold: few people, few rooms and small instants, so that everything collides."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from services.attendance.domain.facts import (
    IN_PERSON,
    Act,
    Channel,
    EventTimeAcceptance,
    Fact,
    LinkChange,
    Mode,
    Movement,
    Notice,
    Place,
    Registration,
    RoomChange,
    SeatChange,
    Snapshot,
    TimeAcceptance,
    Voiding,
)
from services.attendance.domain.suspicion import TOLERANCE

PARTICIPANTS: Final = ("par-1", "par-2")
GUESTS: Final = ("guest-1", "guest-2")
SPAN: Final = 30

DAY_AFTER: Final = SPAN + 1
"""A first day of the event that makes everything suspect."""

instants = st.integers(min_value=0, max_value=SPAN)
_recorded = st.one_of(instants, instants, instants.map(lambda instant: instant - TOLERANCE - SPAN // 2))
_inferred = st.sampled_from([None, None, "silence"])
_ids = st.sampled_from([f"f{number}" for number in range(12)])
_places = st.builds(
    Place, st.just("jitsi"), st.sampled_from(["hall", "attic"]), st.sampled_from([None, "monday", "tuesday"])
)


def facts(make: Callable[..., Fact], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Fact]:
    """Facts of one kind; their ids are given later, so that two kinds never share one."""
    return st.builds(
        make,
        id=st.just(""),
        time=instants,
        recorded=_recorded,
        source=st.just("desk"),
        canonical=st.sampled_from([b"a", b"b"]),
        **fields,
    )


def _movement(place: Place | None, **fields: Any) -> Movement:  # noqa: ANN401  (the fields of a movement)
    if place is None:
        return Movement(**{**fields, "joined_at": None, "inferred": None}, channel=IN_PERSON, via="gate")
    channel = Channel(Mode.REMOTE, place.source, place.session or place.room, "c1")
    joined_at = None if fields["opens"] else fields["joined_at"]
    inferred = None if fields["opens"] else fields["inferred"]
    own = {"joined_at": joined_at, "inferred": inferred, "source": place.source}
    return Movement(**{**fields, **own}, channel=channel, via=place.room, place=place)


def _room_change(**fields: Any) -> RoomChange:  # noqa: ANN401  (the fields of a change)
    return RoomChange(**{**fields, "source": fields["place"].source})


def movements(subjects: tuple[str, ...]) -> st.SearchStrategy[Fact]:
    """Comings and goings, of which a few know when they began, and a few nobody saw."""
    return facts(
        _movement,
        subject=st.sampled_from(subjects),
        place=st.none() | _places,
        opens=st.booleans(),
        joined_at=st.none() | instants,
        inferred=_inferred,
    )


def _subject_facts() -> st.SearchStrategy[Fact]:
    everybody = st.sampled_from(PARTICIPANTS + GUESTS)
    seats = facts(
        SeatChange,
        subject=st.sampled_from(PARTICIPANTS),
        registration=st.sampled_from(Registration),
        mode=st.none() | st.sampled_from(Mode),
    )
    return st.one_of(
        movements(PARTICIPANTS + GUESTS),
        movements(PARTICIPANTS + GUESTS),
        facts(Voiding, subject=everybody, voided_id=_ids),
        facts(TimeAcceptance, subject=everybody, fact_id=_ids, accepted=st.booleans()),
        seats,
        facts(Act, subject=everybody),
    )


def _event_facts() -> st.SearchStrategy[Fact]:
    return st.one_of(
        facts(_room_change, place=_places, opened=st.booleans()),
        facts(
            Snapshot,
            closes_at=st.none() | instants,
            day_starts_at=st.sampled_from([None, None, 0, SPAN // 3, DAY_AFTER]),
        ),
        facts(EventTimeAcceptance, fact_id=_ids, accepted=st.booleans()),
        facts(
            LinkChange,
            guest=st.sampled_from(GUESTS),
            participant=st.sampled_from(PARTICIPANTS),
            linked=st.booleans(),
        ),
        facts(Notice),
    )


@st.composite
def events(draw: st.DrawFn) -> list[Fact]:
    """All the facts of one event, as distinct facts in no order."""
    drawn = draw(st.lists(st.one_of(_subject_facts(), _subject_facts(), _event_facts()), max_size=12))
    return [with_id(fact, f"f{number}") for number, fact in enumerate(drawn)]


@st.composite
def deliveries(draw: st.DrawFn, facts: list[Fact]) -> list[Fact]:
    """The facts as they may arrive: in any order, some more than once, some copies recorded later."""
    repeated = draw(st.lists(st.sampled_from(facts), max_size=6)) if facts else []
    again = [with_recorded(fact, draw(st.integers(0, 2))) for fact in repeated]
    return draw(st.permutations([*facts, *again]))


def with_id(fact: Fact, fact_id: str) -> Fact:
    """The same fact under another id."""
    return type(fact)(**{**fields_of(fact), "id": fact_id})


def with_recorded(fact: Fact, later: int) -> Fact:
    """A copy that was recorded later, or is the same."""
    return type(fact)(**{**fields_of(fact), "recorded": fact.recorded + later})


def fields_of(fact: Fact) -> dict[str, Any]:
    """The fields of a slotted value."""
    return {name: getattr(fact, name) for name in type(fact).__dataclass_fields__}
