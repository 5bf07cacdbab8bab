"""Erasing somebody: nothing that names them stays, and nothing that goes on brings them back."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from services.registration.adapters.import_tables import IMPORTS
from services.registration.adapters.tables import IDEMPOTENCY
from services.registration.domain.imports import Choices, ImportState, Refusal, Sheet
from services.registration.web.import_lines import read_lines
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration, a_registration


@ON_BOTH
async def test_an_import_that_goes_on_leaves_out_who_was_erased_meanwhile(service: RunningRegistration) -> None:
    event_id, imports = await service.event(), service.parts.use_cases.imports
    erased = await service.register(event_id)
    rows = {number: (f"Nom {number}", f"p{number}@example.org") for number in range(2, 41)} | {
        41: ("Léa Martin", "LEA@example.org")
    }
    sheet, choices = Sheet(headings=("Nom", "E-mail"), rows=rows), Choices(columns=("name", "email"))
    brought = await imports.bring(event_id, sheet, choices)
    await imports.start(event_id, brought.import_id, read_lines(sheet, choices, imports.keys))
    begun = await imports.carry_on(event_id, brought.import_id, seconds=0)
    assert begun.state is ImportState.RUNNING

    path = f"/events/{event_id}/registrations/{erased['participant_id']}?erase=true"
    await service.api("DELETE", path, expect=204)
    engine = create_async_engine(service.settings.registration_database)
    async with engine.connect() as connection:
        kept = await connection.scalar(select(IMPORTS.c.content))
    await engine.dispose()
    assert "p40@example.org" in str(kept)
    assert not any(name in str(kept) for name in ("Martin", "LEA@"))

    done = await imports.carry_on(event_id, brought.import_id)
    assert (done.state, done.refused) == (ImportState.DONE, {41: Refusal.ERASED})
    names = [item["name"] for item in (await service.api("GET", f"/events/{event_id}/registrations"))["items"]]
    assert (len(names), names.count("Léa Martin"), names.count(None)) == (40, 0, 1)


@ON_BOTH
async def test_answers_to_repeated_requests_go_with_who_they_are_about(service: RunningRegistration) -> None:
    event_id, ids = await service.event(), []
    path = f"/events/{event_id}/registrations"
    for name in ("lea", "zoe"):
        body = a_registration(email=f"{name}@example.org")
        answer = await service.api("POST", path, body, expect=201, headers={"Idempotency-Key": name})
        ids.append(answer["participant_id"])
    await service.api("DELETE", f"{path}/{ids[0]}?erase=true", expect=204)
    engine = create_async_engine(service.settings.registration_database)
    async with engine.connect() as connection:
        assert len((await connection.execute(select(IDEMPOTENCY.c.scope))).all()) == 1
    await engine.dispose()
