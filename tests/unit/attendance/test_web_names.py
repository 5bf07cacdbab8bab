"""Names are asked of the services that keep them, kept for a minute, and never needed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from services.attendance.adapters.names import NameDirectory
from services.attendance.settings import AttendanceSettings
from services.chassis.access import INTERNAL_HEADER
from services.chassis.problems import Problem
from tests.fakes.attendance_facts import guest, participant

EVENT = "evt_" + "a" * 32


@dataclass(slots=True)
class Keeper:
    """Registration and the bridge in one, with what they were asked."""

    names: dict[str, str]
    asked: list[tuple[str, list[str]]] = field(default_factory=list)
    noted: list[dict[str, str | None]] = field(default_factory=list)
    proofs: set[str | None] = field(default_factory=set)
    status: int = 200

    async def note(self, request: web.Request) -> web.Response:
        self.noted.append(await request.json())
        return web.Response(status=self.status)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append((request.path, body["ids"]))
        self.proofs.add(request.headers.get(INTERNAL_HEADER))
        return web.json_response(
            {"names": {one: self.names[one] for one in body["ids"] if one in self.names}}, status=self.status
        )


@dataclass(slots=True)
class Watch:
    """A clock to be put forward."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keeper() -> Keeper:
    return Keeper({participant(1): "Anne Lefèvre", guest(1): "Guy"})


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def directory(keeper: Keeper, watch: Watch) -> AsyncIterator[NameDirectory]:
    app = web.Application()
    app.router.add_post("/internal/names", keeper.answer)
    app.router.add_post("/internal/guest-names", keeper.answer)
    app.router.add_post("/internal/note-act", keeper.note)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        settings = AttendanceSettings(
            registration_url=url, streaming_bridge_url=url, secret_key=SecretStr("an invented secret of 32 characters")
        )
        made = NameDirectory(settings, monotonic=watch)
        yield made
        await made.close()


async def test_participants_are_asked_of_registration_and_guests_of_the_bridge(
    directory: NameDirectory, keeper: Keeper
) -> None:
    asked = [participant(1), participant(2), guest(1)]
    assert await directory.names(EVENT, asked) == {participant(1): "Anne Lefèvre", guest(1): "Guy"}
    assert keeper.asked == [
        ("/internal/names", [participant(1), participant(2)]),
        ("/internal/guest-names", [guest(1)]),
    ]
    assert None not in keeper.proofs


async def test_a_name_is_asked_again_after_a_minute(directory: NameDirectory, keeper: Keeper, watch: Watch) -> None:
    for _ in range(3):
        await directory.names(EVENT, [participant(1)])
    assert len(keeper.asked) == 1
    keeper.names[participant(1)] = "Anne Martin"
    watch.now = 61
    assert await directory.names(EVENT, [participant(1)]) == {participant(1): "Anne Martin"}


async def test_an_erased_name_is_gone_after_a_minute(directory: NameDirectory, keeper: Keeper, watch: Watch) -> None:
    await directory.names(EVENT, [participant(1)])
    del keeper.names[participant(1)]
    watch.now = 61
    assert await directory.names(EVENT, [participant(1)]) == {}


async def test_a_service_that_fails_costs_names_and_no_error(directory: NameDirectory, keeper: Keeper) -> None:
    keeper.status = 500
    assert await directory.names(EVENT, [participant(1), guest(1)]) == {}
    keeper.status = 200
    assert await directory.names(EVENT, [participant(1)]) == {participant(1): "Anne Lefèvre"}


async def test_an_old_name_is_not_shown_because_nobody_answers(
    directory: NameDirectory, keeper: Keeper, watch: Watch
) -> None:
    await directory.names(EVENT, [participant(1)])
    keeper.status = 500
    watch.now = 61
    assert await directory.names(EVENT, [participant(1)]) == {}


async def test_many_names_are_asked_in_parts(directory: NameDirectory, keeper: Keeper) -> None:
    await directory.names(EVENT, [participant(number) for number in range(1200)])
    assert [len(ids) for _, ids in keeper.asked] == [500, 500, 200]


async def test_nobody_takes_names_along_that_cannot_be_noted(directory: NameDirectory, keeper: Keeper) -> None:
    await directory.note_taken_along(EVENT, by="acc_1")
    assert keeper.noted == [{"act": "presence.exported", "holder": "acc_1", "event_id": EVENT, "subject": None}]
    keeper.status = 500
    with pytest.raises(Problem) as refused:
        await directory.note_taken_along(EVENT, by="acc_1")
    assert refused.value.status == 503
