"""A room that names a conferencing source which is not there: its organizer is warned, nobody is held up."""

from pathlib import Path

from services.chassis.access import Role
from tests.fakes.bridge import running_bridge
from tests.integration.running_registration import RunningRegistration, running_registration

CONTACT = {"controller": "Association Passerelle", "email": "donnees@example.org"}
WORDS = "No video platform is connected under this name"


async def test_an_organizer_is_warned_of_a_source_that_is_not_there(tmp_path: Path) -> None:
    async with running_bridge(tmp_path / "bridge") as bridge:
        url = str(bridge.client.make_url("")).rstrip("/")
        async with running_registration(tmp_path / "registration", streaming_bridge_url=url) as service:
            event_id = await service.event(data_contact=CONTACT)
            assert (await service.api("GET", f"/events/{event_id}"))["warnings"] == ["unknown_source"]
            assert (await service.api("GET", "/events"))["items"][0]["warnings"] == ["unknown_source"]
            assert (await service.api("GET", f"/events/{event_id}", token=None))["warnings"] == []
            await service.sign_in()
            page = await service.page("GET", f"/events/{event_id}")
            assert WORDS in page
            assert "<code>main</code>" in page

            await bridge.add_source(platform="jitsi", name="main", webhook_token="a-token-for-webhooks")
            assert (await service.api("GET", f"/events/{event_id}"))["warnings"] == []
            assert WORDS not in await service.page("GET", f"/events/{event_id}")
            assert '<option value="main">' in await service.page("GET", f"/events/{event_id}/edit")

            await bridge.api("DELETE", "/api/v1/sources/main", status=204)
            await bridge.client.close()
            assert (await service.api("GET", f"/events/{event_id}"))["warnings"] == []
            assert WORDS not in await service.page("GET", f"/events/{event_id}")


async def test_who_organizes_one_event_connects_it_to_no_other_online_room(service: RunningRegistration) -> None:
    """Whoever connects a room is told who is in it, and may enter it as its moderator: it may be that of another."""
    event_id = await service.event()
    limited = await service.parts.use_cases.tokens.create(Role.ORGANIZER, event_id=event_id)
    (room,) = (await service.api("GET", f"/events/{event_id}"))["rooms"]
    other = {"name": "Atelier", "conference": {"source": "main", "room": "of-another-event"}}
    path = f"/events/{event_id}"
    refused = await service.api("PATCH", path, {"rooms": [room, other]}, token=limited, expect=400)
    assert refused["errors"][0]["pointer"] == "#/rooms/1/conference"
    await service.api("PATCH", path, {"rooms": [{"name": "Atelier"}, room], "sessions": []}, token=limited)
    await service.api("PATCH", path, {"rooms": [room, other], "sessions": []})
