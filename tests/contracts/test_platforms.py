"""The laws that hold for every platform; a platform supplies its shapes. Told over HTTP, checked by the fold."""

import asyncio
import itertools
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from schemas.identifiers import guest_id, new_participant_id
from schemas.participation import Joined, Left, RoomClosed, RoomOpened
from services.attendance.application.translation import document, domain_fact
from services.attendance.domain.fold import fold_event
from services.streaming_bridge.adapters.platforms import PLATFORMS
from services.streaming_bridge.adapters.platforms.anatomy import Refusals
from services.streaming_bridge.domain.sources import PlatformName
from tests.databases import ON_BOTH
from tests.fakes.bridge import OPENING, BridgeUnderTest
from tests.fakes.deliveries import deliver, presence, send
from tests.fakes.platforms import ALL_SHAPES, Shapes, instant
from tests.fakes.platforms.shapes import tells_devices_apart

ADA = new_participant_id()
AFTERWARDS = timedelta(hours=2)
"""When everything that the tests tell has happened: what is recorded long before it happens would be suspect."""


def refusals(shapes: Shapes) -> Refusals:
    """By which statuses this platform is refused."""
    return PLATFORMS[PlatformName(shapes.platform)].refusals


@pytest.mark.parametrize("shapes", ALL_SHAPES, ids=lambda shapes: shapes.platform)
class TestEveryPlatform:
    """One class for all: what a platform cannot say (a leave's `joined_at` at JaaS) is told by its shapes."""

    @pytest_asyncio.fixture(autouse=True)
    async def _claimed(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        await bridge.add_source(platform=shapes.platform, name=shapes.source, **{shapes.proof_field: shapes.secret})
        await bridge.claim((shapes.source, shapes.room))

    async def test_a_join_and_a_leave_are_a_presence(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        bridge.clock.advance(AFTERWARDS)
        await deliver(
            bridge, shapes, [shapes.joined(5, who="ada", user_id=ADA), shapes.left(65, who="ada", user_id=ADA)]
        )
        assert await presence(bridge, ADA) == [(5, 65)]

    async def test_the_time_of_a_fact_is_the_platform_s_own(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        bridge.clock.advance(timedelta(hours=2))
        await deliver(bridge, shapes, [shapes.joined(5, who="ada", user_id=ADA)])
        (fact,) = await bridge.facts()
        assert fact.time == instant(5)
        assert fact.recordedtime == instant(120)
        assert fact.source == f"/bridge/{shapes.platform}/{shapes.source}"

    async def test_a_duplicate_is_answered_200_and_stored_once(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        body = shapes.joined(5, who="ada", user_id=ADA)
        (first,) = await deliver(bridge, shapes, [body])
        bridge.clock.advance(timedelta(seconds=9))
        again = await deliver(bridge, shapes, [body, body])
        assert [answer["status"] for answer in (first, *again)] == ["accepted", "duplicate", "duplicate"]
        (fact,) = await bridge.facts()
        assert fact.recordedtime == OPENING

    @ON_BOTH
    async def test_duplicates_at_the_same_instant_are_stored_once(
        self, bridge: BridgeUnderTest, shapes: Shapes
    ) -> None:
        body = shapes.joined(5, who="ada", user_id=ADA)
        answers = await asyncio.gather(*(deliver(bridge, shapes, [body]) for _ in range(20)))
        assert sorted(answer["status"] for (answer,) in answers) == ["accepted", *["duplicate"] * 19]
        assert len(await bridge.facts()) == 1

    async def test_the_order_of_arrival_does_not_matter(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        bridge.clock.advance(AFTERWARDS)
        bodies = [
            shapes.opened(0),
            shapes.joined(5, who="ada", user_id=ADA),
            shapes.left(20, who="ada", came=5, user_id=ADA),
            shapes.closed(60),
        ]
        await deliver(bridge, shapes, bodies)
        facts = await bridge.facts()
        outcomes = {
            repr(fold_event([domain_fact(document(fact)) for fact in order]).people)
            for order in itertools.permutations(facts)
        }
        assert len(outcomes) == 1
        assert await presence(bridge, ADA) == [(5, 20)]

    async def test_a_leave_before_its_join_is_kept_for_it(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        bridge.clock.advance(AFTERWARDS)
        left = shapes.left(20, who="ada", came=5, user_id=ADA)
        await deliver(bridge, shapes, [left, shapes.joined(5, who="ada", user_id=ADA)])
        assert await presence(bridge, ADA) == [(5, 20)]

    async def test_a_delivery_that_is_hours_late_counts_at_its_time(
        self, bridge: BridgeUnderTest, shapes: Shapes
    ) -> None:
        await deliver(bridge, shapes, [shapes.joined(5, who="ada", user_id=ADA)])
        bridge.clock.advance(timedelta(hours=9))
        late = shapes.request(shapes.left(30, who="ada", came=5, user_id=ADA), signed_at=OPENING + timedelta(hours=9))
        assert (await send(bridge, late))["status"] == "accepted"
        assert await presence(bridge, ADA) == [(5, 30)]

    async def test_a_missing_leave_ends_with_the_room(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        bridge.clock.advance(AFTERWARDS)
        await deliver(bridge, shapes, [shapes.joined(5, who="ada", user_id=ADA), shapes.closed(60)])
        assert await presence(bridge, ADA) == [(5, 60)]

    async def test_a_leave_sent_again_after_the_return_ends_nothing(
        self, bridge: BridgeUnderTest, shapes: Shapes
    ) -> None:
        bridge.clock.advance(AFTERWARDS)
        left = shapes.left(20, who="ada", came=5, user_id=ADA)
        bodies = [
            shapes.joined(5, who="ada", user_id=ADA),
            left,
            shapes.joined(25, who="ada", user_id=ADA),
            left,
            shapes.left(50, who="ada", came=25, user_id=ADA),
        ]
        await deliver(bridge, shapes, bodies)
        assert await presence(bridge, ADA) == [(5, 20), (25, 50)]

    async def test_one_person_twice_at_once_counts_once(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        bridge.clock.advance(AFTERWARDS)
        bodies = [
            shapes.joined(5, who="laptop", user_id=ADA),
            shapes.joined(10, who="phone", user_id=ADA),
            shapes.left(20, who="laptop", came=5, user_id=ADA),
            shapes.left(40, who="phone", came=10, user_id=ADA),
        ]
        if not tells_devices_apart(shapes):
            # It counts devices itself, and tells of the first and of the last.
            bodies = [bodies[0], bodies[-1]]
        await deliver(bridge, shapes, bodies)
        folded = fold_event([domain_fact(document(fact)) for fact in await bridge.facts()])
        assert folded.people[ADA].durations.total == 35 * 60_000

    async def test_a_stranger_is_a_guest_by_their_user_id(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        lea = "7d4f0c3e5c7a4f6a9f0e2f5b1c9d8e7a"
        joins = [shapes.joined(minute, who=who, user_id=lea, name="Léa") for minute, who in ((5, "a"), (9, "b"))]
        await deliver(bridge, shapes, joins)
        guest = guest_id(source=f"/bridge/{shapes.platform}/{shapes.source}", person=lea)
        assert {fact.subject for fact in await bridge.facts()} == {guest}

    async def test_somebody_without_an_id_is_a_guest_by_their_connection(
        self, bridge: BridgeUnderTest, shapes: Shapes
    ) -> None:
        bodies = [
            shapes.joined(5, who="a"),
            shapes.left(9, who="a", came=5),
            shapes.joined(6, who="b"),
        ]
        await deliver(bridge, shapes, bodies)
        assert len({fact.subject for fact in await bridge.facts()}) == 2

    async def test_a_numeric_user_id_is_the_same_however_it_is_written(
        self, bridge: BridgeUnderTest, shapes: Shapes
    ) -> None:
        bodies = [
            shapes.joined(number, who=f"device-{number}", user_id=user_id)
            for number, user_id in enumerate([42, 42.0, "42"])
        ]
        await deliver(bridge, shapes, bodies)
        facts = await bridge.facts()
        assert len(facts) == 3
        assert len({fact.subject for fact in facts}) == 1

    async def test_rooms_open_and_close_without_a_subject(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        await deliver(bridge, shapes, [shapes.opened(0), shapes.closed(60)])
        facts = await bridge.facts()
        # A stream that begins is told of too, where the platform is one.
        assert [type(fact) for fact in facts if isinstance(fact, RoomOpened | RoomClosed)] == [RoomOpened, RoomClosed]
        assert {fact.subject for fact in facts} == {None}

    async def test_machines_and_waiting_people_are_left_out(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        (answer,) = await deliver(bridge, shapes, [shapes.uncounted(5)])
        assert answer["status"] == "ignored"
        assert await bridge.facts() == []

    async def test_an_unknown_kind_of_delivery_is_kept_as_ignored(
        self, bridge: BridgeUnderTest, shapes: Shapes
    ) -> None:
        answers = await deliver(bridge, shapes, [shapes.unknown(5), shapes.unknown(5)])
        assert [answer["status"] for answer in answers] == ["ignored", "duplicate"]

    async def test_a_wrong_secret_is_refused(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        request = shapes.request(shapes.joined(5, who="ada"), secret="another secret, not ours")
        answer = await send(bridge, request, status=refusals(shapes).unproved)
        assert answer["reason"] == "signature_wrong"
        assert await bridge.facts() == []

    async def test_no_proof_at_all_is_refused(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        request = shapes.request(shapes.joined(5, who="ada"))
        bare = request.path.partition("?")[0]
        answer = await bridge.post(bare, request.body, {}, status=refusals(shapes).unproved)
        assert answer["reason"] == "signature_missing"

    async def test_refusals_are_counted_by_reason(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        await send(bridge, shapes.request(shapes.joined(5, who="ada"), secret="another secret"))
        metrics = await (await bridge.client.get("/metrics")).text()
        expected = f'passerelle_webhooks_rejected_total{{platform="{shapes.platform}",reason="signature_wrong"}} 1.0'
        assert expected in metrics

    async def test_two_secrets_are_valid_while_one_is_changed(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        path = f"/api/v1/sources/{shapes.source}"
        changed = await bridge.api("PATCH", path, {shapes.proof_field: "the new secret 1"[:15]}, status=400)
        assert shapes.proof_field in changed["detail"]
        changed = await bridge.api("PATCH", path, {shapes.proof_field: "the-new-secret-1"}, status=200)
        assert changed["webhook_secrets"] == 2
        old = shapes.request(shapes.joined(5, who="ada"))
        new = shapes.request(shapes.joined(6, who="bob"), secret="the-new-secret-1")
        assert [(await send(bridge, request))["http_status"] for request in (old, new)] == [200, 200]

        ended = await bridge.api("PATCH", path, {"keep_previous": False}, status=200)
        assert ended["webhook_secrets"] == 1
        await send(bridge, shapes.request(shapes.joined(7, who="eve")), status=refusals(shapes).unproved)
        await send(bridge, shapes.request(shapes.joined(8, who="ada"), secret="the-new-secret-1"), status=200)

    async def test_what_is_no_json_is_a_problem_and_kept_aside(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        request = shapes.request(b"so this is not JSON")
        answer = await send(bridge, request, status=refusals(shapes).unreadable)
        assert answer.get("reason") in {"not_json", None}
        (letter,) = await bridge.records("passerelle-dead-letter")
        assert letter.headers["origin"] == request.path.partition("?")[0]
        assert b"so this" not in letter.value

    async def test_a_body_over_one_mebibyte_is_refused(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        await send(bridge, shapes.request(b"x" * (1024 * 1024 + 1)), status=413)
        assert await bridge.records("passerelle-dead-letter") == []

    async def test_an_unknown_source_is_not_found(self, bridge: BridgeUnderTest, shapes: Shapes) -> None:
        request = shapes.request(shapes.joined(5, who="ada"))
        path = request.path.replace(shapes.source, "somebody-else-s")
        await bridge.post(path, request.body, request.headers, status=404)

    async def test_nothing_personal_reaches_a_topic_or_a_table(
        self, bridge: BridgeUnderTest, shapes: Shapes, tmp_path: Path
    ) -> None:
        bodies = [
            shapes.joined(5, who="lea", user_id="lea.martin@example.org", name="Léa Zanzibar"),
            shapes.left(9, who="lea", came=5, user_id="lea.martin@example.org", name="Léa Zanzibar"),
        ]
        await deliver(bridge, shapes, bodies)
        written = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("*.db*")))
        assert b"accepted" in written
        for personal in ("Zanzibar", "lea.martin", "lea@example.org", "avatar.png"):
            assert personal.encode() not in written

    @ON_BOTH
    async def test_a_room_that_nobody_claims_is_kept_until_somebody_does(
        self, bridge: BridgeUnderTest, shapes: Shapes
    ) -> None:
        await bridge.claim((shapes.source, "another room"), changed_at=OPENING)
        bodies = [shapes.joined(5, who="ada", user_id=ADA), shapes.left(20, who="ada", came=5, user_id=ADA)]
        answers = await deliver(bridge, shapes, bodies, status=202)
        assert [answer["status"] for answer in answers] == ["unclaimed", "unclaimed"]
        assert await bridge.facts() == []

        bridge.clock.advance(timedelta(hours=1))
        assert await bridge.claim((shapes.source, shapes.room.upper()), changed_at=OPENING + timedelta(hours=1)) == 2
        facts = await bridge.facts()
        assert [type(fact) for fact in facts] == [Joined, Left]
        assert {fact.recordedtime for fact in facts} == {instant(60)}
        assert await presence(bridge, ADA) == [(5, 20)]
