"""A platform's report beside what it delivered: compared, accepted with a second look, and counted by the fold."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
import sqlalchemy as sa
from aiohttp import FormData

from services.attendance.application.log_fold import LogFold
from services.attendance.domain.intervals import durations
from services.chassis.secrets import SecretBox
from services.registration.bootstrap import MIGRATIONS as OF_REGISTRATION
from services.streaming_bridge.adapters.tables import GUESTS, REPORTS
from services.streaming_bridge.bootstrap import MIGRATIONS as OF_BRIDGE
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.bridge import OPENING, ORGANIZER, BridgeUnderTest, running_bridge
from tests.fakes.platforms.jaas import JaasShapes
from tests.integration.running_registration import MovedClock, RunningRegistration, running_registration

SHAPES = JaasShapes()
HEADINGS = "Name,E-mail,Join Time,Leave Time\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """An event in an online room, with both services that know of it."""

    bridge: BridgeUnderTest
    service: RunningRegistration
    event_id: str

    @property
    def path(self) -> str:
        return f"/events/{self.event_id}/reconciliation"

    async def came(self, minute: float, *, until: float, who: str, user_id: str | None = None, name: str = "") -> None:
        for body in (
            SHAPES.joined(minute, who=who, user_id=user_id, name=name or None),
            SHAPES.left(until, who=who, user_id=user_id, name=name or None),
        ):
            request = SHAPES.request(body)
            await self.bridge.post(request.path, request.body, request.headers, status=200)

    async def post(self, path: str, form: FormData | dict[str, str] | list[tuple[str, str]]) -> tuple[int, str, str]:
        """The status, where it leads, and the page."""
        headers = ORGANIZER | {"Accept": "text/html", "Accept-Language": "en"}
        async with self.bridge.client.post(path, data=form, headers=headers, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), _words(await answer.text())

    async def page(self, path: str, *, language: str = "en", expect: int = 200) -> str:
        headers = ORGANIZER | {"Accept": "text/html", "Accept-Language": language}
        async with self.bridge.client.get(path, headers=headers) as answer:
            assert answer.status == expect, await answer.text()
            return _words(await answer.text())

    async def brought(self, text: str | bytes, *, zone: str = "UTC") -> str:
        """The path of the comparison of a file."""
        status, to, page = await self.bring(text, zone=zone)
        assert status == 303, page
        return to

    async def bring(self, text: str | bytes, *, zone: str = "UTC") -> tuple[int, str, str]:
        form = FormData({"room_id": "room-1", "zone": zone})
        form.add_field("file", text if isinstance(text, bytes) else text.encode(), filename="report.csv")
        return await self.post(self.path, form)

    async def minutes(self) -> dict[str, float]:
        """How long everybody was there, by the fold of all facts of both services."""
        fold = LogFold()
        for fact in [*await self.service.outbox(), *await self.bridge.facts()]:
            fold.take(self.event_id.encode(), fact.to_bytes())
        presences = fold.presences()[self.event_id].people
        return {whose: durations(one.intervals, horizon=None).total / 60_000 for whose, one in presences.items()}


@pytest_asyncio.fixture
async def reconciled(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[Reconciled]:
    before = MovedClock(OPENING - timedelta(days=1))
    database = await new_database(OF_REGISTRATION)
    async with running_registration(tmp_path / "one", database=database, clock=before) as service:
        url = str(service.client.make_url("")).rstrip("/")
        async with running_bridge(
            tmp_path / "two", database=await new_database(OF_BRIDGE), registration_url=url
        ) as bridge:
            ends_at = OPENING + timedelta(hours=8)
            event_id = await service.event(starts_at=OPENING.isoformat(), ends_at=ends_at.isoformat(), sessions=[])
            await bridge.add_source(platform="jaas", name=SHAPES.source, app_id="x", webhook_secret=SHAPES.secret)
            await bridge.claim((SHAPES.source, SHAPES.room), event_id=event_id)
            bridge.clock.advance(timedelta(days=1))
            yield Reconciled(bridge=bridge, service=service, event_id=event_id)


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", page)


@ON_BOTH
async def test_what_a_report_has_and_the_deliveries_lack_is_accepted_once_and_counts(reconciled: Reconciled) -> None:
    ada = (await reconciled.service.register(reconciled.event_id, mode="remote", name="Ada Roux"))["participant_id"]
    bob = (await reconciled.service.register(reconciled.event_id, mode="remote", name="Bob Noir"))["participant_id"]
    # Ada's second half was lost, Bob was never told of, Zoé is a guest whom the report knows too, Gil a ghost.
    await reconciled.came(0, until=30, who="ada", user_id=ada)
    await reconciled.came(0, until=60, who="zoe", name="Zoé")
    await reconciled.came(0, until=60, who="gil", name="Gil")
    report = HEADINGS + (
        "Ada R.,LEA@example.org,2026-11-23 09:00,2026-11-23 10:00\n"
        "Bobby,lea2@example.org,2026-11-23 09:00,2026-11-23 09:50\n"
        "zoé,,2026-11-23 09:00:30,2026-11-23 10:00:20\n"
        "Ida,,2026-11-23 09:10,2026-11-23 09:20\nIda,,2026-11-23 09:15,2026-11-23 09:40\n"
        "Jo,,2026-11-21 09:10,2026-11-21 09:20\n"
    )
    here = await reconciled.brought(report)
    page = await reconciled.page(here)
    assert "5 lines read" in page
    assert [page.count(word) for word in ("<td>Missing here", "<td>Partly missing here", "<td>Not in the report")] == [
        2,
        1,
        1,
    ]
    assert "Line 7: of another day than the event" in page
    assert "Ada R.</span></label> <small>known as Ada Roux</small>" in page
    assert "compared by the name alone" in await reconciled.page(f"{here}?show=all")
    before = await reconciled.minutes()
    assert before[ada] == 30
    assert bob not in before or before[bob] == 0

    # Addresses may have been typed by anybody: with all, those rows are accepted only where they are ticked too.
    assert page.count("by an address that anybody may have typed") == 2
    assert "Accept the missing one…" in page
    _, _, alone = await reconciled.post(f"{here}/accept", {"everybody": "true"})
    assert "Accept for 1 person" in alone
    ticked = [("key", key) for key in re.findall(r'name="key" value="([0-9a-f]+)"', page)]
    status, _, asked = await reconciled.post(f"{here}/accept", [("everybody", "true"), *ticked])
    assert status == 200
    assert 'name="everybody"' in asked
    assert asked.count('name="key"') == asked.count("by an address that anybody may have typed") == 2
    assert "a mistake can be taken back afterwards" in asked
    assert "Accept for 3 people" in asked
    assert await reconciled.minutes() == before
    status, to, _ = await reconciled.post(f"{here}/accept", [("confirmed", "true"), ("everybody", "true"), *ticked])
    assert status == 303
    assert "4 stays are accepted" in await reconciled.page(to)
    after = await reconciled.minutes()
    assert (after[ada], after[bob]) == (60, 50)
    facts = await reconciled.bridge.facts()
    accepted = [fact for fact in facts if fact.source.endswith("/report")]
    assert {fact.source for fact in accepted} == {f"/bridge/jaas/{SHAPES.source}/report"}
    assert {fact.recordedtime for fact in accepted} == {reconciled.bridge.clock()}
    ida = {fact.subject for fact in accepted if fact.subject is not None} - {ada, bob}
    assert [round(after[guest]) for guest in ida] == [30]
    assert not any(word in str(fact) for fact in accepted for word in ("Ida", "Bob", "example.org"))
    assert len(await reconciled.bridge.rows(sa.select(GUESTS).where(GUESTS.c.guest_id.in_(ida)))) == 1

    # Once more, and with the file brought again: nothing is new.
    status, to, _ = await reconciled.post(f"{here}/accept", {"everybody": "true", "confirmed": "true"})
    again = await reconciled.page(await reconciled.brought(report))
    assert "Accept all" not in again
    assert await reconciled.minutes() == after
    assert await reconciled.bridge.facts() == facts


@ON_BOTH
async def test_an_address_is_that_of_who_has_a_seat_and_of_nobody_who_waits(reconciled: Reconciled) -> None:
    event_id = await reconciled.service.event(capacity={"in_person": 0, "remote": 1}, sessions=[])
    seated = (await reconciled.service.register(event_id, mode="remote"))["participant_id"]
    assert (await reconciled.service.register(event_id, mode="remote"))["status"] == "waitlisted"
    guests = reconciled.service.parts.use_cases.guests
    _, holders = await guests.who_is_who(event_id, ["lea@example.org", "lea2@example.org"])
    assert holders == {"lea@example.org": seated}


async def test_a_guest_who_is_linked_is_still_known_by_the_name_they_gave(reconciled: Reconciled) -> None:
    ada = (await reconciled.service.register(reconciled.event_id, mode="remote", name="Ada Roux"))["participant_id"]
    await reconciled.came(0, until=30, who="ada", name="Ada's tablet")
    (guest,) = {fact.subject for fact in await reconciled.bridge.facts() if fact.subject is not None}
    link = {"guest_id": guest, "participant_id": ada}
    await reconciled.service.api("POST", f"/events/{reconciled.event_id}/links", link, expect=201)
    here = await reconciled.brought(HEADINGS + "Ada's tablet,,2026-11-23 09:00,2026-11-23 10:00\n")
    assert "<td>Partly missing here" in await reconciled.page(here)
    await reconciled.post(f"{here}/accept", {"everybody": "true", "confirmed": "true"})
    assert (await reconciled.minutes())[ada] == 60


@ON_BOTH
async def test_one_row_alone_is_accepted_by_two_at_once_and_makes_its_facts_once(reconciled: Reconciled) -> None:
    here = await reconciled.brought(
        HEADINGS + "Ida,,2026-11-23 09:10,2026-11-23 09:20\nJo,,2026-11-23 09:10,2026-11-23 09:20\n"
    )
    meetings = f"/events/{reconciled.event_id}/meetings"
    assert "Not opened yet" in await reconciled.page(meetings)
    key = re.findall(r'name="key" value="([0-9a-f]+)"', await reconciled.page(here))[0]
    for _ in range(2):
        status, _, _ = await reconciled.post(f"{here}/accept", {"key": key, "confirmed": "true"})
        assert status == 303
    assert len(await reconciled.bridge.facts()) == 2
    # A report neither opens a room nor delivers anything.
    shown = await reconciled.page(meetings)
    assert "Known by a report alone" in shown
    assert "<dt>Last delivery</dt><dd>none yet</dd>" in shown
    assert "<dt>Report accepted</dt>" in shown


async def test_a_file_that_is_no_report_of_this_room_is_refused_at_its_field(reconciled: Reconciled) -> None:
    for text, zone, word in (
        ("first,second\n1,2\n", "UTC", "has headings for a name, a joining and a leaving"),
        (HEADINGS + "A,,2026-11-23 09:10,2026-11-23 09:20\n", "Mars/Olympus", "such as Europe/Paris"),
        ("Meeting ID\n123 456\n" + HEADINGS + "A,,2026-11-23 09:10,2026-11-23 09:20\n", "UTC", "the meeting 123456"),
    ):
        status, _, page = await reconciled.bring(text, zone=zone)
        assert status == 422
        assert word in page
        assert f'value="{zone}"' in page
    status, _, page = await reconciled.post(reconciled.path, {"room_id": "room-1", "zone": "UTC"})
    assert (status, "Choose a file." in page) == (422, True)
    assert await reconciled.bridge.rows(sa.select(REPORTS)) == []


async def test_a_wrong_time_zone_is_noticed_and_a_report_is_gone_after_a_day(reconciled: Reconciled) -> None:
    here = await reconciled.brought(HEADINGS + "A,,2026-11-23 09:10,2026-11-23 09:20\n", zone="Pacific/Auckland")
    assert "is the time zone right?" in await reconciled.page(here)
    assert "le fuseau horaire" in await reconciled.page(here, language="fr")
    assert "Rapport de la plateforme" in await reconciled.page(reconciled.path, language="fr")
    row = (await reconciled.bridge.rows(sa.select(REPORTS)))[0]
    assert b"2026" not in row.sealed_report
    reconciled.bridge.clock.advance(timedelta(days=1, minutes=1))
    await reconciled.page(here, expect=404)
    now = reconciled.bridge.clock()
    await reconciled.bridge.bridge.guests.forget(seen_before=now - timedelta(days=30), now=now)
    assert await reconciled.bridge.rows(sa.select(REPORTS)) == []


async def test_what_was_sealed_with_another_key_is_left_out(reconciled: Reconciled) -> None:
    await reconciled.came(0, until=60, who="gil", name="Gil")
    here = await reconciled.brought(HEADINGS + "A,,2026-11-23 09:10,2026-11-23 09:20\n")
    other = SecretBox.derive("another invented secret of 32 characters", purpose="guest-names")
    async with reconciled.bridge.bridge.engine.begin() as connection:
        await connection.execute(sa.update(GUESTS).values(sealed_name=other.seal(b"Gil")))
    assert "Gil" not in await reconciled.page(f"{here}?show=all")
    async with reconciled.bridge.bridge.engine.begin() as connection:
        await connection.execute(sa.update(REPORTS).values(sealed_report=other.seal(b"{}")))
    await reconciled.page(here, expect=404)


async def test_while_registration_is_away_nothing_is_compared(reconciled: Reconciled) -> None:
    here = await reconciled.brought(HEADINGS + "A,,2026-11-23 09:10,2026-11-23 09:20\n")
    await reconciled.service.client.close()
    await reconciled.page(here, expect=503)


async def test_programs_bring_compare_and_accept_as_pages_do(reconciled: Reconciled) -> None:
    await reconciled.came(0, until=60, who="gil", name="Gil")
    api, bridge = f"/api/v1{reconciled.path}", reconciled.bridge
    text = HEADINGS + "Ida,,2026-11-23 09:10,2026-11-23 09:20\nJo,,2026-11-20 09:10,2026-11-20 09:20\n"
    told = await bridge.post(f"{api}?room_id=room-1", text.encode(), ORGANIZER, status=201)
    assert (told["lines"], told["within"], told["refused"]) == (1, 1, {"3": "another_day"})
    assert [(row["name"], row["state"]) for row in told["rows"]] == [("Ida", "missing"), ("Gil", "ghost")]
    assert told["rows"][0]["missing"] == [{"start": "2026-11-23T09:10:00.000Z", "end": "2026-11-23T09:20:00.000Z"}]
    one = f"{api}/{told['report_id']}"
    for accepted in (1, 0):
        body = {"keys": [told["rows"][0]["key"]]}
        assert (await bridge.api("POST", f"{one}/accept", body, status=200))["accepted"] == accepted
    log = (await reconciled.service.api("GET", f"/events/{reconciled.event_id}/audit-log"))["items"]
    noted = [(entry["actor"], entry["subject"]) for entry in log if entry["act"] == "report.accepted"]
    assert noted == [("1", told["report_id"])]
    rows = (await bridge.api("GET", f"{one}?tolerance=0", status=200))["rows"]
    assert [row["state"] for row in rows] == ["agrees", "ghost"]
    (stay,) = (await bridge.api("GET", f"{api}/accepted", status=200))["items"]
    assert (stay["name"], stay["start"], stay["end"]) == ("Ida", "2026-11-23T09:10:00.000Z", "2026-11-23T09:20:00.000Z")
    for taken_back in (1, 0):
        body = {"stays": [stay["stay_id"]]}
        told = await bridge.api("POST", f"{api}/accepted/take-back", body, status=200)
        assert told["taken_back"] == taken_back
    log = (await reconciled.service.api("GET", f"/events/{reconciled.event_id}/audit-log"))["items"]
    assert [entry["act"] for entry in log if entry["act"].startswith("report.taken")] == ["report.taken_back"]
    for query, wrong in (("?zone=Mars", text), ("?room_id=room-9", text), ("?room_id=room-1", "a,b\n1,2\n")):
        await bridge.post(api + query, wrong.encode(), ORGANIZER, status=400)
    await bridge.api("GET", f"{api}/rep_unknown", status=404)
