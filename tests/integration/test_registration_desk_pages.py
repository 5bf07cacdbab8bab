"""The desk's page, as a browser without JavaScript uses it."""

import re
from datetime import timedelta
from html import unescape

from schemas.envelope import format_instant
from services.chassis.access import Role
from services.chassis.clock import system_clock
from tests.integration.running_registration import RunningRegistration

FORM_ID = "0123456789abcdef" * 2


def text_of(page: str) -> str:
    """What a person reads, without the markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def test_the_desk_works_by_code_by_name_and_undoes(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id, name="Léa Martin")
    await service.register(event_id, name="Martin Dupré")
    remote = await service.register(event_id, mode="remote", name="Zoé Petit")
    await service.sign_in(Role.DESK, event_id)
    desk = f"/events/{event_id}/desk"

    async def typed(**form: str) -> str:
        fresh = re.search(r'name="form_id" value="([0-9a-f]{32})"', await service.page("GET", desk))
        assert fresh is not None
        page = await service.page("POST", desk, {"form_id": fresh.group(1), "action": "in", "gate": "Nord"} | form)
        return text_of(page[page.index('id="result"') : page.index('id="count"')])

    assert "Welcome Léa Martin" in await typed(typed=registered["ticket"])
    assert re.search(r"Already in Léa Martin Since \d\d:\d\d, at gate Nord\.", await typed(typed=registered["ticket"]))
    choice = await typed(typed="martin")
    assert "Who is it?" in choice
    assert "Martin Dupré" in choice
    assert "Nobody found" in await typed(typed="Nobody at all")
    assert "No ticket has this code" in await typed(typed="0000-0000-0001")
    assert "leads to a web page" in await typed(typed="https://example.org/programme")
    assert "registered to take part remotely" in await typed(typed=remote["ticket"])
    assert "Welcome Zoé Petit" in await typed(participant_id=remote["participant_id"], switch="true")
    assert "Goodbye Léa Martin" in await typed(typed=registered["ticket"], action="out")
    page = await service.page("GET", desk)
    assert "In the room: 1 of 100." in text_of(page)
    fact = re.search(r'name="fact_id" value="([^"]+)"', page)
    assert fact is not None
    undone = await service.page("POST", f"{desk}/undo", {"fact_id": fact.group(1), "action": "in"})
    assert "In the room: 2 of 100." in text_of(undone)
    assert "Undone" in text_of(undone)


async def test_a_walk_in_is_registered_at_the_desk(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 1})
    await service.sign_in(Role.DESK, event_id)
    form = {"name": "Zoé Ünal", "email": "", "gate": "Nord", "form_id": FORM_ID}
    assert "Welcome Zoé Ünal New ticket:" in text_of(
        await service.page("POST", f"/events/{event_id}/desk/walk-ins", form)
    )
    form = {"name": "Un de trop", "form_id": FORM_ID[::-1]}
    page = await service.page("POST", f"/events/{event_id}/desk/walk-ins", form)
    assert "No seat is left in the room." in text_of(page[: page.index("<template")])


async def test_the_organizer_sees_a_ticket_that_was_let_in_twice_once(service: RunningRegistration) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id, name="Léa Martin"))["ticket"]
    late = format_instant(system_clock() - timedelta(minutes=5))
    await service.check_in(event_id, ticket=ticket, gate="Nord")
    await service.check_in(event_id, ticket=ticket, gate="Sud", at=late)
    await service.sign_in()
    assert "1 ticket was let in at two doors." in await service.page("GET", f"/events/{event_id}")
    page = await service.page("GET", f"/events/{event_id}/doors")
    assert "In the room 1 of 100" in text_of(page)
    settle = re.search(r'action="([^"]+/settle/[^"]+)"', page)
    assert settle is not None
    assert await service.redirect("POST", settle.group(1), {}) == f"/events/{event_id}/doors"
    assert "let in at two doors" not in await service.page("GET", f"/events/{event_id}")
    undo = re.search(r'action="([^"]+/undo/[^"]+)"', page)
    assert undo is not None
    await service.redirect("POST", undo.group(1), {})
    assert "None so far." in await service.page("GET", f"/events/{event_id}/doors")
    assert "<svg" in await service.page("GET", f"/events/{event_id}/doors/desk.svg")


async def test_a_desk_form_sent_twice_is_one_scan(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    await service.sign_in(Role.DESK, event_id)
    form = {"typed": registered["ticket"], "action": "in", "form_id": FORM_ID}
    for _ in range(2):
        assert "Welcome" in await service.page("POST", f"/events/{event_id}/desk", form)
    assert len(await service.outbox()) == 4


async def test_one_address_leads_to_the_desk_of_whoever_asks(service: RunningRegistration) -> None:
    starts_at = format_instant(system_clock() - timedelta(hours=1))
    ends_at = format_instant(system_clock() + timedelta(hours=1))
    event_id = await service.event(starts_at=starts_at, ends_at=ends_at, sessions=[])
    await service.event(title="Atelier", starts_at=starts_at, ends_at=ends_at, sessions=[])
    assert await service.redirect("GET", "/desk") == "/sign-in?next=/desk"
    await service.sign_in(Role.DESK, event_id)
    assert await service.redirect("GET", "/desk") == f"/events/{event_id}/desk"
    await service.sign_in(Role.DESK)
    assert "Which event? Choose the event of this desk." in text_of(await service.page("GET", "/desk"))
