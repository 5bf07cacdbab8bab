"""One id on two connections at once, by different names, is found."""

from collections.abc import Sequence

from services.streaming_bridge.adapters.sightings import SqlSightings
from services.streaming_bridge.domain.observations import Finding, Kind, Room
from services.streaming_bridge.domain.shared_ids import SharedId, shared_ids
from tests.fakes.bridge import EVENT, BridgeUnderTest
from tests.fakes.deliveries import deliver
from tests.fakes.platforms import JitsiShapes, instant

SHAPES = JitsiShapes()


def told(
    kind: Kind, minute: float, connection: str, mark: str | None, *, who: str = "gst_1", room: str = "plenary"
) -> Finding:
    return Finding(
        fact_id=f"{kind} {minute} {connection}",
        source="jitsi",
        source_uri="/bridge/jitsi/jitsi",
        kind=kind,
        room_key=room,
        room=Room(name=room, key=f"{room}@conference"),
        time=instant(minute),
        subject=who,
        connection=connection,
        name_mark=mark,
    )


def stay(start: float, end: float | None, connection: str, mark: str | None, **where: str) -> Sequence[Finding]:
    came = told(Kind.JOINED, start, connection, mark, **where)
    return [came] if end is None else [came, told(Kind.LEFT, end, connection, None, **where)]


def test_two_names_at_once_are_found_with_their_time() -> None:
    findings = [*stay(5, 60, "a", "1111"), *stay(20, 40, "b", "2222"), *stay(30, 50, "c", "3333")]
    assert shared_ids(findings) == [
        SharedId(
            subject="gst_1",
            source="jitsi",
            room_key="plenary",
            connections=3,
            since=instant(20),
            until=instant(50),
        )
    ]


def test_two_devices_of_one_name_are_one_person() -> None:
    assert shared_ids([*stay(5, 60, "a", "1111"), *stay(20, 40, "b", "1111")]) == []


def test_two_names_one_after_the_other_are_one_person_whose_ghost_stays_a_while() -> None:
    assert shared_ids([*stay(5, 20.5, "a", "1111"), *stay(20, 40, "b", "2222"), *stay(41, 50, "c", "3333")]) == []


def test_what_nobody_named_says_nothing() -> None:
    assert shared_ids([*stay(5, 60, "a", None), *stay(20, 40, "b", "2222")]) == []


def test_it_is_found_in_two_rooms_at_once_and_while_it_goes_on() -> None:
    (found,) = shared_ids([*stay(5, None, "a", "1111"), *stay(20, None, "b", "2222", room="workshop")])
    assert (found.room_key, found.connections, found.until) == ("workshop", 2, None)


async def test_it_is_found_in_what_was_delivered_however_the_names_are_written(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="jitsi", name=SHAPES.source, webhook_token=SHAPES.secret)
    await bridge.claim((SHAPES.source, SHAPES.room))
    ada, zoe = "par_" + "a" * 32, "sso-zoe"
    bodies = [
        SHAPES.joined(5, who="laptop", user_id=ada, name="Ada  Lovelace"),
        SHAPES.joined(6, who="phone", user_id=ada, name="ada lovelace"),
        SHAPES.joined(7, who="hers", user_id=zoe, name="Zoé"),
        SHAPES.joined(8, who="a-friend-s", user_id=zoe, name="Léo"),
        SHAPES.joined(9, who="one", name="Nobody"),
        SHAPES.joined(10, who="two", name="Somebody"),
    ]
    await deliver(bridge, SHAPES, bodies)
    zoe_s = (await bridge.facts())[2].subject
    found = shared_ids(await SqlSightings(bridge.bridge.engine).of_event(EVENT))
    assert [(one.subject, one.connections, one.since) for one in found] == [(zoe_s, 2, instant(8))]
