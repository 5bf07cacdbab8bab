"""Erasing somebody: nothing that names them stays, and nothing that goes on brings them back."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import create_async_engine

from schemas.erasures import PersonErased
from services.registration.adapters.import_tables import IMPORTS
from services.registration.adapters.tables import IDEMPOTENCY, METADATA
from services.registration.domain.erasures import Erased
from services.registration.domain.imports import Choices, ImportState, Refusal, Sheet
from services.registration.web.import_lines import read_lines
from tests.databases import ON_BOTH, SQLITE
from tests.integration.running_registration import (
    MovedClock,
    RunningRegistration,
    a_registration,
    running_registration,
)

GUEST: Final = f"gst_{1:032x}"
OTHER_GUEST: Final = f"gst_{2:032x}"


@ON_BOTH
async def test_an_import_that_goes_on_leaves_out_who_was_erased_meanwhile(service: RunningRegistration) -> None:
    event_id, imports = await service.event(), service.parts.use_cases.imports
    erased = await service.register(event_id)
    rows = (
        {2: ("Without Address", "")}
        | {number: (f"Nom {number}", f"p{number}@example.org") for number in range(3, 41)}
        | {
            41: ("Léa Martin", "LEA@example.org"),
            42: ("Wrong Address", "nowhere @"),
        }
    )
    sheet, choices = Sheet(headings=("Nom", "E-mail"), rows=rows), Choices(columns=("name", "email"))
    brought = await imports.bring(event_id, sheet, choices)
    await imports.start(event_id, brought.import_id, read_lines(sheet, choices, imports.keys))
    begun = await imports.carry_on(event_id, brought.import_id, seconds=0)
    assert begun.state is ImportState.RUNNING

    (imported,) = (await service.api("GET", f"/events/{event_id}/registrations?search=without"))["items"]
    for who in (erased, imported):
        await service.api("DELETE", f"/events/{event_id}/registrations/{who['participant_id']}?erase=true", expect=204)
    engine = create_async_engine(service.settings.registration_database)
    async with engine.connect() as connection:
        kept = await connection.scalar(select(IMPORTS.c.content))
    await engine.dispose()
    assert "p40@example.org" in str(kept)
    assert not any(name in str(kept) for name in ("Martin", "LEA@", "Wrong", "Without"))

    done = await imports.carry_on(event_id, brought.import_id)
    assert (done.state, done.refused) == (ImportState.DONE, {41: Refusal.ERASED, 42: Refusal.EMAIL_WRONG})
    names = [item["name"] for item in (await service.api("GET", f"/events/{event_id}/registrations"))["items"]]
    assert (len(names), names.count("Léa Martin"), names.count(None)) == (40, 0, 2)


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
        statuses = await connection.scalars(select(IDEMPOTENCY.c.status))
        assert sorted(statuses.all()) == [201, 410], "the other answer, and whom none is to be kept about"
    await engine.dispose()


@ON_BOTH
async def test_an_erasure_is_recorded_and_told_once_with_the_guests_known_to_be_the_person(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    who = (await service.register(event_id))["participant_id"]
    path, links = f"/events/{event_id}/registrations/{who}", f"/events/{event_id}/links"
    await service.api("PATCH", path, {"accessibility_needs": "a ramp", "consents": {"photos": True}})
    await service.api("POST", links, {"guest_id": GUEST, "participant_id": who}, expect=201)
    for _ in range(2):
        await service.api("DELETE", f"{path}?erase=true", expect=204)
    record = await service.parts.use_cases.people.erasure(who)
    assert record is not None
    assert record.deleted == {Erased.IDENTITY: 1, Erased.NEEDS: 1, Erased.CONSENTS: 1, Erased.GUEST_NAMES: 1}
    # Who turns out to be them afterwards is forgotten too.
    await service.api("POST", links, {"guest_id": OTHER_GUEST, "participant_id": who}, expect=201)
    told = [fact for fact in await service.outbox() if isinstance(fact, PersonErased)]
    assert [(fact.subject, fact.data.guests) for fact in told] == [(who, (GUEST,)), (who, (OTHER_GUEST,))]


async def test_desks_are_told_to_drop_who_was_erased_after_the_event(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        who = (await service.register(event_id))["participant_id"]
        await service.api("POST", f"/events/{event_id}/close")
        clock.now += timedelta(hours=1)
        seen = (await service.api("GET", f"/events/{event_id}/desk"))["now"]
        clock.now += timedelta(hours=1)
        assert (await service.api("GET", f"/events/{event_id}/desk?since={seen}"))["tickets"] == []
        await service.api("DELETE", f"/events/{event_id}/registrations/{who}?erase=true", expect=204)
        (ticket,) = (await service.api("GET", f"/events/{event_id}/desk?since={seen}"))["tickets"]
        assert (ticket["participant_id"], ticket["name"]) == (who, None)


@ON_BOTH
async def test_nothing_of_an_erased_person_is_left_in_a_table_or_in_a_file_of_the_database(
    service: RunningRegistration,
) -> None:
    event_id, ids = await service.event(), {}
    for name in ("Kept Person", "Gone Person"):
        registered = await service.register(event_id, name=name)
        ids[name] = registered["participant_id"]
        await service.check_in(event_id, ticket=registered["ticket"], device=name, gate=f"{name}@example.org")
    await service.api("DELETE", f"/events/{event_id}/registrations/{ids['Gone Person']}?erase=true", expect=204)
    assert await service.parts.scrubbing.scrub_owed() == 1
    url = make_url(service.settings.registration_database)
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = [repr((await connection.execute(select(table))).all()) for table in METADATA.sorted_tables]
    await engine.dispose()
    assert [name for name in ids if name in "".join(rows)] == ["Kept Person"]
    if url.get_backend_name() == SQLITE:
        file = Path(url.database or "")
        written = b"".join(each.read_bytes() for each in file.parent.iterdir() if each.name.startswith(file.name))
        assert [name for name in ids if name.encode() in written] == ["Kept Person"]
