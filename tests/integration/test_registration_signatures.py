"""Signatures on a screen: taken at desks and on tablets, kept sealed, taken along by their signers, and erased."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest_asyncio
from sqlalchemy import select

from services.chassis.access import Role
from services.chassis.database import create_engine
from services.registration.adapters.sheet_tables import SIGNATURES
from services.registration.domain.erasures import Erased
from services.registration.domain.signatures import Asked, SheetSettings
from tests.databases import ON_BOTH, NewDatabase
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration

HAND: Final = json.dumps([[[10, 200], [400, 100], [900, 300]], [[500, 50], [500, 350]]])
MORNING: Final = "2037-11-23/morning"
AFTERNOON: Final = "2037-11-23/afternoon"


@pytest_asyncio.fixture
async def service(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[RunningRegistration]:
    """On the day of the event, in its first hour."""
    clock = MovedClock(START + timedelta(minutes=40))
    async with running_registration(tmp_path, clock=clock, database=await new_database()) as running:
        yield running


async def an_event_signed_on_screen(service: RunningRegistration, *, from_afar: bool = False) -> str:
    event_id = await service.event(sessions=[])
    settings = SheetSettings(asked=Asked.SCREEN, from_afar=from_afar)
    await service.parts.use_cases.proofs.signatures.change_settings(event_id, settings)
    return event_id


@ON_BOTH
async def test_a_signature_is_taken_again_kept_sealed_taken_along_and_erased(service: RunningRegistration) -> None:
    event_id = await an_event_signed_on_screen(service)
    person = await service.register(event_id)
    participant_id = person["participant_id"]
    await service.sign_in(Role.DESK, event_id)
    path = f"/events/{event_id}/sign/{participant_id}"
    assert "Léa Martin" in await service.page("GET", f"/events/{event_id}/sign")
    page = await service.page("POST", path, {"half_day": MORNING}, expect=422)
    assert "Type your name." in page
    assert "Say that you were present." in page
    said = {"half_day": MORNING, "typed": "Léa Martin", "present": "true"}
    back = await service.redirect("POST", path, said)
    assert "Thank you: the signature of Léa Martin is kept." in await service.page("GET", back)
    await service.redirect("POST", path, {"half_day": MORNING, "strokes": HAND})
    await service.redirect("POST", path, {"half_day": AFTERNOON, "typed": "L. Martin", "present": "true"})
    assert "Signing again replaces it." in await service.page("GET", path)

    engine = create_engine(service.settings.registration_database)
    async with engine.connect() as connection:
        rows = (await connection.execute(select(SIGNATURES))).all()
    assert len(rows) == 2
    assert not any("Martin" in repr(row) or "900" in row.sealed for row in rows)
    taken = await service.api(
        "GET", f"/events/{event_id}/registrations/{participant_id}/data", token=person["personal_token"]
    )
    drawn, typed = taken["signatures"]
    assert (drawn["half_day_id"], drawn["way"], drawn["typed"]) == (MORNING, "drawn", None)
    assert "900 300" in drawn["drawing"]
    assert (typed["half_day_id"], typed["way"], typed["typed"]) == (AFTERNOON, "confirmed", "L. Martin")
    assert "Martin" not in repr([fact.data for fact in await service.outbox()])

    await service.api("DELETE", f"/events/{event_id}/registrations/{participant_id}?erase=true", expect=204)
    async with engine.connect() as connection:
        assert (await connection.execute(select(SIGNATURES))).all() == []
    await engine.dispose()
    erasure = await service.parts.use_cases.people.erasure(participant_id)
    assert erasure is not None
    assert erasure.deleted[Erased.SIGNATURES] == 2


async def test_what_is_no_signature_or_not_asked_for_is_refused_with_the_reason(service: RunningRegistration) -> None:
    event_id = await an_event_signed_on_screen(service)
    person = await service.register(event_id)
    cancelled = await service.register(event_id, name="Ana")
    await service.api("DELETE", f"/events/{event_id}/registrations/{cancelled['participant_id']}", expect=204)
    path = f"/events/{event_id}/sign/{person['participant_id']}"
    assert "/sign-in" in await service.redirect("GET", path)
    other = await service.event(title="Autre")
    unasked = await service.register(other)
    await service.sign_in(Role.DESK, other)
    await service.page("GET", path, expect=403)
    await service.sign_in(Role.DESK, event_id)
    out_of_the_box = json.dumps([[[10, 10], [2000, 10]]])
    too_long = json.dumps([[[number % 1000, 100] for number in range(3001)]])
    for strokes, why in (
        ("[[[5, 5]]]", "Sign in the box"),
        ("nonsense", "Sign in the box"),
        (out_of_the_box, "Sign in the box"),
        (too_long, "This drawing is too long"),
    ):
        assert why in await service.page("POST", path, {"half_day": MORNING, "strokes": strokes}, expect=422)
    refused = await service.page("POST", path, {"half_day": "2037-11-24/morning", "strokes": HAND}, expect=422)
    assert "This half-day cannot be signed for now." in refused
    await service.page("GET", f"/events/{event_id}/sign/par_nobody", expect=404)
    elsewhere = f"/events/{event_id}/sign/{cancelled['participant_id']}"
    assert "has no seat and did not come" in await service.page(
        "POST", elsewhere, {"half_day": MORNING, "strokes": HAND}, expect=422
    )
    await service.sign_in(Role.DESK, other)
    page = await service.page("GET", f"/events/{other}/sign/{unasked['participant_id']}")
    assert "does not ask for signatures on a screen" in page


async def test_who_takes_part_remotely_attests_it_by_the_personal_link(service: RunningRegistration) -> None:
    event_id = await an_event_signed_on_screen(service, from_afar=True)
    remote = await service.register(event_id, mode="remote")
    token = remote["personal_token"]
    here = f"/e/{event_id}/confirmation/{token}"
    assert f'href="{here}/sign"' in await service.page("GET", here)
    page = await service.page("GET", f"{here}/sign")
    assert MORNING in page
    assert AFTERNOON not in page, "it has not begun"
    page = await service.page("POST", f"{here}/sign", {"half_day": MORNING, "typed": "Léa"}, expect=422)
    assert "Say that you were present." in page
    said = {"half_day": AFTERNOON, "typed": "Léa", "present": "true"}
    assert "This half-day cannot be signed for now." in await service.page("POST", f"{here}/sign", said, expect=422)
    kept = await service.redirect("POST", f"{here}/sign", said | {"half_day": MORNING})
    assert "what you attested is kept" in await service.page("GET", kept)
    (signature,) = await service.parts.use_cases.proofs.signatures.of_participant(event_id, remote["participant_id"])
    assert (signature.way, signature.taken_by) == ("attested", "public")
    in_the_room = await service.register(event_id, name="Ana")
    elsewhere = f"/e/{event_id}/confirmation/{in_the_room['personal_token']}/sign"
    assert "Nothing is to be attested here" in await service.page("GET", elsewhere)
    await service.page("POST", elsewhere, said | {"half_day": MORNING}, expect=422)
