"""What desks kept while they had no network, sent in batches: each once, each with its own answer."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from schemas.envelope import format_instant
from services.chassis.access import Role
from services.chassis.clock import system_clock
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration, kinds
from tests.integration.test_registration_sessions import a_session, an_event_with, come, standing


def kept(kind: str = "check_in", *, minutes: float = 60, **more: object) -> dict[str, object]:
    at = format_instant(system_clock() - timedelta(minutes=minutes))
    action = {"action": "in"} if kind == "check_in" else {}
    return {"kind": kind, "scan_id": str(uuid4()), "at": at, "gate": "Nord", "clock_offset_ms": 0} | action | more


async def send(service: RunningRegistration, event_id: str, *items: object, token: str = "") -> list[Any]:
    answer = await service.api("POST", f"/events/{event_id}/late-scans", {"items": items}, token=token)
    told: list[Any] = answer["items"]
    assert len(told) == len(items)
    return told


async def let_in(service: RunningRegistration) -> int:
    return kinds(await service.outbox()).count("checkin.checked_in")


@ON_BOTH
async def test_a_batch_sent_again_whole_or_in_part_and_by_others_is_the_same_scans(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    people = [await service.register(event_id, name=f"P{number}") for number in range(30)]
    scans = [kept(ticket=who["ticket"], minutes=90 - number) for number, who in enumerate(people)]
    walked_in = kept("walk_in", name="Zoé Ünal")
    desks = [await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id) for _ in range(3)]
    batches = [scans[:20], [*scans[10:], walked_in], [*scans, walked_in]]
    answers = await asyncio.gather(
        *(send(service, event_id, *batch, token=desk) for batch, desk in zip(batches, desks, strict=True))
    )
    facts: dict[object, set[str]] = {}
    for batch, told in zip(batches, answers, strict=True):
        for item, one in zip(batch, told, strict=True):
            assert one["check_in"]["outcome"] == "checked_in"
            facts.setdefault(item["scan_id"], set()).add(one["check_in"]["fact_id"])
    assert all(len(known) == 1 for known in facts.values())
    assert await let_in(service) == len(facts) == 31
    assert (await service.api("GET", f"/events/{event_id}/desk"))["on_site"] == 31


@ON_BOTH
async def test_what_is_wrong_with_one_of_a_batch_is_told_of_that_one(service: RunningRegistration) -> None:
    event_id = await service.event()
    first, second = [await service.register(event_id, name=name) for name in ("A", "B")]
    live = await service.check_in(event_id, ticket=second["ticket"])
    told = await send(
        service,
        event_id,
        kept(ticket=first["ticket"]),
        kept(ticket="0123-4567-89AB"),
        {"kind": "check_in", "scan_id": "none"},
        kept("walk_in", name="Zoé Ünal", email="zoe@nowhere"),
        {"kind": "void", "scan_id": str(uuid4()), "fact_id": live["fact_id"]},
        {"kind": "void", "scan_id": str(uuid4()), "fact_id": "nothing"},
        kept(ticket=second["ticket"], undone=True),
        "no object",
    )
    results = [one["check_in"] and (one["check_in"]["outcome"], one["check_in"]["reason"]) for one in told]
    assert results == [
        ("checked_in", None),
        ("refused", "unknown_ticket"),
        *[None] * 4,
        ("checked_in", None),
        None,
    ]
    assert [one["problem"] and one["problem"]["status"] for one in told] == [
        *[None] * 2,
        400,
        400,
        None,
        404,
        None,
        400,
    ]
    assert {error["pointer"] for error in told[2]["problem"]["errors"]} >= {"#/at", "#/action", "#/scan_id"}
    assert told[3]["problem"]["errors"][0]["pointer"] == "#/email"
    assert (await service.api("GET", f"/events/{event_id}/desk"))["on_site"] == 1
    path = f"/events/{event_id}/late-scans"
    await service.api("POST", path, {"items": []}, expect=400)
    await service.api("POST", path, {"items": [kept(ticket="x")] * 201}, expect=400)


@ON_BOTH
async def test_who_was_let_in_without_a_seat_gets_one_while_there_is_one_and_is_present_all_the_same(
    service: RunningRegistration,
) -> None:
    event_id = await service.event(capacity={"in_person": 2, "remote": 9})
    first, second, third = [await service.register(event_id, mode="remote", name=name) for name in "ABC"]
    refused, given = await send(
        service,
        event_id,
        kept(participant_id=first["participant_id"]),
        kept(participant_id=first["participant_id"], let_in=True),
    )
    assert (refused["check_in"]["reason"], refused["seat"]) == ("remote_ticket", None)
    assert (given["check_in"]["outcome"], given["seat"]) == ("checked_in", "given")
    batch = [
        kept("walk_in", name="Zoé Ünal", email="zoe@example.org"),
        kept(participant_id=second["participant_id"], let_in=True),
        kept("walk_in", name="Un de trop"),
        kept(participant_id=third["participant_id"], let_in=True, undone=True),
    ]
    told = await send(service, event_id, *batch)
    assert [one["seat"] for one in told] == ["given", "none_left", "none_left", None]
    assert [one["seat"] for one in await send(service, event_id, *batch)] == [one["seat"] for one in told]
    assert told[2]["ticket"]
    state = await service.api("GET", f"/events/{event_id}/desk")
    assert (state["on_site"], state["expected"], state["seats_left"]) == (4, 2, 0)
    seats = {ticket["name"]: (ticket["mode"], ticket["status"]) for ticket in state["tickets"]}
    assert seats == {
        "A": ("in_person", "confirmed"),
        "B": ("remote", "confirmed"),
        "C": ("remote", "confirmed"),
        "Zoé Ünal": ("in_person", "confirmed"),
        "Un de trop": ("in_person", "waitlisted"),
    }
    await service.sign_in()
    page = await service.page("GET", f"/events/{event_id}/doors")
    assert page.count("no seat in the room") == 2
    assert f"/events/{event_id}/live/people/{second['participant_id']}" in page
    assert "2 people were let in without a seat." in await service.page("GET", f"/events/{event_id}")
    notices = (await service.api("GET", f"/events/{event_id}/unseated-entries"))["items"]
    assert {notice["entry"]["fact_id"] for notice in notices} == {
        told[place]["check_in"]["fact_id"] for place in (1, 2)
    }
    (of_second,) = [notice for notice in notices if notice["participant_id"] == second["participant_id"]]
    path = f"/events/{event_id}/unseated-entries/{of_second['unseated_entry_id']}/settle"
    await service.api("POST", path, expect=204)
    assert "1 person was let in without a seat." in await service.page("GET", f"/events/{event_id}")
    await service.api("PATCH", f"/events/{event_id}", {"capacity": {"in_person": 3, "remote": 9}})
    await service.api("PATCH", f"/events/{event_id}/registrations/{second['participant_id']}", {"mode": "in_person"})
    left = (await service.api("GET", f"/events/{event_id}/unseated-entries"))["items"]
    assert second["participant_id"] not in [notice["participant_id"] for notice in left]


@ON_BOTH
async def test_who_went_into_a_session_without_the_network_has_a_seat_there_or_is_named_to_the_organizer(
    service: RunningRegistration,
) -> None:
    event_id, (workshop,) = await an_event_with(service, a_session("Atelier", 0, seats={"in_person": 1}))
    first, second = await come(service, event_id, 0), await come(service, event_id, 1)
    told = await send(
        service,
        event_id,
        *(kept(participant_id=who["participant_id"], place_id=workshop, let_in=True) for who in (first, second)),
    )
    assert [one["check_in"]["outcome"] for one in told] == ["checked_in", "checked_in"]
    assert [one["seat"] for one in told] == ["given", "none_left"]
    assert await standing(service, event_id, workshop) == [("P0", "confirmed", None)]
    (notice,) = (await service.api("GET", f"/events/{event_id}/unseated-entries"))["items"]
    assert (notice["participant_id"], notice["session_id"]) == (second["participant_id"], workshop)


async def test_late_word_after_the_close_loses_nobody(service: RunningRegistration) -> None:
    event_id = await service.event()
    remote = await service.register(event_id, mode="remote")
    await service.api("POST", f"/events/{event_id}/close")
    told = await send(
        service,
        event_id,
        kept("walk_in", name="Zoé Ünal"),
        kept(participant_id=remote["participant_id"], let_in=True),
    )
    assert [one["check_in"]["outcome"] for one in told] == ["checked_in", "checked_in"]
    assert [one["seat"] for one in told] == ["given", "none_left"]


async def test_a_walk_in_who_is_registered_is_found_first_and_is_not_registered_twice(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    lea = await service.register(event_id, name="Léa Martin")
    path = f"/events/{event_id}/walk-ins"
    for who in ({"name": "léa  martin"}, {"name": "L. Martin", "email": "LEA@example.org"}):
        body = {**who, "scan_id": str(uuid4()), "look_first": True}
        problem = await service.api("POST", path, body, expect=409)
        assert (problem["reason"], problem["participants"]) == (
            "already_registered",
            [
                {
                    "participant_id": lea["participant_id"],
                    "name": "Léa Martin",
                    "mode": "in_person",
                    "status": "confirmed",
                }
            ],
        )
    # Without the network nobody could be asked: the same name and address are the same person, and others are not.
    same = kept("walk_in", name="LÉA MARTIN", email="lea@example.org", look_first=True)
    other = kept("walk_in", name="Luc Martin", email="lea@example.org", look_first=True)
    told = await send(service, event_id, same, other)
    assert told[0]["check_in"]["participant_id"] == lea["participant_id"]
    assert told[1]["check_in"]["participant_id"] != lea["participant_id"]
    undone = kept("walk_in", name="Nobody", undone=True)
    assert await send(service, event_id, undone) == [dict.fromkeys(("check_in", "ticket", "seat", "problem"))]
    assert len((await service.api("GET", f"/events/{event_id}/desk"))["tickets"]) == 2
    await service.sign_in(Role.DESK, event_id)
    form = {"name": "Léa Martin", "form_id": "0" * 32}
    asked = await service.page("POST", f"/events/{event_id}/desk/walk-ins", form)
    assert "Already registered?" in asked
    assert f'value="{lea["participant_id"]}"' in asked
    anyway = form | {"anyway": "true", "form_id": "1" * 32}
    assert "New ticket" in await service.page("POST", f"/events/{event_id}/desk/walk-ins", anyway)
    await service.api("POST", f"/events/{event_id}/close")
    late = form | {"name": "Une autre", "form_id": "2" * 32}
    assert "This event is closed." in await service.page("POST", f"/events/{event_id}/desk/walk-ins", late)
    body = {"name": "Zoé Ünal", "scan_id": str(uuid4())}
    assert (await service.api("POST", path, body, expect=409))["reason"] == "event_closed"
