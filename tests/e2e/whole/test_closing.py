"""What the clock and the organizer say of an event, from the door to the answer, as `passerelle up` runs it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import pytest

from deploy.local.demo.client import Client, UnexpectedAnswerError
from deploy.local.up import Running
from schemas.envelope import format_instant

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

DEADLINE_SECONDS: Final = 60
END_INFERRED: Final = "passerelle.attendance.end_inferred.v1"


async def an_event(client: Client, *, lasts: timedelta) -> tuple[str, str]:
    """A published event that began an hour ago and has no grace; its path and the id of its one participant."""
    now = datetime.now(UTC)
    body = {
        "title": "Atelier",
        "starts_at": format_instant(now - timedelta(hours=1)),
        "ends_at": format_instant(now + lasts),
        "timezone": "UTC",
        "capacity": {"in_person": None, "remote": None},
        "grace_minutes": 0,
        "sessions": [],
        "rooms": [],
    }
    event = await client.api("POST", "/api/v1/events", body)
    path = f"/api/v1/events/{event['event_id']}"
    await client.api("POST", f"{path}/publish")
    person = {"mode": "in_person", "name": "Léa", "email": "lea@example.org", "language": "fr", "consents": {}}
    registered = await client.api("POST", f"{path}/registrations", person)
    return path, registered["participant_id"]


async def until(client: Client, path: str, holds: Callable[[Any], bool]) -> Any:  # noqa: ANN401  (what the API answers)
    """The answer, once there is one and it is what is waited for."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                answer = await client.api("GET", path)
            except UnexpectedAnswerError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
            else:
                if holds(answer):
                    return answer
            await asyncio.sleep(0.05)


def inferred(page: Any) -> list[Any]:  # noqa: ANN401
    """The ends of a page of the timeline that nobody reported."""
    return [item for item in page["items"] if item["type"] == END_INFERRED]


async def test_an_event_closes_by_itself_and_a_late_exit_corrects_who_was_still_there(
    passerelle: tuple[Running, str],
) -> None:
    running, token = passerelle
    async with Client(running.address, token) as client:
        path, person = await an_event(client, lasts=timedelta(seconds=8))
        presence, timeline = f"{path}/presence/{person}", f"{path}/timeline"
        came = await client.api("POST", f"{path}/check-ins", {"participant_id": person, "action": "in"})

        closed = await until(client, path, lambda event: event["status"] == "closed")
        (ended,) = await _ended(client, presence)
        assert closed["closed"]["by"] == "clock"
        assert (ended["end"], ended["end_inferred"], ended["grade"]) == (closed["ends_at"], "event_closed", "inferred")
        (told,) = inferred(await until(client, timeline, lambda page: len(inferred(page)) > 0))
        assert (told["ends"]["facts"], told["withdrawn_at"]) == (ended["facts"], None)

        went = await client.api("POST", f"{path}/check-ins", {"participant_id": person, "action": "out"})
        assert went["outcome"] == "checked_out"
        left = await until(client, presence, lambda one: one["intervals"][0]["grade"] == "observed")
        assert left["intervals"][0]["facts"] == [came["fact_id"], went["fact_id"]]
        await until(client, timeline, lambda page: [item["withdrawn_at"] is None for item in inferred(page)] == [False])


async def test_what_was_inferred_of_an_event_closed_by_mistake_is_taken_back(passerelle: tuple[Running, str]) -> None:
    running, token = passerelle
    async with Client(running.address, token) as client:
        path, person = await an_event(client, lasts=timedelta(hours=1))
        await client.api("POST", f"{path}/check-ins", {"participant_id": person, "action": "in"})
        closed = await client.api("POST", f"{path}/close")
        (ended,) = await _ended(client, f"{path}/presence/{person}")
        assert ended["end"] == closed["closed"]["at"]

        await client.api("POST", f"{path}/reopen")
        here = await until(client, f"{path}/presence/{person}", lambda one: one["status"] == "on_site")
        assert [(one["end"], one["grade"]) for one in here["intervals"]] == [(None, "observed")]


async def test_a_suspect_time_counts_once_it_is_accepted_and_until_that_is_taken_back(
    passerelle: tuple[Running, str],
) -> None:
    running, token = passerelle
    async with Client(running.address, token) as client:
        path, person = await an_event(client, lasts=timedelta(hours=1))
        presence = f"{path}/presence/{person}"
        scan = {"participant_id": person, "at": format_instant(datetime.now(UTC) - timedelta(days=365))}
        came = (await client.api("POST", f"{path}/check-ins", scan | {"action": "in"}))["fact_id"]

        doubted = await until(client, presence, lambda one: one["suspect"] == [came])
        assert (doubted["status"], doubted["intervals"]) == ("absent", [])
        accept = f"{path}/suspect-times/{came}/accept"
        await client.api("POST", accept, {"subject": person})
        trusted = await until(client, presence, lambda one: one["status"] == "on_site")
        assert (trusted["suspect"], trusted["intervals"][0]["facts"]) == ([], [came])
        entries = (await client.api("GET", f"{path}/timeline"))["items"]
        assert [(one["suspect_time"], one["accepted"]) for one in entries if one["id"] == came] == [
            ("before_event", True)
        ]
        await client.api("DELETE", accept)
        assert (await until(client, presence, lambda one: one["status"] == "absent"))["suspect"] == [came]


async def _ended(client: Client, presence: str) -> Any:  # noqa: ANN401
    """The intervals of somebody who is no longer there."""
    return (await until(client, presence, lambda one: one["status"] == "away"))["intervals"]
