"""What was kept for as long as its purpose asks is deleted, people as if they had asked for it; on both databases."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from sqlalchemy import JSON, Boolean, Integer, LargeBinary, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.types import TypeEngine

from services.chassis.database import UtcInstant
from services.chassis.periods import Period
from services.chassis.retention import Line
from services.chassis.retention_ledger import LEASE, RetentionUnderWayError, RunState
from services.registration.adapters.retention import sweeps
from services.registration.adapters.tables import METADATA, NEEDS, PEOPLE, REGISTRATIONS
from services.registration.application.audit import AuditQuery
from services.registration.application.retention import RetentionPeriods
from services.registration.bootstrap import MIGRATIONS
from services.registration.domain.training_proofs import TrainingProof
from services.registration.settings import RegistrationSettings
from tests.builders import SECRET_KEY
from tests.databases import ON_BOTH, NewDatabase
from tests.integration.running_registration import (
    START,
    MovedClock,
    RunningRegistration,
    kinds,
    running_registration,
)

END: Final = START + timedelta(hours=8)
MOMENT: Final = timedelta(milliseconds=1)
LONG_AGO: Final = datetime(2016, 11, 23, 8, tzinfo=UTC)
MARKER: Final = "Zoemarqueur"
COMMAND: Final = (sys.executable, "-m", "services.command_line", "retention", "--json")
DEADLINE_SECONDS: Final = 90
LONGEST: Final = Period.parse("50 years")
THREE_YEARS: Final = Period.parse("3 years")


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest_asyncio.fixture
async def kept(tmp_path: Path, new_database: NewDatabase, clock: MovedClock) -> AsyncIterator[RunningRegistration]:
    """The service, on a clock that is moved over years."""
    async with running_registration(tmp_path, database=await new_database(MIGRATIONS), clock=clock) as running:
        yield running


@asynccontextmanager
async def database_of(service: RunningRegistration) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(service.settings.registration_database)
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


async def count(service: RunningRegistration, *tables: str) -> list[int]:
    async with database_of(service) as connection:
        counted = [select(func.count()).select_from(METADATA.tables[table]) for table in tables]
        return [await connection.scalar(query) or 0 for query in counted]


def rows(lines: Sequence[Line]) -> dict[tuple[str, str], int]:
    return {(line.rule.purpose, line.kind): line.rows for line in lines if line.rows}


@ON_BOTH
async def test_people_go_three_years_after_the_event_as_if_they_had_asked_for_it(
    kept: RunningRegistration, clock: MovedClock
) -> None:
    event_id, retention = await kept.event(), kept.parts.use_cases.retention
    assert not await retention.run_if_owed()
    lea = await kept.register(event_id)
    await kept.register(event_id, name="Zoé Roux")
    await kept.check_in(event_id, participant_id=lea["participant_id"])
    clock.now = THREE_YEARS.after(END)
    await kept.parts.use_cases.events.close_due()
    assert ("participants", "people") not in rows(await retention.retention.preview())
    assert await retention.run_if_owed()
    assert await count(kept, "people", "accessibility_needs", "letters") == [2, 0, 0]

    clock.now += timedelta(days=1)
    foreseen = await retention.retention.preview()
    assert await count(kept, "people", "erasures") == [2, 0]
    assert rows(foreseen)["participants", "people"] == 2
    done = await retention.retention.run()
    assert rows(done) == rows(foreseen)
    assert rows(await retention.retention.preview()) == {}
    assert await count(kept, "people", "consents", "registrations", "scans", "erasures") == [0, 0, 2, 1, 2]
    assert kinds(await kept.outbox())[-2:] == ["registration.person.erased"] * 2
    assert (await kept.api("GET", f"/events/{event_id}/registrations/{lea['participant_id']}"))["name"] is None
    told = await kept.parts.use_cases.access.audit.page(AuditQuery(limit=10))
    assert {(entry.deed.subject, entry.actor) for entry in told} >= {("participants: 2", "system")}


@ON_BOTH
async def test_names_that_prove_a_training_are_kept_longer_but_not_of_who_cancelled_before_it(
    kept: RunningRegistration, clock: MovedClock
) -> None:
    keeping, retention = kept.parts.use_cases.keeping, kept.parts.use_cases.retention.retention
    clock.now = START - timedelta(days=1)
    plain, training = await kept.event(), await kept.event()
    cofunded = await kept.event()
    came = {}
    for event_id in (plain, training, cofunded):
        await kept.register(event_id)
        gone = await kept.register(event_id, name="Zoé Roux")
        came[event_id] = await kept.register(event_id, name="Ana Sousa")
        await kept.api("DELETE", f"/events/{event_id}/registrations/{gone['participant_id']}", expect=204)
    clock.now = START
    for event_id, ana in came.items():
        await kept.check_in(event_id, participant_id=ana["participant_id"])
        await kept.api("DELETE", f"/events/{event_id}/registrations/{ana['participant_id']}", expect=204)
    await keeping.prove(training, TrainingProof.TRAINING)
    await keeping.prove(cofunded, TrainingProof.COFUNDED_TRAINING)
    assert (await keeping.times(training)).names_until == Period.parse("6 years").after(END)

    left = {"3 years": 4, "6 years": 2, "10 years": 0}
    for period, people in left.items():
        clock.now = Period.parse(period).after(END) + MOMENT
        foreseen = rows(await retention.preview())
        assert rows(await retention.run()) == foreseen
        assert await count(kept, "people") == [people]


@ON_BOTH
async def test_what_is_no_longer_needed_after_the_event_goes_before_the_names(
    kept: RunningRegistration, clock: MovedClock
) -> None:
    event_id, cases = await kept.event(), kept.parts.use_cases
    lea = (await kept.register(event_id))["participant_id"]
    async with database_of(kept) as connection:
        await connection.execute(insert(NEEDS).values(participant_id=lea, needs="Une boucle magnétique"))
    await kept.api("POST", f"/events/{event_id}/desk-links", {"day": "2037-11-23", "label": "Nord"}, expect=201)
    tables = ("accessibility_needs", "letters", "desk_links", "audit_log", "people")
    assert await count(kept, *tables) == [1, 1, 1, 5, 1]
    left = {"30 days": [0, 1, 1, 6, 1], "1 year": [0, 0, 0, 3, 1]}
    for period, expected in left.items():
        clock.now = Period.parse(period).after(END) + timedelta(days=1)
        foreseen = rows(await cases.retention.retention.preview())
        assert rows(await cases.retention.retention.run()) == foreseen
        assert await count(kept, *tables) == expected


@ON_BOTH
async def test_a_run_that_is_killed_is_finished_by_the_next(tmp_path: Path, new_database: NewDatabase) -> None:
    """As a command of its own, with the real clock; only one runs at a time, and what is deleted is off the disk."""
    database, clock, people = await new_database(MIGRATIONS), MovedClock(LONG_AGO), 300
    async with running_registration(tmp_path, database=database, clock=clock) as service:
        ends_at = LONG_AGO + timedelta(hours=8)
        event_id = await service.event(sessions=[], starts_at=LONG_AGO.isoformat(), ends_at=ends_at.isoformat())
        await crowd(service, event_id, people)
        clock.now += timedelta(days=1)
        await service.parts.use_cases.events.close_due()
        environment = os.environ | {
            "PASSERELLE_DATA_DIR": str(tmp_path),
            "PASSERELLE_SECRET_KEY": SECRET_KEY,
            "PASSERELLE_REGISTRATION_DATABASE": database,
        }
        killed = await asyncio.create_subprocess_exec(*COMMAND, env=environment)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await count(service, "erasures")) == [0]:
                await asyncio.sleep(0.01)
        killed.kill()
        await killed.wait()
        [erased] = await count(service, "erasures")
        assert 0 < erased < people

        retention = service.parts.use_cases.retention
        [run] = await retention.ledger.last(1)
        assert run.state is RunState.RUNNING
        clock.now = run.heard_at + LEASE - MOMENT
        with pytest.raises(RetentionUnderWayError):
            await retention.retention.run()
        clock.now += MOMENT
        left = rows(await retention.retention.preview())["participants", "people"]
        assert (rows(await retention.retention.run())["participants", "people"], left) == (people - erased,) * 2
        assert [run.state for run in await retention.ledger.last(9)] == [RunState.DONE, RunState.INTERRUPTED]
        assert await count(service, "people", "erasures") == [0, people]
        assert kinds(await service.outbox()).count("registration.person.erased") == people
        await service.parts.scrubbing.scrub_owed()
        kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*.db*"))
        assert MARKER.encode() not in kept


async def crowd(service: RunningRegistration, event_id: str, people: int) -> None:
    """Many people at an event, without the time that registering takes."""
    ids = [f"par_{number:032}" for number in range(people)]
    seat = {"event_id": event_id, "mode": "in_person", "status": "confirmed", "created_at": LONG_AGO}
    person = {"name": f"{MARKER} Martin", "email": f"{MARKER}@example.org", "language": "fr", "search_text": MARKER}
    async with database_of(service) as connection:
        seats = [seat | {"participant_id": one, "ticket": one[-12:], "changed_at": LONG_AGO} for one in ids]
        await connection.execute(insert(REGISTRATIONS), seats)
        await connection.execute(insert(PEOPLE), [person | {"participant_id": one} for one in ids])


async def test_a_day_brings_one_run_after_its_hour(kept: RunningRegistration, clock: MovedClock) -> None:
    job = kept.parts.use_cases.retention
    ran = []
    for hours in (0, 30 * 24 - 1, 1, 1, 17, 1, 23, 1, 47):
        clock.now += timedelta(hours=hours)
        ran.append((clock.now.hour, await job.run_if_owed()))
    # At eight, because it never ran, but thirty days later; then after two o'clock, whenever somebody looks.
    assert ran == [
        (8, False),
        (7, False),
        (8, True),
        (9, False),
        (2, True),
        (3, False),
        (2, True),
        (3, False),
        (2, True),
    ]


@ON_BOTH
async def test_every_kind_of_row_goes_at_last(kept: RunningRegistration, clock: MovedClock) -> None:
    event_id, retention = await kept.event(), kept.parts.use_cases.retention.retention
    lea = (await kept.register(event_id))["participant_id"]
    await kept.parts.use_cases.keeping.prove(event_id, TrainingProof.TRAINING)
    keys = {"event_id": event_id, "participant_id": lea, "shop_id": "shp_a", "account_id": "acc_a", "day": "2037-11-23"}
    keys |= {"shift_id": "vol_a"}
    swept = list(dict.fromkeys(sweep.kind for sweep in retention.sweeps))
    async with database_of(kept) as connection:
        await connection.execute(update(METADATA.tables["tokens"]).values(revoked_at=START))
        for table in ("accounts", "shops", "volunteer_shifts", *swept):
            if not await connection.scalar(select(func.count()).select_from(METADATA.tables[table])):
                await connection.execute(insert(METADATA.tables[table]).values(a_row(METADATA.tables[table], keys)))
    clock.now = LONGEST.after(END)
    await kept.parts.use_cases.events.close_due()
    foreseen = rows(await retention.preview())
    assert {kind for _, kind in foreseen} == set(swept)
    assert rows(await retention.run()) == foreseen
    left = dict(zip(swept, await count(kept, *swept), strict=True))
    # That of this run, what it notes of itself, and the word that an answer under way must not mention who is gone.
    written = {"retention_runs", "audit_log", "idempotency"}
    assert {kind for kind, number in left.items() if number} == written
    metrics = await (await kept.client.get("/metrics")).text()
    assert 'passerelle_retention_forgotten_total{purpose="training_proof"} 2.0' in metrics


def a_row(table: Table, keys: Mapping[str, str]) -> dict[str, Any]:
    """A row with some value in each column that needs one."""
    needed = [column for column in table.columns if not column.nullable and column.autoincrement is not True]
    return {column.name: keys.get(column.name) or a_value(column.type) for column in needed}


def a_value(kind: TypeEngine[Any]) -> object:
    match kind:
        case UtcInstant():
            return START
        case JSON():
            return {}
        case Boolean():
            return True
        case LargeBinary():
            return b"x"
        case Integer():
            return 1
        case _:
            return "x"


def test_no_table_is_without_a_rule_by_oversight(clock: MovedClock) -> None:
    """A new one is swept, goes with a person who is erased, or stays for a reason that stands here."""
    periods = RetentionPeriods.of(RegistrationSettings())
    engine = create_async_engine("sqlite+aiosqlite://")

    async def erase(event_id: str, participant_id: str) -> None:
        raise NotImplementedError

    swept = {sweep.kind for sweep in sweeps(writer=engine, reader=engine, clock=clock, periods=periods, erase=erase)}
    erased = {"people", "accessibility_needs", "consents", "answers_to_questions", "signatures", "contests"}
    accounts = {"accounts", "account_roles", "account_identities", "passkeys"}  # until the account is deleted
    facts = {"registrations", "scans", "guest_links", "settled_double_entries", "time_acceptances", "erasures"}
    public = {"events", "training_proofs"}
    settings = {"sheet_settings", "certificate_settings", "eligibility_rules", "issuers", "volunteer_valuations"}
    nameless = {"issued_documents", "issued_files", "certificate_batches", "volunteer_shifts"}
    passing = {"outbox", "scrubs"}
    assert METADATA.tables.keys() == swept | erased | accounts | facts | public | settings | nameless | passing
