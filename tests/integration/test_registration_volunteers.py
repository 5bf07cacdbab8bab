"""Volunteers' hours are written down, valued, taken back and taken along: over the API and by forms."""

from datetime import timedelta
from html import unescape

from services.chassis.access import Role
from services.chassis.clock import system_clock
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration

pytestmark = ON_BOTH


async def test_hours_are_written_down_valued_and_taken_back(service: RunningRegistration) -> None:
    event_id = await service.event()
    path = f"/events/{event_id}/volunteer-hours"
    day = (await service.api("GET", f"/events/{event_id}"))["starts_at"][:10]
    first = await service.api(
        "POST", path, {"day": day, "task": "Accueil", "minutes": 90, "people": 2, "name": "Zoé"}, expect=201
    )
    assert first["cents"] is None
    method = {"hourly_cents": 1202, "basis": "SMIC horaire brut"}
    valued = await service.api("PUT", f"/events/{event_id}/volunteer-valuation", method)
    assert (valued["person_minutes"], valued["cents"], valued["tasks"][0]["task"]) == (180, 3606, "Accueil")
    # What was said last is proposed for the next event, to who may see both.
    other = await service.event()
    assert (await service.api("GET", f"/events/{other}/volunteer-hours"))["valuation"]["hourly_cents"] == 1202
    await service.sign_in(event_id=other)
    assert "SMIC horaire brut" not in await service.page("GET", f"/events/{other}/volunteers")
    await service.sign_in()
    assert "SMIC horaire brut" in await service.page("GET", f"/events/{other}/volunteers")
    await service.api("DELETE", f"/events/{other}/volunteer-hours/{first['shift_id']}", expect=404)
    await service.api("DELETE", f"{path}/{first['shift_id']}", expect=204)
    assert (await service.api("GET", path))["shifts"] == []


async def test_what_cannot_be_is_refused_by_its_field(service: RunningRegistration) -> None:
    event_id = await service.event()
    day = (await service.api("GET", f"/events/{event_id}"))["starts_at"][:10]
    wrongs: list[dict[str, object]] = [
        {"minutes": 0},
        {"minutes": 1441},
        {"people": 0},
        {"task": " "},
        {"skill": "wizard"},
        {"day": "1999-01-01"},
    ]
    for wrong in wrongs:
        body = {"day": day, "task": "Son", "minutes": 30} | wrong
        refused = await service.api("POST", f"/events/{event_id}/volunteer-hours", body, expect=400)
        assert [error["pointer"] for error in refused["errors"]] == [f"#/{next(iter(wrong))}"]
    await service.api("PUT", f"/events/{event_id}/volunteer-valuation", {"hourly_cents": 1202}, expect=400)


async def test_the_page_fills_itself_in_from_a_door_and_the_year_adds_up(service: RunningRegistration) -> None:
    now = system_clock()
    event_id = await service.event(
        starts_at=now.isoformat(), ends_at=(now + timedelta(hours=8)).isoformat(), sessions=[]
    )
    registered = await service.register(event_id)
    await service.check_in(event_id, ticket=registered["ticket"], action="in", gate="Nord")
    await service.sign_in()
    root = f"/events/{event_id}/volunteers"
    page = unescape(await service.page("GET", f"{root}?from_desk=0"))
    assert 'value="Check-in desk – Nord"' in page
    day = page.split('id="day"')[1].split('value="')[1].split('"')[0]
    form = {"task": "Son", "day": day, "hours": "2", "minutes": "30", "people": "1", "skill": "expert", "name": "=Zoé"}
    assert await service.redirect("POST", root, form) == f"{root}#written-down"
    assert await service.redirect("POST", f"{root}/method", {"hourly": "12,02 €", "basis": "SMIC"}) == f"{root}#method"
    page = unescape(await service.page("GET", root))
    assert "=Zoé" in page
    assert "€60.10" in page
    refused = unescape(await service.page("POST", root, form | {"hours": "0", "minutes": "0"}, expect=422))
    assert "Enter a duration of one minute to 24 hours." in refused
    refused = unescape(await service.page("POST", f"{root}/method", {"hourly": "twelve"}, expect=422))
    assert "Enter an amount in euros, such as 12.02." in refused
    refused = unescape(await service.page("POST", f"{root}/method", {"hourly": "12"}, expect=422))
    assert "Say what the rate rests on" in refused
    table = await service.page("GET", f"{root}.csv")
    assert "'=Zoé" in table
    year = unescape(await service.page("GET", f"/volunteers/{day[:4]}"))
    assert "€60.10" in year
    assert "'=Zoé" in await service.page("GET", f"/volunteers/{day[:4]}.csv")


async def test_who_does_not_organize_sees_nothing_of_them(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in(Role.DESK, event_id)
    await service.page("GET", f"/events/{event_id}/volunteers", expect=403)
    await service.page("GET", "/volunteers", expect=403)
