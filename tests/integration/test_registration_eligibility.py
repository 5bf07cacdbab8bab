"""Rules of eligibility and contests: who attended enough, what people contest, and what a grant changes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from schemas.eligibility import AttendanceContested, ContestAnswered, EligibilityChanged
from services.registration.adapters.eligibility_tables import CONTESTS
from services.registration.domain.letters import LetterKind
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.attendance_records import AttendanceSays, attendance_saying, time_of
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration

MORNING: Final = "2037-11-23/morning"
END: Final = START + timedelta(hours=4)


@pytest_asyncio.fixture
async def says() -> AsyncIterator[AttendanceSays]:
    """Attendance, of an event of four hours that is over."""
    half = {"half_day_id": MORNING, "starts_at": START.isoformat(), "ends_at": END.isoformat()}
    async with attendance_saying(AttendanceSays(as_of=END.isoformat(), half_days=[half])) as answering:
        yield answering


@pytest_asyncio.fixture
async def service(
    tmp_path: Path, new_database: NewDatabase, says: AttendanceSays
) -> AsyncIterator[RunningRegistration]:
    """An hour after the event."""
    clock = MovedClock(START - timedelta(days=1))
    async with running_registration(
        tmp_path, clock=clock, database=await new_database(), attendance_url=says.url
    ) as running:
        yield running


def a_record(participant_id: str, **seconds: int) -> dict[str, Any]:
    return {
        "participant_id": participant_id,
        "registration": "confirmed",
        "mode": "remote",
        "whole": time_of(**seconds),
        "half_days": {MORNING: time_of(**seconds)},
    }


async def two_people(service: RunningRegistration, says: AttendanceSays) -> tuple[str, Any, str]:
    """An event where Léa was there for two hours and a half of four, Ada for all; Léa's registration."""
    event_id = await service.event(ends_at=END.isoformat(), sessions=[])
    lea = await service.register(event_id, mode="remote")
    ada = (await service.register(event_id, mode="remote", name="Ada Roy"))["participant_id"]
    says.people = sorted(
        [a_record(lea["participant_id"], remote=9000), a_record(ada, remote=14400)],
        key=lambda record: str(record["participant_id"]),
    )
    service.parts.use_cases.events.clock.now = END + timedelta(hours=1)  # type: ignore[attr-defined]
    return event_id, lea, ada


@ON_BOTH
async def test_rules_hold_at_once_and_are_told_as_a_fact_each_time_they_change(
    service: RunningRegistration, says: AttendanceSays
) -> None:
    event_id, lea, ada = await two_people(service, says)
    path = f"/events/{event_id}/eligibility"
    at_first = await service.api("GET", path)
    assert (at_first["version"], at_first["requirements"], at_first["leeway_seconds"]) == (0, [], 60)
    counts = await service.api("GET", f"{path}/counts")
    assert (counts["eligible"], counts["not_eligible"]) == (2, 0)
    rules = {"requirements": [{"scope": "event", "percent": 80}]}
    for _ in range(2):
        changed = await service.api("PUT", path, rules)
        assert (changed["version"], changed["documents_issued"]) == (1, False)
    told = [fact for fact in await service.outbox() if isinstance(fact, EligibilityChanged)]
    assert [(fact.data.version, fact.data.requirements[0].percent) for fact in told] == [(1, 80)]
    refused = await service.api("GET", f"{path}/people?standing=not_eligible&limit=1")
    assert [(one["participant_id"], one["name"]) for one in refused["items"]] == [(lea["participant_id"], "Léa Martin")]
    part = refused["items"][0]["outcomes"][0]["parts"][0]
    assert (part["needed_seconds"], part["had_seconds"], part["met"]) == (11520, 9000, False)
    pages = [await service.api("GET", f"{path}/people?limit=1")]
    pages.append(await service.api("GET", f"{path}/people?limit=1&after={pages[0]['next']}"))
    assert {one["participant_id"] for page in pages for one in page["items"]} == {lea["participant_id"], ada}
    assert pages[1]["next"] is None
    for wrong, pointer in (
        ({"scope": "event"}, "/requirements/0/minutes"),
        ({"scope": "session", "percent": 5, "session_id": "gone"}, "/requirements/0/session_id"),
    ):
        problem = await service.api("PUT", path, {"requirements": [wrong]}, expect=400)
        assert problem["errors"][0]["pointer"] == f"#{pointer}"


async def test_an_event_is_judged_again_when_anything_new_is_known_and_not_before(
    service: RunningRegistration, says: AttendanceSays
) -> None:
    event_id, lea, ada = await two_people(service, says)
    path = f"/events/{event_id}/eligibility"
    await service.api("PUT", path, {"requirements": [{"scope": "event", "percent": 80}]})
    for _ in range(2):
        says.asked.clear()
        counts = await service.api("GET", f"{path}/counts")
        assert (counts["eligible"], counts["not_eligible"]) == (1, 1)
    assert [asked["limit"] for asked in says.asked] == [1]  # whether there is anything new, and nobody's record
    says.people = [a_record(one, remote=14400) for one in sorted([lea["participant_id"], ada])]
    counts = await service.api("GET", f"{path}/counts")
    assert (counts["eligible"], counts["not_eligible"]) == (2, 0)
    await service.api("PUT", path, {"requirements": [{"scope": "event", "percent": 80}], "mode": "in_person"})
    counts = await service.api("GET", f"{path}/counts")
    assert (counts["eligible"], counts["not_eligible"]) == (0, 2)


@ON_BOTH
async def test_what_is_granted_counts_until_it_is_taken_back_and_is_told_by_letter(
    service: RunningRegistration, says: AttendanceSays
) -> None:
    event_id, lea, _ = await two_people(service, says)
    whose = lea["participant_id"]
    token = lea["confirmation_url"].rpartition("/")[2]
    await service.api("PUT", f"/events/{event_id}/eligibility", {"requirements": [{"scope": "event", "percent": 80}]})
    verdict = f"/events/{event_id}/eligibility/people/{whose}"
    assert not (await service.api("GET", verdict, token=token))["eligible"]

    said = {"text": "My line broke, I followed by telephone.", "half_day_id": MORNING}
    contested = await service.api(
        "POST", f"/events/{event_id}/registrations/{whose}/contests", said, token=token, expect=201
    )
    waiting = await service.api("GET", f"/events/{event_id}/eligibility/people?standing=contested")
    assert [one["participant_id"] for one in waiting["items"]] == [whose]
    path = f"/events/{event_id}/contests/{contested['contest_id']}/answer"
    late = {"outcome": "upheld", "mode": "remote", "start": START.isoformat(), "end": "2037-11-24T00:00:00Z"}
    assert (await service.api("PUT", path, late, expect=409))["reason"] == "not_of_event"
    granted = late | {"start": (END - timedelta(hours=1)).isoformat(), "end": END.isoformat()}
    await service.api("PUT", path, granted)
    assert (await service.api("PUT", path, granted, expect=409))["reason"] == "answered"
    now = await service.api("GET", verdict, token=token)
    assert (now["eligible"], now["granted"], now["total_seconds"], now["granted_seconds"]) == (True, True, 9000, 3600)
    assert now["outcomes"][0]["parts"][0]["granted_seconds"] == 3600
    await service.api("DELETE", path)
    assert not (await service.api("GET", verdict, token=token))["eligible"]
    await service.api("PUT", path, {"outcome": "refused", "reason": "Nobody saw you."})
    (listed,) = (await service.api("GET", f"/events/{event_id}/contests"))["items"]
    assert (listed["text"], listed["outcome"], listed["reason"]) == (said["text"], "refused", "Nobody saw you.")

    facts = await service.outbox()
    assert [fact.data.half_day_id for fact in facts if isinstance(fact, AttendanceContested)] == [MORNING]
    answers = [fact for fact in facts if isinstance(fact, ContestAnswered)]
    assert [fact.data.outcome for fact in answers] == ["upheld", "withdrawn", "refused"]
    assert [fact.time for fact in answers] == sorted({fact.time for fact in answers})
    assert not any(word in fact.model_dump_json() for fact in facts for word in ("telephone", "Nobody saw"))
    letters = await service.parts.use_cases.letters.to(whose)
    assert [stored.letter.kind for stored in letters[:3]] == [LetterKind.CONTEST_ANSWERED] * 3
    export = await service.api("GET", f"/events/{event_id}/registrations/{whose}/data", token=token)
    assert [one["text"] for one in export["contests"]] == [said["text"]]
    await service.api("DELETE", f"/events/{event_id}/registrations/{whose}?erase=true", expect=204)
    assert (await service.api("GET", f"/events/{event_id}/contests"))["items"] == []
    engine = create_async_engine(service.settings.registration_database)
    async with engine.connect() as connection:
        assert (await connection.execute(select(CONTESTS))).all() == []
    await engine.dispose()


async def test_a_certificate_with_granted_time_stays_genuine_when_the_grant_is_erased_with_the_person(
    service: RunningRegistration, says: AttendanceSays
) -> None:
    event_id, lea, _ = await two_people(service, says)
    here = f"/events/{event_id}"
    whose = f"{here}/registrations/{lea['participant_id']}"
    said = await service.api("POST", f"{whose}/contests", {"text": "By telephone."}, expect=201)
    grant = {"outcome": "upheld", "mode": "remote", "start": START.isoformat(), "end": END.isoformat()}
    await service.api("PUT", f"{here}/contests/{said['contest_id']}/answer", grant)
    says.as_of = (END + timedelta(hours=2)).isoformat()
    await service.api("PUT", f"{here}/issuer", {"name": "Les Passeurs"})
    code = (await service.api("POST", f"{whose}/certificates", {}, expect=201))["code"]
    assert (await service.api("GET", f"/verify/{code}", token=None))["standing"] == "current"
    await service.api("DELETE", f"{whose}?erase=true", expect=204)
    assert (await service.api("GET", f"/verify/{code}", token=None))["standing"] == "unknown"


@ON_BOTH
async def test_attendance_is_contested_in_its_time_and_not_without_end(
    service: RunningRegistration, says: AttendanceSays
) -> None:
    event_id, lea, _ = await two_people(service, says)
    path = f"/events/{event_id}/registrations/{lea['participant_id']}/contests"
    clock = service.parts.use_cases.events.clock
    for half_day in ("2037-13-45/morning", "2037-11-30/afternoon"):
        claim = {"text": "I was there.", "half_day_id": half_day}
        assert (await service.api("POST", path, claim, expect=409))["reason"] == "not_of_event"
    for _ in range(10):
        await service.api("POST", path, {"text": "I was there."}, expect=201)
    assert (await service.api("POST", path, {"text": "Again."}, expect=409))["reason"] == "too_many"
    listed: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await service.api("GET", f"/events/{event_id}/contests?limit=4" + (f"&after={after}" if after else ""))
        listed += [one["contest_id"] for one in page["items"]]
        after = page["next"]
    assert len(listed) == len(set(listed)) == 10
    for moment, reason in ((START - timedelta(hours=1), "not_begun"), (END + timedelta(days=31), "too_late")):
        clock.now = moment  # type: ignore[attr-defined]
        assert (await service.api("POST", path, {"text": "I was there."}, expect=409))["reason"] == reason


async def test_while_attendance_is_away_nothing_is_told_of_anybody(tmp_path: Path) -> None:
    async with running_registration(tmp_path, attendance_url="http://127.0.0.1:9") as service:
        event_id = await service.event()
        await service.api("GET", f"/events/{event_id}/eligibility")
        await service.api("GET", f"/events/{event_id}/eligibility/people", expect=503)
        await service.api("GET", f"/events/{event_id}/eligibility/counts", expect=503)


@ON_BOTH
async def test_organizer_and_participant_see_why_contest_and_answer_on_their_pages(
    service: RunningRegistration, says: AttendanceSays
) -> None:
    event_id, lea, ada = await two_people(service, says)
    own = lea["confirmation_url"].removeprefix(service.settings.public_url) + "/attendance"
    await service.sign_in()
    here = f"/events/{event_id}/eligibility"
    assert "Whoever was present at all is eligible." in await service.page("GET", here)
    wrong = await service.page("POST", here, {"preset": "own", "leeway_seconds": "60"}, expect=422)
    assert "Say how much: a number of minutes, or a percentage." in wrong
    tried = await service.page("POST", here, {"preset": "event_80", "leeway_seconds": "60", "act": "try"})
    assert "Nothing is saved yet." in tried
    assert "Whoever was present at all is eligible." in tried
    await service.redirect("POST", here, {"preset": "event_80", "leeway_seconds": "60", "act": "save"})
    refused = await service.page("GET", f"{here}?standing=not_eligible")
    assert "Léa Martin" in refused
    assert "The whole event: 2 hrs 30 mins of 3 hrs 12 mins" in refused
    assert "Ada Roy" not in refused
    assert ada in await service.page("GET", f"{here}.csv")

    page = await service.page("GET", own)
    assert "You are not eligible" in page
    assert "you were there 2 hrs 30 mins of the 3 hrs 12 mins needed" in page
    mistaken = {"part": f"half:{MORNING}", "start": "2037-11-23T09:00", "text": "By telephone."}
    assert "Give both the start and the end, or neither." in await service.page("POST", own, mistaken, expect=422)
    said = mistaken | {"end": "2037-11-23T12:00", "mode": "remote"}
    assert "The organizer has what you wrote." in await service.page("GET", await service.redirect("POST", own, said))
    assert "1 contest of the attendance waits for an answer." in await service.page("GET", f"/events/{event_id}")
    (contest,) = await service.parts.use_cases.proofs.contests.of_event(event_id)
    path = f"/events/{event_id}/contests/{contest.contest_id}"
    assert "By telephone." in await service.page("GET", path)
    assert "Say why: the participant reads it." in await service.page("POST", path, {"outcome": "refused"}, expect=422)
    granted = {"outcome": "upheld", "mode": "remote", "start": "2037-11-23T09:00", "end": "2037-11-23T12:00"}
    await service.redirect("POST", path, granted)
    page = await service.page("GET", own)
    assert "You are eligible" in page
    assert "Granted by the organizer on" in page
    # In minutes: in person, remotely, in all, granted; what was granted stands there whatever the rules ask for.
    await service.redirect("POST", here, {"preset": "present", "leeway_seconds": "60", "act": "save"})
    assert f",0,150,150,180,0,0,,{lea['participant_id']}" in await service.page("GET", f"{here}.csv")
    await service.redirect("POST", here, {"preset": "event_80", "leeway_seconds": "60", "act": "save"})
    assert "Vous êtes éligible" in await service.page("GET", own, lang="fr")
    await service.redirect("POST", f"{path}/take-back", {})
    assert "You are not eligible" in await service.page("GET", own)
