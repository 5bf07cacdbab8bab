"""Guests of a meeting: listed with the registrations whose names are like theirs, linked, unlinked, set aside."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.registration.bootstrap import MIGRATIONS as OF_REGISTRATION
from services.streaming_bridge.bootstrap import MIGRATIONS as OF_BRIDGE
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.bridge import OPENING, BridgeUnderTest, running_bridge
from tests.fakes.platforms.jaas import JaasShapes
from tests.integration.running_registration import RunningRegistration, kinds, running_registration

SHAPES = JaasShapes()
ROOM = (SHAPES.source, SHAPES.room)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """An event in an online room, with both services that know of it."""

    bridge: BridgeUnderTest
    service: RunningRegistration
    event_id: str

    async def came(self, name: str | None, minute: float, *, stayed: float | None = 30, who: str | None = None) -> None:
        """Somebody came into the room without a personal link."""
        who = who or f"{name} {minute}"
        bodies = [SHAPES.joined(minute, who=who, name=name)]
        if stayed is not None:
            bodies.append(SHAPES.left(minute + stayed, who=who, name=name))
        for body in bodies:
            request = SHAPES.request(body)
            await self.bridge.post(request.path, request.body, request.headers, status=200)

    async def guests(self, query: str = "", expect: int = 200) -> Any:  # noqa: ANN401  (JSON)
        return await self.service.api("GET", f"/events/{self.event_id}/guests{query}", expect=expect)

    async def register(self, name: str) -> str:
        answer = await self.service.register(self.event_id, mode="remote", name=name)
        return str(answer["participant_id"])

    def path(self, guest_id: str = "", act: str = "") -> str:
        return "/".join(part for part in (f"/events/{self.event_id}/guests", guest_id, act) if part)


@pytest_asyncio.fixture
async def meeting(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[Meeting]:
    async with running_bridge(tmp_path / "bridge", database=await new_database(OF_BRIDGE)) as bridge:
        url = str(bridge.client.make_url("")).rstrip("/")
        async with running_registration(
            tmp_path / "registration", database=await new_database(OF_REGISTRATION), streaming_bridge_url=url
        ) as service:
            event_id = await service.event()
            await bridge.add_source(platform="jaas", name=SHAPES.source, app_id="x", webhook_secret=SHAPES.secret)
            await bridge.claim(ROOM, event_id=event_id)
            bridge.clock.now = OPENING + timedelta(hours=2)
            yield Meeting(bridge=bridge, service=service, event_id=event_id)


def names(guest: Any) -> list[str]:  # noqa: ANN401  (JSON)
    return [one["name"] for one in guest["suggestions"]]


@ON_BOTH
async def test_guests_are_listed_with_registrations_of_names_like_theirs(meeting: Meeting) -> None:
    for name in ("Hélène Martin", "Paul Petit", "Paul Durand", "Léa Roux"):
        await meeting.register(name)
    erased = await meeting.register("Helena Martin")
    await meeting.service.api("DELETE", f"/events/{meeting.event_id}/registrations/{erased}?erase=true", expect=204)
    await meeting.came("MARTIN helene", 5)
    await meeting.came("iPhone de Léa", 6, stayed=None)
    await meeting.came("Paul P.", 7)
    await meeting.came("Zzz", 8)
    await meeting.came(None, 9)
    guests = (await meeting.guests())["items"]
    assert [guest["name"] for guest in guests] == ["MARTIN helene", "iPhone de Léa", "Paul P.", "Zzz", None]
    assert names(guests[0])[0] == "Hélène Martin"
    assert "Helena Martin" not in names(guests[0])
    assert [names(guest) for guest in guests[1:]] == [["Léa Roux"], ["Paul Petit"], [], []]
    first = guests[0]
    assert (first["seconds"], first["here"], first["state"]) == (1800, False, "open")
    assert (first["first_seen"], first["last_seen"]) == ("2026-11-23T09:05:00.000Z", "2026-11-23T09:35:00.000Z")
    assert (first["room"], first["source"]) == ("Salle 1", SHAPES.source)
    assert (guests[1]["here"], guests[1]["seconds"]) == (True, 114 * 60)
    page = await meeting.guests("?limit=2")
    following = await meeting.guests(f"?limit=2&after={page['next']}")
    assert [guest["guest_id"] for guest in page["items"] + following["items"]] == [
        guest["guest_id"] for guest in guests[:4]
    ]


@ON_BOTH
async def test_a_guest_is_linked_and_unlinked_in_one_tap_and_those_of_the_same_name_with_them(meeting: Meeting) -> None:
    lea = await meeting.register("Léa Roux")
    for minute in (5, 50, 90):
        await meeting.came("Léa  ROUX", minute, stayed=10)
    await meeting.service.sign_in()
    guests = (await meeting.guests())["items"]
    first = guests[0]["guest_id"]
    page = await meeting.service.page("GET", meeting.path())
    assert f'value="{lea}"' in page
    assert "and the 2 other guests of this name" in page
    to = await meeting.service.redirect("POST", meeting.path(first, "link"), {"participant_id": lea})
    done = await meeting.service.page("GET", to)
    assert "The times follow within moments." in done
    assert [guest["state"] for guest in (await meeting.guests())["items"]] == ["linked", "open", "open"]
    await meeting.service.redirect("POST", meeting.path(first, "unlink"), {"participant_id": lea})
    to = await meeting.service.redirect(
        "POST", meeting.path(first, "link"), {"participant_id": lea, "namesakes": "true"}
    )
    assert "3 guests are linked" in await meeting.service.page("GET", to)
    linked = (await meeting.guests("?state=linked"))["items"]
    assert [guest["participant_id"] for guest in linked] == [lea] * 3
    assert kinds(await meeting.service.outbox())[-5:] == [
        "registration.identity.linked",
        "registration.identity.unlinked",
        *["registration.identity.linked"] * 3,
    ]
    assert "Nobody is left to look at." in await meeting.service.page("GET", meeting.path())
    assert "Undo the link" in await meeting.service.page("GET", meeting.path() + "?state=linked")


@ON_BOTH
async def test_of_two_organizers_the_second_sees_what_the_first_said(meeting: Meeting) -> None:
    lea, paul = await meeting.register("Léa Roux"), await meeting.register("Paul Petit")
    await meeting.came("L. Roux", 5)
    guest = (await meeting.guests())["items"][0]["guest_id"]
    await meeting.service.sign_in()
    answers = await asyncio.gather(
        *(
            meeting.service.client.post(
                meeting.path(guest, "link"),
                data={"participant_id": whose},
                headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
                allow_redirects=False,
            )
            for whose in (lea, paul)
        )
    )
    assert sorted(answer.status for answer in answers) == [303, 409]
    told = (await meeting.guests())["items"][0]["participant_id"]
    refused = next(answer for answer in answers if answer.status == 409)
    page = await refused.text()
    assert "Somebody else was quicker" in page
    assert f"/registrations/{told}" in page
    other = paul if told == lea else lea
    # Neither undoes what the other said without having seen it.
    conflict = await meeting.service.page("POST", meeting.path(guest, "unlink"), {"participant_id": other}, expect=409)
    assert "Somebody else was quicker" in conflict
    await meeting.service.page("POST", meeting.path(guest, "set-aside"), {}, expect=409)


@ON_BOTH
async def test_who_is_nobody_registered_is_set_aside_until_that_is_undone_or_they_are_linked(meeting: Meeting) -> None:
    lea = await meeting.register("Léa Roux")
    await meeting.came("Recorder", 5)
    guest = (await meeting.guests())["items"][0]["guest_id"]
    await meeting.service.sign_in()
    to = await meeting.service.redirect("POST", meeting.path(guest, "set-aside"), {})
    assert "Set aside as nobody who registered: Recorder" in re.sub(r"\s+", " ", await meeting.service.page("GET", to))
    assert (await meeting.guests("?state=open"))["items"] == []
    await meeting.service.redirect("POST", meeting.path(guest, "take-back"), {})
    assert (await meeting.guests("?state=open"))["items"][0]["guest_id"] == guest
    api = f"/events/{meeting.event_id}/guests/{guest}/set-aside"
    await meeting.service.api("PUT", api, expect=204)
    await meeting.service.api("PUT", api, expect=204)
    await meeting.service.api(
        "POST", f"/events/{meeting.event_id}/links", {"guest_id": guest, "participant_id": lea}, expect=201
    )
    assert (await meeting.guests())["items"][0]["state"] == "linked"
    await meeting.service.api("PUT", api, expect=409)
    await meeting.service.api("DELETE", f"/events/{meeting.event_id}/links/{guest}", expect=204)
    assert (await meeting.guests())["items"][0]["state"] == "open"
    await meeting.service.api("PUT", api.replace(guest, "nobody"), expect=404)


async def test_anybody_registered_is_found_by_name_for_a_guest(meeting: Meeting) -> None:
    paul = await meeting.register("Paul Petit")
    await meeting.came("le grand", 5)
    guest = (await meeting.guests())["items"][0]["guest_id"]
    await meeting.service.sign_in()
    page = await meeting.service.page("GET", meeting.path(guest) + "?search=petit")
    assert f'value="{paul}"' in page
    assert "Nobody of this name" in await meeting.service.page("GET", meeting.path(guest) + "?search=xyz")
    assert "À regarder (1)" in await meeting.service.page("GET", meeting.path(), lang="fr")
    assert "Est-ce" not in await meeting.service.page("GET", meeting.path(guest, ""), lang="fr")
    await meeting.service.page("GET", meeting.path("gst_" + "0" * 32), expect=404)
    assert await meeting.service.redirect("GET", meeting.path(guest, "link")) == meeting.path(guest)


async def test_while_the_bridge_is_away_the_page_says_so(meeting: Meeting) -> None:
    await meeting.bridge.client.close()
    await meeting.service.sign_in()
    assert "does not answer at the moment" in await meeting.service.page("GET", meeting.path(), expect=503)
    await meeting.guests(expect=503)


@pytest.mark.parametrize("query", ["?state=unknown", "?after=nonsense"])
async def test_a_list_that_was_never_handed_out_is_refused(meeting: Meeting, query: str) -> None:
    await meeting.guests(query, expect=400)
