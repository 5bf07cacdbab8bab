"""What attendance tells the other services of one participant, for the export of their data."""

from typing import Any

from services.chassis.access import internal_headers
from tests.databases import ON_BOTH
from tests.fakes.attendance_facts import ANNE, BASIL, guest, small_event
from tests.fakes.attendance_web import Attendance

EVENT = "evt_" + "a" * 32
OTHER = "evt_" + "b" * 32


async def known_of(attendance: Attendance, participant_id: str, *, event_id: str = EVENT) -> Any:  # noqa: ANN401
    body = {"event_id": event_id, "participant_id": participant_id}
    known = internal_headers(attendance.settings)
    async with attendance.session.post("/internal/participant", json=body, headers=known) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


@ON_BOTH
async def test_all_of_a_participant_is_their_presence_with_every_fact_also_those_of_when_they_were_a_guest(
    attendance: Attendance,
) -> None:
    facts = small_event(EVENT)
    facts.linked(guest(1), BASIL, 40)
    await attendance.store(facts.written)
    told = await known_of(attendance, BASIL)
    assert told["presence"]["participant_id"] == BASIL
    assert told["presence"]["seconds"]["remote"] > 0
    assert facts.id_of("joined", guest(1)) in [fact["id"] for fact in told["facts"]]
    assert {fact["guest_id"] or fact["participant_id"] for fact in told["facts"]} == {BASIL, guest(1)}
    assert [fact["time"] for fact in told["facts"]] == sorted(fact["time"] for fact in told["facts"])
    assert told["more_facts"] is False


async def test_of_whom_no_fact_is_known_there_is_nothing_to_tell(attendance: Attendance) -> None:
    await attendance.store(small_event(EVENT).written)
    nothing: Any = {"presence": None, "horizon": None, "facts": [], "more_facts": False}
    assert await known_of(attendance, ANNE, event_id=OTHER) == nothing
    assert await known_of(attendance, "par_" + "0" * 32) == nothing


async def test_nobody_but_the_other_services_may_ask(attendance: Attendance) -> None:
    async with attendance.session.post("/internal/participant", json={}) as answer:
        assert answer.status == 403
