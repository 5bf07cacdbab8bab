"""Many scans at once: they are judged together, and each as if it were alone."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import uuid4

from schemas.envelope import format_instant
from services.chassis.access import Role
from services.chassis.clock import system_clock
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration


@ON_BOTH
async def test_four_desks_that_were_offline_send_what_they_kept_while_people_come_in(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    people = await asyncio.gather(*(service.register(event_id, name=f"P{number}") for number in range(60)))
    tickets = [who["ticket"] for who in people]
    desks = [await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id) for _ in range(4)]
    before = system_clock() - timedelta(hours=1)
    outcomes: Counter[str] = Counter()

    async def send(desk: int, ticket: str, *, key: str | None = None, **more: object) -> None:
        body = {"action": "in", "ticket": ticket, "gate": f"gate {desk}", "scan_id": key or str(uuid4())} | more
        headers = {} if key is None else {"Idempotency-Key": key}
        path = f"/events/{event_id}/check-ins"
        outcomes[(await service.api("POST", path, body, token=desks[desk], headers=headers))["outcome"]] += 1

    async def send_what_was_kept(desk: int) -> None:
        # Each shares two tickets with the next desk, and sends each scan twice: its first answer was lost.
        for number in range(desk * 10, desk * 10 + 12):
            key, at = str(uuid4()), format_instant(before + timedelta(minutes=desk, seconds=number))
            for _ in range(2):
                await send(desk, tickets[number], key=key, at=at, clock_offset_ms=0)

    await asyncio.gather(
        *(send_what_was_kept(desk) for desk in range(4)),
        *(send(number % 4, ticket) for number, ticket in enumerate(tickets[42:])),
        *(send(number % 4, ticket) for number, ticket in enumerate(tickets[42:])),
    )
    state = await service.api("GET", f"/events/{event_id}/desk", token=desks[0])
    assert state["on_site"] == 60
    # 48 scans were kept, 6 of them of a ticket that another desk had too; what came in at the door counts once.
    scans = [fact for fact in await service.outbox() if fact.type == "passerelle.checkin.checked_in.v1"]
    assert len(scans) == 48 + 18
    assert len({fact.id for fact in scans}) == len(scans)
    doubles = (await service.api("GET", f"/events/{event_id}/double-entries", token=desks[0]))["items"]
    assert len(doubles) == 6
    # Which desk of two was first to send is chance: the other may be told that they were in already, or not.
    assert outcomes.total() == 2 * 48 + 2 * 18
    assert 18 <= outcomes["already_in"] <= 2 * 6 + 18


@ON_BOTH
async def test_what_is_wrong_with_one_scan_is_not_wrong_with_those_beside_it(service: RunningRegistration) -> None:
    event_id = await service.event()
    tickets = [(await service.register(event_id, name=name))["ticket"] for name in ("A", "B", "C")]
    same = str(uuid4())
    good = (service.check_in(event_id, ticket=ticket) for ticket in tickets[:2])
    retried = (service.check_in(event_id, ticket=tickets[2], scan_id=same) for _ in range(3))
    nowhere = service.check_in(event_id, expect=400, ticket=tickets[0], place_id="room_none")
    unknown = service.check_in(event_id, ticket="0123-4567-89AB")
    *let_in, placed, refused = await asyncio.gather(*good, *retried, nowhere, unknown)
    assert [answer["outcome"] for answer in let_in] == ["checked_in"] * 5
    assert len({answer["fact_id"] for answer in let_in[2:]}) == 1
    assert placed["errors"][0]["pointer"] == "#/place_id"
    assert (refused["outcome"], refused["reason"]) == ("refused", "unknown_ticket")
    entries = (await service.api("GET", f"/events/{event_id}/audit-log?act=check_in.in"))["items"]
    assert len(entries) == 3


@ON_BOTH
async def test_each_scan_of_a_group_is_its_own_desks_deed(service: RunningRegistration) -> None:
    event_id = await service.event()
    cases = service.parts.use_cases
    desks = [await cases.tokens.create(Role.DESK, event_id=event_id) for _ in range(3)]
    people = [await service.register(event_id, name=f"P{number}") for number in range(3)]
    path = f"/events/{event_id}/check-ins"
    await asyncio.gather(
        *(
            service.api("POST", path, {"action": "in", "ticket": who["ticket"]}, token=desk)
            for who, desk in zip(people, desks, strict=True)
        )
    )
    expected = {}
    for who, desk in zip(people, desks, strict=True):
        grant = await cases.tokens.verify(desk)
        assert grant is not None
        expected[who["participant_id"]] = grant.token_id
    entries = (await service.api("GET", f"/events/{event_id}/audit-log?act=check_in.in"))["items"]
    assert {entry["subject"]: entry["actor"] for entry in entries} == expected
