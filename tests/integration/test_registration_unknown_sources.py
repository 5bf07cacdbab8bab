"""A room that names a conferencing source which is not there: its organizer is warned, nobody is held up."""

from pathlib import Path

from tests.fakes.bridge import running_bridge
from tests.integration.running_registration import running_registration

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

            await bridge.api("DELETE", "/api/v1/sources/main", status=204)
            await bridge.client.close()
            assert (await service.api("GET", f"/events/{event_id}"))["warnings"] == []
            assert WORDS not in await service.page("GET", f"/events/{event_id}")
