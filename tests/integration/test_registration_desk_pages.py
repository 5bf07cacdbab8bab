"""The desk's page, as a browser without JavaScript uses it."""

import re
from html import unescape

from services.chassis.access import Role
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


async def test_a_desk_form_sent_twice_is_one_scan(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    await service.sign_in(Role.DESK, event_id)
    form = {"typed": registered["ticket"], "action": "in", "form_id": FORM_ID}
    for _ in range(2):
        assert "Welcome" in await service.page("POST", f"/events/{event_id}/desk", form)
    assert len(await service.outbox()) == 4
